// Tests reading orientations from EXIF of every integer type, texts of PNGs, and XMP. The expected values are
// Pillow's, except for BYTE, which Pillow reads as text.
#include <zlib.h>

#include "image_files.h"

using namespace sluice_test;

namespace {

constexpr int rows = 21, columns = 34;

void append(Bytes& target, const Bytes& more) { target.insert(target.end(), more.begin(), more.end()); }

Bytes text(const std::string& value) { return Bytes(value.begin(), value.end()); }

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) append(all, part);
  return all;
}

// A number of `bytes` bytes in either byte order.
Bytes number(int64_t value, int bytes, bool big) {
  Bytes result;
  for (int i = 0; i < bytes; ++i) {
    const int shift = 8 * (big ? bytes - 1 - i : i);
    result.push_back(static_cast<uint8_t>(value >> shift));
  }
  return result;
}

// An entry of a directory, with its inline value.
struct Entry {
  int type;
  int64_t count;
  Bytes field;
  int tag = 0x0112;
};

// A block of EXIF with entries, followed by other bytes.
Bytes block(const std::vector<Entry>& entries, bool big, const Bytes& behind = {}) {
  Bytes result = text(big ? "MM" : "II");
  append(result, number(42, 2, big));
  append(result, number(8, 4, big));
  append(result, number(static_cast<int64_t>(entries.size()), 2, big));
  for (Entry entry : entries) {
    append(result, number(entry.tag, 2, big));
    append(result, number(entry.type, 2, big));
    append(result, number(entry.count, 4, big));
    entry.field.resize(4);
    append(result, entry.field);
  }
  append(result, Bytes(4, 0));
  append(result, behind);
  return result;
}

Bytes short_block(int value, bool big = false) { return block({{3, 1, number(value, 2, big)}}, big); }

const Bytes exif_name = {'E', 'x', 'i', 'f', 0, 0};

Bytes xmp(const std::string& packet) { return joined({text("http://ns.adobe.com/xap/1.0/"), {0}, text(packet)}); }

// A JPEG with APP1 segments at the beginning.
Bytes jpeg_with(const std::vector<Bytes>& segments) {
  const Bytes jpeg = encode_jpeg(photo(rows, columns, 3, 1));
  Bytes result = {0xff, 0xd8};
  for (const Bytes& segment : segments) {
    append(result, {0xff, 0xe1});
    append(result, number(static_cast<int64_t>(segment.size()) + 2, 2, true));
    append(result, segment);
  }
  result.insert(result.end(), jpeg.begin() + 2, jpeg.end());
  return result;
}

Bytes chunk(const std::string& type, const Bytes& data) {
  const Bytes summed = joined({text(type), data});
  Bytes result = number(static_cast<int64_t>(data.size()), 4, true);
  append(result, summed);
  append(result, number(static_cast<int64_t>(crc32(0, summed.data(), static_cast<uInt>(summed.size()))), 4, true));
  return result;
}

// A PNG with chunks before and after its pixels.
Bytes png_with(const Bytes& before, const Bytes& behind = {}, const Picture& picture = noise(rows, columns, 3, 2)) {
  Bytes png = encode_png(picture);
  constexpr int64_t header_bytes = 33, end_bytes = 12;
  png.insert(png.end() - end_bytes, behind.begin(), behind.end());
  png.insert(png.begin() + header_bytes, before.begin(), before.end());
  return png;
}

// A profile in ImageMagick's format: name, length, lines of 72 digits.
Bytes profile(const Bytes& data, const std::string& line_end = "\n", bool upper = false) {
  std::string result = line_end + "exif" + line_end + "      " + std::to_string(data.size());
  for (size_t i = 0; i < data.size(); ++i) {
    if (i % 36 == 0) result += line_end;
    const char* const digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    for (const int digit : {data[i] >> 4, data[i] & 15}) result += digits[digit];
  }
  return text(result + line_end);
}

Bytes deflated(const Bytes& data) {
  uLongf bytes = compressBound(static_cast<uLong>(data.size()));
  Bytes result(bytes);
  REQUIRE(compress(result.data(), &bytes, data.data(), static_cast<uLong>(data.size())) == Z_OK);
  result.resize(bytes);
  return result;
}

const Bytes raw_keyword = text("Raw profile type exif"), xmp_keyword = text("XML:com.adobe.xmp");

Bytes text_chunk(const Bytes& keyword, const Bytes& value) { return chunk("tEXt", joined({keyword, {0}, value})); }
Bytes packed_chunk(const Bytes& keyword, const Bytes& value) {
  return chunk("zTXt", joined({keyword, {0, 0}, deflated(value)}));
}
Bytes international_chunk(const Bytes& keyword, const Bytes& value, bool packed) {
  const uint8_t flag = packed ? 1 : 0;
  const Bytes fields = joined({keyword, {0, flag, 0}, text("en"), {0}, text("name"), {0}});
  return chunk("iTXt", joined({fields, packed ? deflated(value) : value}));
}

