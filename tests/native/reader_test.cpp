// Tests the pixels of image files (formats, orientations, crops and resizing) against libjpeg's whole images and
// plain loops.
#include "image_files.h"

using namespace sluice_test;

namespace {

// Converts libjpeg's output to RGB; four inks by Pillow's formula.
Picture as_rgb(const Picture& decoded) {
  Picture rgb{decoded.height, decoded.width, 3, {}};
  for (int i = 0; i < decoded.height * decoded.width; ++i) {
    const uint8_t* const pixel = decoded.samples.data() + static_cast<size_t>(i * decoded.channels);
    for (int c = 0; c < 3; ++c) {
      const int value = decoded.channels == 3 ? pixel[c] : static_cast<int>(std::lround(pixel[c] * pixel[3] / 255.0));
      rgb.samples.push_back(static_cast<uint8_t>(value));
    }
  }
  return rgb;
}

// The weights [outputs][inputs] of a crop along an axis.
std::vector<std::vector<double>> weights(int inputs, int outputs) {
  const auto cubic = [](double x) {
    x = std::fabs(x);
    return x < 1 ? 1.5 * x * x * x - 2.5 * x * x + 1 : x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0.0;
  };
  const double scale = static_cast<double>(inputs) / outputs, wide = std::max(1.0, scale);
  std::vector<std::vector<double>> result(static_cast<size_t>(outputs));
  for (int o = 0; o < outputs; ++o) {
    const double centre = (o + 0.5) * scale;
    double total = 0;
    for (int i = 0; i < inputs; ++i) {
      const int begin = static_cast<int>(centre - 2 * wide + 0.5), end = static_cast<int>(centre + 2 * wide + 0.5);
      const bool inside = i >= begin && i < end;
      result[static_cast<size_t>(o)].push_back(inside ? cubic((i + 0.5 - centre) / wide) : 0.0);
      total += result[static_cast<size_t>(o)].back();
    }
    for (double& weight : result[static_cast<size_t>(o)]) weight /= total;
  }
  return result;
}

// A frame of a whole picture, by its definition.
std::vector<double> resized(const Picture& rgb, const Frame& frame, int out_height, int out_width) {
  const auto rows = weights(frame[SL_FRAME_HEIGHT], frame[SL_FRAME_RESIZED_HEIGHT]);
  const auto columns = weights(frame[SL_FRAME_WIDTH], frame[SL_FRAME_RESIZED_WIDTH]);
  std::vector<double> result;
  for (int y = 0; y < out_height; ++y) {
    const auto& row = rows[static_cast<size_t>(y + frame[SL_FRAME_WINDOW_TOP])];
    std::vector<double> line(static_cast<size_t>(frame[SL_FRAME_WIDTH] * 3));
    for (int i = 0; i < frame[SL_FRAME_HEIGHT]; ++i) {
      for (int j = 0; j < frame[SL_FRAME_WIDTH] * 3; ++j) {
        line[static_cast<size_t>(j)] +=
            row[static_cast<size_t>(i)] * rgb.at(i + frame[SL_FRAME_TOP], j / 3 + frame[SL_FRAME_LEFT], j % 3);
      }
    }
    for (int x = 0; x < out_width; ++x) {
      const auto& column = columns[static_cast<size_t>(x + frame[SL_FRAME_WINDOW_LEFT])];
      for (int c = 0; c < 3; ++c) {
        double sum = 0;
        for (int j = 0; j < frame[SL_FRAME_WIDTH]; ++j) {
          sum += column[static_cast<size_t>(j)] * line[static_cast<size_t>(j * 3 + c)];
        }
        result.push_back(std::min(255.0, std::max(0.0, sum)));
      }
    }
  }
  return result;
}

struct Difference {
  double largest = 0, mean = 0;
};

Difference difference(const Bytes& actual, const std::vector<double>& expected) {
  REQUIRE(actual.size() == expected.size());
  Difference result;
  for (size_t i = 0; i < actual.size(); ++i) {
    const double own = std::fabs(actual[i] - expected[i]);
    result.largest = std::max(result.largest, own);
    result.mean += own / static_cast<double>(actual.size());
  }
  return result;
}

// The file's image turned by the EXIF orientation.
Picture upright(const Picture& stored, int orientation) {
  const bool turned = orientation >= 5;
  Picture result{turned ? stored.width : stored.height, turned ? stored.height : stored.width, 3, {}};
  for (int y = 0; y < result.height; ++y) {
    for (int x = 0; x < result.width; ++x) {
      const int right = stored.width - 1, bottom = stored.height - 1;
      // The file's row and column for each number, from the table in the EXIF standard.
      const int rows[] = {y, y, bottom - y, bottom - y, x, bottom - x, bottom - x, x};
      const int columns[] = {x, right - x, right - x, x, y, y, right - y, right - y};
      const int row = rows[orientation - 1], column = columns[orientation - 1];
      for (int c = 0; c < 3; ++c) result.samples.push_back(stored.at(row, column, c));
    }
  }
  return result;
}

struct Kind {
  std::string name;
  int channels;
  JpegOptions options;
};

const std::vector<Kind> kinds = {
    {"4:2:0", 3, {}},
    {"4:2:2", 3, {JCS_YCbCr, false, 2, 1, 0}},
    {"4:4:0", 3, {JCS_YCbCr, false, 1, 2, 0}},
    {"4:4:4", 3, {JCS_YCbCr, false, 1, 1, 0}},
    {"4:1:1", 3, {JCS_YCbCr, false, 4, 1, 0}},
    {"4:1:0", 3, {JCS_YCbCr, false, 4, 2, 1}},
    {"progressive", 3, {JCS_YCbCr, true, 2, 2, 0}},
    {"rgb", 3, {JCS_RGB, false, 1, 1, 0}},
    {"gray", 1, {JCS_GRAYSCALE, false, 1, 1, 2}},
    {"progressive gray", 1, {JCS_GRAYSCALE, true, 1, 1, 0}},
    {"cmyk", 4, {JCS_CMYK, false, 1, 1, 0}},
    {"ycck", 4, {JCS_YCCK, true, 2, 2, 0}},
};

}  // namespace

