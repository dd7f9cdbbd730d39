// Tests that damaged files of every kind are read or refused with a reason, without access outside the buffers.
#include <cstdlib>

#include "image_files.h"

using namespace sluice_test;

namespace {

// Number of damaged files of each kind, from SLUICE_MUTANTS.
int mutants() {
  const char* const text = std::getenv("SLUICE_MUTANTS");
  return text == nullptr ? 300 : std::max(1, std::atoi(text));
}

Bytes mutate(Bytes file, Random& random) {
  const int64_t changes = 1 + random.below(4);
  for (int64_t i = 0; i < changes && !file.empty(); ++i) {
    const int64_t size = static_cast<int64_t>(file.size());
    // Half of the changes are at the beginning, where the headers are.
    const int64_t at = random.below(random.below(2) == 0 ? std::min<int64_t>(size, 700) : size);
    const int64_t length = 1 + random.below(std::min<int64_t>(size - at, 20));
    switch (random.below(7)) {
      case 0: file[static_cast<size_t>(at)] ^= static_cast<uint8_t>(1 << random.below(8)); break;
      case 1: file[static_cast<size_t>(at)] = static_cast<uint8_t>(random.below(256)); break;
      case 2: file[static_cast<size_t>(at)] = random.below(2) == 0 ? 0 : 255; break;
      case 3: file.erase(file.begin() + at, file.begin() + at + length); break;
      case 4: {
        const Bytes more = noise(1, static_cast<int>(length), 1, static_cast<uint32_t>(random.below(1000))).samples;
        file.insert(file.begin() + at, more.begin(), more.end());
        break;
      }
      case 5: file.resize(static_cast<size_t>(at)); break;
      default: {
        const int64_t other = random.below(size - length + 1);
        for (int64_t j = 0; j < length; ++j) {
          std::swap(file[static_cast<size_t>(at + j)], file[static_cast<size_t>(other + j)]);
        }
      }
    }
  }
  return file;
}

// Whether the refusals are valid JSON with one sentence.
bool is_refusal(const std::string& text) {
  const std::string begin = "[{\"index\":0,\"reason\":\"";
  return text.rfind(begin, 0) == 0 && text.size() > begin.size() + 3 && text.size() <= begin.size() + 203 &&
         text.substr(text.size() - 3) == "\"}]";
}

void check_mutant(const Reader& reader, const std::string& path, Random& random) {
  std::vector<int32_t> sizes;
  const std::string inspected = reader.inspect({path}, sizes);
  const bool has_size = sizes[0] > 0 && sizes[1] > 0;
  CHECK(has_size == (inspected == "[]"));
  CHECK((has_size || (is_refusal(inspected) && sizes == std::vector<int32_t>{0, 0})));
  // Frames inside the original or the damaged image: the whole image, reduced, and a corner.
  const int height = has_size ? sizes[0] : 60, width = has_size ? sizes[1] : 44;
  const int top = random.below(height), left = random.below(width);
  const std::vector<Frame> frames = {{0, 0, height, width, 12, 12, 0, 0},
                                     {top, left, height - top, width - left, 15, 14, 2, 1}};
  for (const size_t views : {1, 2}) {
    Bytes pixels;
    const std::vector<Frame> used(frames.data(), frames.data() + views);
    const std::string text = reader.decode({path}, used, 12, 12, pixels);
    CHECK((text == "[]" || is_refusal(text)));
    if (text != "[]") CHECK(pixels == Bytes(pixels.size(), 0));
    if (!has_size) CHECK(text == inspected);
  }
}

void check_mutants(const char* name, const Bytes& file, uint32_t seed) {
  const Context context;
  const Reader reader(context, 1);
  Folder folder;
  Random random(seed);
  const int count = mutants();
  for (int i = 0; i < count; ++i) {
    CAPTURE(name);
    CAPTURE(i);
    check_mutant(reader, folder.write("mutant", mutate(file, random)), random);
  }
}

}  // namespace

TEST_CASE("a reader reads or refuses damaged JPEGs") {
  check_mutants("baseline", with_exif(encode_jpeg(photo(60, 44, 3, 1)), 6, true), 1);
  check_mutants("restarts", encode_jpeg(photo(60, 44, 3, 2), {JCS_YCbCr, false, 2, 1, 1}), 2);
  check_mutants("progressive", with_exif(encode_jpeg(photo(60, 44, 3, 3), {JCS_YCbCr, true, 2, 2, 0}), 3, false), 3);
  check_mutants("cmyk", encode_jpeg(photo(60, 44, 4, 4), {JCS_YCCK, false, 2, 2, 0}), 4);
}

TEST_CASE("a reader reads or refuses damaged PNGs") {
  PngOptions options;
  options.orientation = 8;
  check_mutants("rgb", encode_png(60, 44, photo(60, 44, 3, 5).samples, options), 5);
  const std::vector<png_color> palette = {{1, 2, 3}, {4, 5, 6}, {250, 0, 9}};
  options = {PNG_COLOR_TYPE_PALETTE, 2, true, true, 1};
  check_mutants("palette", encode_png(60, 44, noise(60, 11, 1, 6).samples, options, palette), 6);
}

TEST_CASE("a reader reads or refuses records of damaged files") {
  const Context context;
  const Reader reader(context, 2);
  Folder folder;
  Random random(7);
  const int count = mutants();
  const Bytes file = noise(10, 3 * 20 * 17, 1, 8).samples;
  for (int i = 0; i < count; ++i) {
    const std::string path = folder.write("mutant", mutate(file, random));
    const std::vector<int64_t> numbers = {random.below(12), 9, 0};
    Bytes pixels(3 * 3 * 20 * 17);
    int64_t job = 0;
    REQUIRE(sl_reader_records(context, reader, path.c_str(), 3, numbers.data(), 20, 17, pixels.data(), &job) == SL_OK);
    CHECK(reader.wait(job, 3).front() == '[');
  }
}