// Whether a file is read as turned by 90 degrees: every orientation here is 1 or 6. Asserts that decoding agrees.
bool is_turned(const Reader& reader, Folder& folder, const Bytes& file, int height = rows, int width = columns) {
  const std::string path = folder.write("file", file);
  std::vector<int32_t> sizes;
  REQUIRE(reader.inspect({path}, sizes) == "[]");
  const bool turned = sizes == std::vector<int32_t>{width, height};
  REQUIRE((turned || sizes == std::vector<int32_t>{height, width}));
  // A crop that is inside the image only if decoding finds the same orientation.
  Bytes pixels;
  REQUIRE(reader.decode({path}, {plain(0, 0, sizes[0], sizes[1])}, sizes[0], sizes[1], pixels) == "[]");
  return turned;
}

}  // namespace

TEST_CASE("an orientation is read from EXIF of every integer type, in both byte orders") {
  const Context context;
  const Reader reader(context, 1);
  Folder folder;
  // BYTE, SHORT, LONG, SBYTE, SSHORT, SLONG, IFD. LONG8 does not fit the entry.
  const std::vector<std::pair<int, int>> types = {{1, 1}, {3, 2}, {4, 4}, {6, 1}, {8, 2}, {9, 4}, {13, 4}};
  for (const bool big : {false, true}) {
    CAPTURE(big);
    const auto turned = [&](const std::vector<Entry>& entries, const Bytes& behind = {}) {
      const Bytes exif = block(entries, big, behind);
      const bool jpeg = is_turned(reader, folder, jpeg_with({joined({exif_name, exif})}));
      const bool png = is_turned(reader, folder, png_with(chunk("eXIf", exif)));
      const Bytes raw_profile = profile(joined({exif_name, exif}));
      const bool raw = is_turned(reader, folder, png_with(packed_chunk(raw_keyword, raw_profile)));
      REQUIRE(jpeg == png);
      REQUIRE(jpeg == raw);
      return jpeg;
    };
    for (const auto& [type, bytes] : types) {
      CAPTURE(type);
      CHECK(turned({{type, 1, number(6, bytes, big)}}));
      // The first of several values and of several entries counts, after any other tags.
      CHECK(turned({{type, bytes <= 2 ? 4 / bytes : 1, number(6, bytes, big)}, {3, 1, number(1, 2, big)}}));
      CHECK_FALSE(turned({{type, 1, number(1, bytes, big)}, {3, 1, number(6, 2, big)}}));
      CHECK(turned({{type, 1, number(1, bytes, big), 0x0100}, {type, 1, number(6, bytes, big)}}));
      // Negative numbers, and others that are not an orientation.
      for (const int64_t other : {-6, -1, 0, 9, 106}) CHECK_FALSE(turned({{type, 1, number(other, bytes, big)}}));
      CHECK_FALSE(turned({{type, 0, number(6, bytes, big)}}));
    }
    // Values after the directory: LONG8, and three of SHORT.
    CHECK(turned({{16, 1, number(26, 4, big)}}, number(6, 8, big)));
    CHECK(turned({{3, 3, number(26, 4, big)}}, joined({number(6, 2, big), number(1, 4, big)})));
    CHECK_FALSE(turned({{16, 1, number(26, 4, big)}}, number(6, 7, big)));
    CHECK_FALSE(turned({{16, 1, number(0xffffffff, 4, big)}}, number(6, 8, big)));
    // Text, fractions and unknown types do not count; the next entry does.
    for (const int type : {0, 2, 5, 7, 10, 99}) {
      CHECK(turned({{type, 1, number(3, 4, big)}, {3, 1, number(6, 2, big)}}));
    }
  }
}

TEST_CASE("a block of EXIF is found in all forms in which programs write it to a JPEG") {
  const Context context;
  const Reader reader(context, 1);
  Folder folder;
  const auto turned = [&](const std::vector<Bytes>& segments) {
    return is_turned(reader, folder, jpeg_with(segments));
  };
  const Bytes six = short_block(6), one = short_block(1, true);
  const Bytes exif6 = joined({exif_name, six}), exif1 = joined({exif_name, one});
  CHECK(turned({exif6}));
  CHECK(turned({xmp("<x/>"), text("something else"), {}, exif6}));
  // Named twice, split over segments, with the bytes of its 42 swapped.
  CHECK(turned({joined({exif_name, exif_name, six})}));
  CHECK(turned({exif_name, exif6}));
  for (const int64_t at : {1, 8, 13, 20}) {
    CAPTURE(at);
    const Bytes first(six.begin(), six.begin() + at), rest(six.begin() + at, six.end());
    CHECK(turned({joined({exif_name, first}), text("between"), joined({exif_name, rest})}));
  }
  Bytes exchanged = exif6;
  std::swap(exchanged[8], exchanged[9]);
  CHECK(turned({exchanged}));
  // The first of two complete blocks counts. Other contents are ignored.
  CHECK(turned({exif6, exif1}));
  CHECK_FALSE(turned({exif1, exif6}));
  CHECK_FALSE(turned({joined({exif_name, text("garbage!")}), exif6}));
  CHECK_FALSE(turned({joined({text("Exif"), {0, 1}, six})}));
  CHECK_FALSE(turned({six}));
}