TEST_CASE("a reader's crops of every kind of JPEG equal those of the whole image") {
  const Context context;
  const Reader reader(context, 2);
  Folder folder;
  for (const Kind& kind : kinds) {
    CAPTURE(kind.name);
    const Bytes file = encode_jpeg(photo(101, 147, kind.channels, 3), kind.options);
    const std::string path = folder.write(kind.name[0] == '4' ? "subsampled" : kind.name, file);
    const Picture whole = as_rgb(decode_jpeg(file));
    std::vector<int32_t> sizes;
    CHECK(reader.inspect({path}, sizes) == "[]");
    CHECK(sizes == std::vector<int32_t>{101, 147});
    CHECK(reader.pixels(path, plain(0, 0, 101, 147)) == whole.samples);
    Random random(5);
    int equal = 0;
    for (int i = 0; i < 120; ++i) {
      const int height = 1 + random.below(i % 3 == 0 ? 101 : 20), width = 1 + random.below(i % 3 == 0 ? 147 : 20);
      const int top = random.below(102 - height), left = random.below(148 - width);
      equal += reader.pixels(path, plain(top, left, height, width)) == cut(whole, top, left, height, width);
    }
    CHECK(equal == 120);
    // At a reduced scale, if the crop's edges fall on edges of reduced pixels.
    for (const int part : {2, 4, 8}) {
      CAPTURE(part);
      equal = 0;
      const Picture smaller = as_rgb(decode_jpeg(file, part));
      for (int i = 0; i < 30; ++i) {
        const int height = 1 + random.below(101 / part), width = 1 + random.below(147 / part);
        const int top = random.below(101 / part - height + 1), left = random.below(147 / part - width + 1);
        const Frame frame = {top * part, left * part, height * part, width * part, height, width, 0, 0};
        equal += reader.pixels(path, frame) == cut(smaller, top, left, height, width);
      }
      CHECK(equal == 30);
    }
  }
}

TEST_CASE("a reader resizes crops and windows of crops by the definition") {
  const Context context;
  const Reader reader(context, 1);
  Folder folder;
  const Picture picture = noise(90, 70, 3, 4);
  const std::string path = folder.write("noise.png", encode_png(picture));
  const std::vector<Frame> frames = {
      {0, 0, 90, 70, 32, 32, 0, 0},   {10, 20, 41, 33, 32, 32, 0, 0}, {10, 20, 8, 5, 32, 32, 0, 0},
      {0, 0, 90, 70, 60, 47, 14, 7},  {3, 5, 32, 60, 32, 40, 0, 8},   {3, 5, 60, 32, 40, 32, 8, 0},
      {89, 69, 1, 1, 40, 40, 4, 4},   {0, 0, 90, 70, 32, 70, 0, 38},  {1, 1, 88, 68, 2000, 1500, 1968, 1468},
      {20, 20, 40, 40, 40, 40, 8, 8}, {0, 69, 90, 1, 33, 64, 1, 32},
  };
  for (const Frame& frame : frames) {
    CAPTURE(frame);
    CHECK(difference(reader.pixels(path, frame, 32, 32), resized(picture, frame, 32, 32)).largest < 0.6);
  }
  const Picture wide = noise(3, 4000, 3, 5);
  const std::string wide_path = folder.write("wide.png", encode_png(wide));
  const Frame shrunk = {0, 0, 3, 4000, 3, 7, 0, 0};
  CHECK(difference(reader.pixels(wide_path, shrunk), resized(wide, shrunk, 3, 7)).largest < 0.6);
}

TEST_CASE("a reader keeps areas of one colour unchanged") {
  const Context context;
  const Reader reader(context, 1);
  Folder folder;
  for (const uint8_t value : {0, 1, 127, 254, 255}) {
    const Picture even{61, 83, 3, Bytes(61 * 83 * 3, value)};
    const std::string path = folder.write("even.png", encode_png(even));
    for (const int size : {7, 60, 200}) {
      const Bytes expected(static_cast<size_t>(size * size * 3), value);
      CHECK(reader.pixels(path, {0, 0, 61, 83, size, size, 0, 0}) == expected);
    }
  }
}

TEST_CASE("a reader decodes JPEGs at a reduced scale if all views allow it") {
  const Context context;
  const Reader reader(context, 2);
  Folder folder;
  Picture smooth{403, 509, 3, {}};
  for (int y = 0; y < smooth.height; ++y) {
    for (int x = 0; x < smooth.width * 3; ++x) {
      const double wave = std::sin(0.03 * (x / 3) + 0.01 * y * (x % 3)) + std::cos(0.04 * y);
      smooth.samples.push_back(static_cast<uint8_t>(128 + 60 * wave));
    }
  }
  for (const int orientation : {1, 2, 6, 8}) {
    CAPTURE(orientation);
    const Bytes file = with_exif(encode_jpeg(smooth), orientation, true);
    const std::string path = folder.write("large.jpg", file);
    const Picture whole = upright(decode_jpeg(file), orientation);
    for (const Frame& frame : std::vector<Frame>{{0, 0, 400, 400, 40, 40, 0, 0},
                                                 {2, 1, 331, 397, 40, 40, 0, 0},
                                                 {3, 0, 173, 202, 40, 40, 0, 0},
                                                 {101, 103, 90, 95, 40, 40, 0, 0},
                                                 {11, 13, 301, 305, 70, 64, 30, 20}}) {
      CAPTURE(frame);
      const Difference own = difference(reader.pixels(path, frame, 40, 40), resized(whole, frame, 40, 40));
      CHECK(own.mean < 1.5);
      CHECK(own.largest < 16);
      // A second view at full size rules out a reduced scale, so the first view is exact.
      Bytes both;
      REQUIRE(reader.decode({path}, {frame, plain(7, 9, 40, 40)}, 40, 40, both) == "[]");
      const Bytes first(both.begin(), both.begin() + 4800), second(both.begin() + 4800, both.end());
      CHECK(difference(first, resized(whole, frame, 40, 40)).largest < 0.6);
      CHECK(second == cut(whole, 7, 9, 40, 40));
    }
  }
  // An eighth without a crop equals libjpeg's output.
  const Bytes file = encode_jpeg(photo(320, 256, 3, 7));
  const Frame eighth = {0, 0, 320, 256, 40, 32, 0, 0};
  CHECK(reader.pixels(folder.write("eighth.jpg", file), eighth) == decode_jpeg(file, 8).samples);
}