TEST_CASE("an orientation in XMP counts if EXIF has none") {
  const Context context;
  const Reader reader(context, 1);
  Folder folder;
  const std::string attribute = "<x:xmpmeta><rdf tiff:Orientation=\"6\"/></x:xmpmeta>";
  const std::string element = "<x:xmpmeta><tiff:Orientation>6</tiff:Orientation></x:xmpmeta>";
  const std::string upright = "<rdf tiff:Orientation=\"1\"/>", none = "<rdf tiff:Orientation=\"\" tiff:Orientation=";
  const Bytes no_entry = joined({exif_name, block({{3, 1, number(6, 2, false), 0x0100}}, false)});
  for (const std::string& packet : {attribute, element, none + "\"6\"/>"}) {
    CAPTURE(packet);
    const auto jpeg = [&](const std::vector<Bytes>& segments) {
      return is_turned(reader, folder, jpeg_with(segments));
    };
    CHECK(jpeg({xmp(packet)}));
    CHECK(jpeg({no_entry, xmp(packet)}));
    CHECK(jpeg({xmp(upright), xmp(packet)}));
    CHECK_FALSE(jpeg({xmp(packet), xmp(upright)}));
    CHECK_FALSE(jpeg({xmp(packet), joined({exif_name, short_block(1)})}));
    CHECK_FALSE(jpeg({xmp(packet), joined({exif_name, short_block(9)})}));
    for (const bool packed : {false, true}) {
      CHECK(is_turned(reader, folder, png_with(international_chunk(xmp_keyword, text(packet), packed))));
    }
    CHECK(is_turned(reader, folder, png_with({}, text_chunk(xmp_keyword, text(packet)))));
  }
  for (const std::string& packet : {none, std::string(), std::string("tiff:Orientation"), upright}) {
    CHECK_FALSE(is_turned(reader, folder, jpeg_with({xmp(packet)})));
  }
}

TEST_CASE("an orientation is read from every kind of text in a PNG, before and after the pixels") {
  const Context context;
  const Reader reader(context, 1);
  Folder folder;
  const auto turned = [&](const Bytes& before, const Bytes& behind = {}) {
    return is_turned(reader, folder, png_with(before, behind));
  };
  const Bytes six = short_block(6), named = joined({exif_name, six});
  for (const Bytes& value : {profile(six), profile(named), profile(named, "\r\n"), profile(named, "\n", true),
                             joined({profile(named), text(" \n\t")})}) {
    for (const Bytes& made :
         {text_chunk(raw_keyword, value), packed_chunk(raw_keyword, value),
          international_chunk(raw_keyword, value, false), international_chunk(raw_keyword, value, true)}) {
      CHECK(turned(made));
      CHECK(turned({}, made));
      // The block in its own chunk takes precedence, then the last of several texts.
      CHECK_FALSE(turned(joined({made, chunk("eXIf", short_block(1))})));
      CHECK(turned(joined({text_chunk(raw_keyword, profile(short_block(1))), made})));
      // Its checksum is wrong, or it is truncated.
      Bytes wrong = made;
      wrong.back() ^= 1;
      CHECK_FALSE(turned(wrong));
    }
  }
  CHECK(turned({}, chunk("eXIf", six)));
  CHECK(turned(chunk("eXIf", six), chunk("eXIf", short_block(1))));
  // Other keywords, no digits, no lines, and streams that are damaged or inflate to too much.
  for (const Bytes& value : {text("\nexif\n20\nno digits"), text("\nexif\n20"), Bytes{}, text("\n\n\n")}) {
    CHECK_FALSE(turned(text_chunk(raw_keyword, value)));
  }
  CHECK_FALSE(turned(text_chunk(text("Raw profile type APP1"), profile(named))));
  CHECK_FALSE(turned(chunk("zTXt", joined({raw_keyword, {0, 1}, deflated(profile(named))}))));
  CHECK_FALSE(turned(chunk("zTXt", joined({raw_keyword, {0, 0}, profile(named)}))));
  CHECK_FALSE(turned(chunk("zTXt", raw_keyword)));
  CHECK_FALSE(turned(chunk("iTXt", joined({raw_keyword, {0, 0}}))));
  CHECK_FALSE(turned(packed_chunk(raw_keyword, joined({profile(named), Bytes(2 << 20, ' ')}))));
}

TEST_CASE("at most 64 texts are read, so that a small file does not inflate to gigabytes") {
  const Context context;
  const Reader reader(context, 1);
  Folder folder;
  const Bytes bomb = packed_chunk(raw_keyword, Bytes(1 << 19, ' '));
  const Bytes six = packed_chunk(raw_keyword, profile(short_block(6)));
  Bytes bombs;
  for (int i = 0; i < 63; ++i) append(bombs, bomb);
  CHECK(is_turned(reader, folder, png_with(joined({bombs, six}))));
  CHECK_FALSE(is_turned(reader, folder, png_with(joined({bombs, bomb, six}))));
  // Texts of other kinds do not count.
  for (int i = 0; i < 100; ++i) append(bombs, text_chunk(text("Comment"), text("x")));
  CHECK(is_turned(reader, folder, png_with(joined({bombs, six}))));
}

TEST_CASE("chunks after many pixels are found without reading the pixels") {
  const Context context;
  const Reader reader(context, 1);
  Folder folder;
  const Picture large = noise(230, 310, 3, 4);
  const Bytes note = packed_chunk(raw_keyword, profile(short_block(6)));
  const Bytes file = png_with({}, note, large);
  REQUIRE(file.size() > 200000);
  CHECK(is_turned(reader, folder, file, 230, 310));
  // Also far from the end.
  const Bytes comment = text_chunk(text("Comment"), Bytes(9000, 'x'));
  CHECK(is_turned(reader, folder, png_with({}, joined({note, comment}), large), 230, 310));
  CHECK_FALSE(is_turned(reader, folder, png_with({}, {}, large), 230, 310));
}

TEST_CASE("an image is read, upright or turned, with any contents of its metadata") {
  const Context context;
  const Reader reader(context, 1);
  Folder folder;
  Random random(11);
  const Bytes entries = block({{3, 1, number(1, 2, false), 0x0100}, {16, 1, number(38, 4, false)}}, false,
                              joined({number(6, 8, false), text("<x tiff:Orientation=\"6\"/>")}));
  for (int i = 0; i < 200; ++i) {
    CAPTURE(i);
    Bytes mutant = entries;
    for (int changes = 1 + random.below(4); changes > 0; --changes) {
      mutant[static_cast<size_t>(random.below(static_cast<int64_t>(mutant.size())))] =
          static_cast<uint8_t>(random.below(3) == 0 ? 255 : random.below(256));
    }
    mutant.resize(static_cast<size_t>(random.below(static_cast<int64_t>(mutant.size()) + 1)));
    is_turned(reader, folder, jpeg_with({joined({exif_name, mutant}), xmp(std::string(mutant.begin(), mutant.end()))}));
    // With correct checksums, so that the chunks are read.
    const Bytes raw = profile(mutant);
    is_turned(reader, folder, png_with(chunk("eXIf", mutant), chunk("iTXt", mutant)));
    is_turned(reader, folder, png_with(chunk("tEXt", mutant), packed_chunk(raw_keyword, mutant)));
    const Bytes packed = chunk("zTXt", joined({xmp_keyword, {0}, mutant}));
    is_turned(reader, folder, png_with(text_chunk(raw_keyword, raw), packed));
  }
}

TEST_CASE("a reader refuses an image with too large an aspect ratio, and reads one at the limit") {
  const Context context;
  const Reader reader(context, 1);
  Folder folder;
  const auto strip = [](int height, int width) {
    return encode_png(Picture{height, width, 3, Bytes(static_cast<size_t>(3 * height * width), 9)});
  };
  std::vector<int32_t> sizes;
  CHECK(reader.inspect({folder.write("tall.png", strip(131073, 1)), folder.write("wide.png", strip(1, 131073)),
                        folder.write("limit.png", strip(1, 65536))},
                       sizes) ==
        "[{\"index\":0,\"reason\":\"has 131073 x 1 pixels, and one side is more than 65536 times the other\"},"
        "{\"index\":1,\"reason\":\"has 1 x 131073 pixels, and one side is more than 65536 times the other\"}]");
  CHECK(sizes == std::vector<int32_t>{0, 0, 0, 0, 1, 65536});
  // The frame of evaluation at 4,096 pixels: the shorter side is resized to 4,681, and the centre cropped.
  const Frame frame = {0, 0, 1, 65536, 4681, 65536 * 4681, 293, 153384960};
  const Bytes pixels = reader.pixels(folder.path() + "/limit.png", frame, 8, 8);
  CHECK(pixels == Bytes(192, 9));
  Bytes refused;
  CHECK(reader.decode({folder.path() + "/tall.png"}, {plain(0, 0, 1, 1)}, 1, 1, refused).find("131073 x 1") !=
        std::string::npos);
}