TEST_CASE("a reader turns images upright by their EXIF orientation") {
  const Context context;
  const Reader reader(context, 2);
  Folder folder;
  const Picture picture = noise(37, 53, 3, 8);
  const Bytes jpeg = encode_jpeg(picture);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    CAPTURE(orientation);
    PngOptions options;
    options.orientation = orientation;
    const std::vector<std::string> paths = {
        folder.write("little.jpg", with_exif(jpeg, orientation, false)),
        folder.write("big.jpg", with_exif(jpeg, orientation, true)),
        folder.write("exif.png", encode_png(37, 53, picture.samples, options)),
    };
    const Picture turned = upright(decode_jpeg(jpeg), orientation), exact = upright(picture, orientation);
    std::vector<int32_t> sizes;
    CHECK(reader.inspect(paths, sizes) == "[]");
    for (size_t i = 0; i < paths.size(); ++i) {
      CHECK(sizes[2 * i] == turned.height);
      CHECK(sizes[2 * i + 1] == turned.width);
      const Picture& expected = i == 2 ? exact : turned;
      CHECK(reader.pixels(paths[i], plain(0, 0, turned.height, turned.width)) == expected.samples);
      CHECK(reader.pixels(paths[i], plain(5, 3, 20, 24)) == cut(expected, 5, 3, 20, 24));
    }
  }
  for (const int other : {0, 9, 255}) {
    const std::string path = folder.write("other.jpg", with_exif(jpeg, other, true));
    CHECK(reader.pixels(path, plain(0, 0, 37, 53)) == decode_jpeg(jpeg).samples);
  }
}

TEST_CASE("a reader decodes PNGs of every colour type and depth") {
  const Context context;
  const Reader reader(context, 2);
  Folder folder;
  const int height = 19, width = 27;
  std::vector<png_color> palette;
  for (int i = 0; i < 256; ++i) {
    const int red = i * 7 % 256, green = 255 - i, blue = (i * 31 + 5) % 256;
    palette.push_back({static_cast<png_byte>(red), static_cast<png_byte>(green), static_cast<png_byte>(blue)});
  }
  const std::vector<std::pair<int, std::vector<int>>> types = {{PNG_COLOR_TYPE_GRAY, {1, 2, 4, 8, 16}},
                                                               {PNG_COLOR_TYPE_PALETTE, {1, 2, 4, 8}},
                                                               {PNG_COLOR_TYPE_RGB, {8, 16}},
                                                               {PNG_COLOR_TYPE_GRAY_ALPHA, {8, 16}},
                                                               {PNG_COLOR_TYPE_RGB_ALPHA, {8, 16}}};
  for (const auto& [colours, depths] : types) {
    for (const int depth : depths) {
      for (const int variant : {0, 1, 2, 3}) {
        CAPTURE(colours);
        CAPTURE(depth);
        CAPTURE(variant);
        const bool has_alpha = (colours & PNG_COLOR_MASK_ALPHA) != 0;
        const PngOptions options{colours, depth, (variant & 1) != 0, (variant & 2) != 0 && !has_alpha, 1};
        const int colour_samples = colours == PNG_COLOR_TYPE_RGB || colours == PNG_COLOR_TYPE_RGB_ALPHA ? 3 : 1;
        const int samples = colour_samples + (has_alpha ? 1 : 0);
        const int row_bytes = (width * samples * depth + 7) / 8;
        const Bytes packed = noise(height, row_bytes, 1, static_cast<uint32_t>(depth)).samples;
        Bytes expected;
        for (int y = 0; y < height; ++y) {
          for (int x = 0; x < width; ++x) {
            for (int c = 0; c < 3; ++c) {
              const int bit = (x * samples + (colour_samples == 3 ? c : 0)) * depth;
              const uint8_t byte = packed[static_cast<size_t>(y * row_bytes + bit / 8)];
              int value = depth >= 8 ? byte : byte >> (8 - depth - bit % 8) & ((1 << depth) - 1);
              if (colours == PNG_COLOR_TYPE_PALETTE) {
                const png_color& colour = palette[static_cast<size_t>(value)];
                value = c == 0 ? colour.red : c == 1 ? colour.green : colour.blue;
              } else if (depth < 8) {
                value = value * 255 / ((1 << depth) - 1);
              }
              expected.push_back(static_cast<uint8_t>(value));
            }
          }
        }
        const bool indexed = colours == PNG_COLOR_TYPE_PALETTE;
        const std::vector<png_color> used(palette.begin(), palette.begin() + (indexed ? 1 << depth : 0));
        PngOptions written = options;
        if (indexed && depth == 1) written.transparent = false;  // two colours, three alphas
        const std::string path = folder.write("kind.png", encode_png(height, width, packed, written, used));
        CHECK(reader.pixels(path, plain(0, 0, height, width)) == expected);
        CHECK(reader.pixels(path, plain(4, 6, 9, 10)) == cut({height, width, 3, expected}, 4, 6, 9, 10));
      }
    }
  }
}
