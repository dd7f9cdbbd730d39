// Tests augmentation against plain double loops that follow Pillow's and torchvision's definitions.
#include <algorithm>
#include <array>

#include "typed_buffer.h"

using namespace sluice_test;

namespace {

const int32_t bad = SL_ERROR_INVALID_ARGUMENT;
const float mean[3] = {0.4914f, 0.4822f, 0.4465f}, deviation[3] = {0.2470f, 0.2435f, 0.2616f};
const float zero_mean[3] = {0, 0, 0}, unit[3] = {1, 1, 1};

using Pixel = std::array<double, 3>;

struct Image {
  int64_t height, width;
  std::vector<Pixel> pixels;
  Pixel& at(int64_t y, int64_t x) { return pixels[static_cast<size_t>(y * width + x)]; }
  const Pixel& at(int64_t y, int64_t x) const { return pixels[static_cast<size_t>(y * width + x)]; }
};

double clamp01(double x) { return std::min(std::max(x, 0.0), 1.0); }
double luma(const Pixel& p) { return 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2]; }

template <typename Body>
void each(Image& image, const Body& body) {
  for (Pixel& pixel : image.pixels) {
    for (double& value : pixel) value = clamp01(body(pixel, value));
  }
}

double cubic(double x) {
  x = std::fabs(x);
  if (x < 1) return 1.5 * x * x * x - 2.5 * x * x + 1;
  return x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0;
}

// The normalised weight of input j for output i.
std::vector<double> weights_of(int64_t i, int64_t inputs, int64_t outputs) {
  const double scale = static_cast<double>(inputs) / static_cast<double>(outputs), wide = std::max(scale, 1.0);
  const double centre = (static_cast<double>(i) + 0.5) * scale;
  const int64_t first = static_cast<int64_t>(std::max(centre - 2 * wide + 0.5, 0.0));
  const int64_t last = std::min(inputs, static_cast<int64_t>(centre + 2 * wide + 0.5));
  std::vector<double> weights(static_cast<size_t>(inputs));
  double total = 0;
  for (int64_t j = first; j < last; ++j)
    total += weights[static_cast<size_t>(j)] = cubic((static_cast<double>(j) - centre + 0.5) / wide);
  for (double& weight : weights) weight /= total;
  return weights;
}

Image crop_and_resize(const std::vector<uint8_t>& bytes, int64_t width, const float* row, int64_t out_height,
                      int64_t out_width) {
  Image result{out_height, out_width, std::vector<Pixel>(static_cast<size_t>(out_height * out_width))};
  const int64_t top = static_cast<int64_t>(row[0]), left = static_cast<int64_t>(row[1]);
  const int64_t crop_height = static_cast<int64_t>(row[2]), crop_width = static_cast<int64_t>(row[3]);
  for (int64_t y = 0; y < out_height; ++y) {
    const std::vector<double> vertical = weights_of(y, crop_height, out_height);
    for (int64_t x = 0; x < out_width; ++x) {
      const std::vector<double> horizontal = weights_of(x, crop_width, out_width);
      for (size_t c = 0; c < 3; ++c) {
        double sum = 0;
        for (int64_t i = 0; i < crop_height; ++i) {
          for (int64_t j = 0; j < crop_width; ++j) {
            sum += vertical[static_cast<size_t>(i)] * horizontal[static_cast<size_t>(j)] *
                   bytes[static_cast<size_t>(((top + i) * width + left + j) * 3) + c];
          }
        }
        result.at(y, x)[c] = clamp01(sum / 255);
      }
    }
  }
  return result;
}

// Through HSV with its six cases.
Pixel shift_hue(const Pixel& p, double shift) {
  const double value = std::max({p[0], p[1], p[2]}), chroma = value - std::min({p[0], p[1], p[2]});
  if (chroma == 0) return p;
  const double saturation = chroma / value;
  double hue = value == p[0]   ? (p[1] - p[2]) / chroma
               : value == p[1] ? 2 + (p[2] - p[0]) / chroma
                               : 4 + (p[0] - p[1]) / chroma;
  hue = hue / 6 + 1 + shift;
  hue -= std::floor(hue);
  const int sector = static_cast<int>(std::floor(hue * 6)) % 6;
  const double f = hue * 6 - std::floor(hue * 6);
  const double a = clamp01(value * (1 - saturation)), b = clamp01(value * (1 - saturation * f));
  const double c = clamp01(value * (1 - saturation * (1 - f)));
  const Pixel cases[6] = {{value, c, a}, {b, value, a}, {a, value, c}, {a, b, value}, {c, a, value}, {value, a, b}};
  return cases[sector];
}

void jitter(Image& image, const float* row) {
  if (row[SL_AUGMENT_JITTER_ORDER] < 0) return;
  std::string digits = std::to_string(static_cast<int>(row[SL_AUGMENT_JITTER_ORDER]));
  digits.insert(0, 4 - digits.size(), '0');
  for (const char digit : digits) {
    const double factor = row[SL_AUGMENT_BRIGHTNESS + digit - '0'];
    double total = 0;
    for (const Pixel& pixel : image.pixels) total += luma(pixel);
    const double average = total / static_cast<double>(image.pixels.size());
    for (Pixel& pixel : image.pixels) {
      const double gray = luma(pixel);
      if (digit == '3') pixel = shift_hue(pixel, factor);
      for (double& value : pixel) {
        if (digit == '0') value = clamp01(factor * value);
        if (digit == '1') value = clamp01(factor * value + (1 - factor) * average);
        if (digit == '2') value = clamp01(factor * value + (1 - factor) * gray);
      }
    }
  }
}

int64_t mirror(int64_t i, int64_t size) { return i < 0 ? -i : i >= size ? 2 * size - 2 - i : i; }

// A two-dimensional sum per pixel.
void blur(Image& image, double sigma) {
  const Image before = image;
  const int64_t reach = static_cast<int64_t>(std::ceil(3 * sigma));
  const int64_t ry = std::min(reach, image.height - 1), rx = std::min(reach, image.width - 1);
  for (int64_t y = 0; y < image.height; ++y) {
    for (int64_t x = 0; x < image.width; ++x) {
      Pixel sum{};
      double total = 0;
      for (int64_t dy = -ry; dy <= ry; ++dy) {
        for (int64_t dx = -rx; dx <= rx; ++dx) {
          const double weight = std::exp(-static_cast<double>(dy * dy + dx * dx) / (2 * sigma * sigma));
          total += weight;
          for (size_t c = 0; c < 3; ++c)
            sum[c] += weight * before.at(mirror(y + dy, image.height), mirror(x + dx, image.width))[c];
        }
      }
      for (size_t c = 0; c < 3; ++c) image.at(y, x)[c] = sum[c] / total;
    }
  }
}

Image reference(const std::vector<uint8_t>& bytes, int64_t width, const float* row, int64_t out_height,
                int64_t out_width) {
  Image image = crop_and_resize(bytes, width, row, out_height, out_width);
  jitter(image, row);
  if (row[SL_AUGMENT_GRAYSCALE] != 0) {
    for (Pixel& pixel : image.pixels) pixel.fill(luma(pixel));
  }
  if (row[SL_AUGMENT_BLUR_SIGMA] > 0) blur(image, row[SL_AUGMENT_BLUR_SIGMA]);
  if (row[SL_AUGMENT_SOLARIZE] != 0) {
    each(image, [](const Pixel&, double value) { return value >= 128.0 / 255.0 ? 1 - value : value; });
  }
  if (row[SL_AUGMENT_FLIP] == 0) return image;
  for (int64_t y = 0; y < out_height; ++y) {
    for (int64_t x = 0; x < out_width / 2; ++x) std::swap(image.at(y, x), image.at(y, out_width - 1 - x));
  }
  return image;
}

std::vector<uint8_t> random_bytes(int64_t count, uint32_t seed) {
  std::vector<uint8_t> bytes;
  for (const float value : random_values(count, seed, 0.0f, 256.0f)) bytes.push_back(static_cast<uint8_t>(value));
  return bytes;
}

using Row = std::array<float, SL_AUGMENT_COLUMNS>;

struct Run {
  int64_t height, width, out_height, out_width;
  int32_t dtype = SL_F32;
};

// Each view is of another image. y must equal the normalised reference.
void check_views(const Run& run, const std::vector<Row>& rows) {
  const Context context;
  const int64_t count = static_cast<int64_t>(rows.size()), bytes_each = run.height * run.width * 3;
  const std::vector<uint8_t> bytes = random_bytes(count * bytes_each, 1);
  std::vector<float> parameters;
  std::vector<int32_t> order;
  std::vector<double> expected;
  for (int64_t view = 0; view < count; ++view) {
    const Row& row = rows[static_cast<size_t>(view)];
    parameters.insert(parameters.end(), row.begin(), row.end());
    order.push_back(static_cast<int32_t>(count - 1 - view));
    const auto begin = bytes.begin() + order.back() * bytes_each;
    const Image image = reference(std::vector<uint8_t>(begin, begin + bytes_each), run.width, row.data(),
                                  run.out_height, run.out_width);
    for (const Pixel& pixel : image.pixels) {
      for (size_t c = 0; c < 3; ++c) expected.push_back((pixel[c] - mean[c]) / deviation[c]);
    }
  }
  const Buffer<uint8_t> images(context, bytes);
  const Buffer<int32_t> indices(context, order);
  const Buffer<float> table(context, parameters);
  const TypedBuffer y(context, run.dtype, static_cast<int64_t>(expected.size()));
  REQUIRE(sl_augment(context, run.dtype, count, run.height, run.width, count, run.out_height, run.out_width, images,
                     indices, table, mean, deviation, y) == SL_OK);
  CHECK(relative_error(y.values(), expected) < (run.dtype == SL_BF16 ? 0x1p-8 : 5e-6));
}

// crop; jitter order, brightness, contrast, saturation, hue; grayscale, blur, solarize, flip
const Row plain = {0, 0, 32, 32, -1, 1, 1, 1, 0, 0, 0, 0, 0};

Row with(Row row, std::initializer_list<std::pair<int, float>> changes) {
  for (const auto& [column, value] : changes) row[static_cast<size_t>(column)] = value;
  return row;
}

}  // namespace

TEST_CASE("sl_augment copies a crop of the output's size unchanged") {
  const Context context;
  const std::vector<uint8_t> bytes = random_bytes(2 * 9 * 8 * 3, 2);
  const Buffer<uint8_t> images(context, bytes);
  const Buffer<int32_t> indices(context, std::vector<int32_t>{1});
  const Buffer<float> table(context, {3, 2, 5, 4, -1, 1, 1, 1, 0, 0, 0, 0, 0}), y(context, 5 * 4 * 3);
  REQUIRE(sl_augment(context, SL_F32, 2, 9, 8, 1, 5, 4, images, indices, table, zero_mean, unit, y) == SL_OK);
  std::vector<float> expected;
  for (int64_t i = 0; i < 60; ++i) {
    const int64_t row = i / 12, rest = i % 12;
    expected.push_back(static_cast<float>(bytes[static_cast<size_t>(216 + (3 + row) * 24 + 6 + rest)]) / 255.0f);
  }
  CHECK(y.get() == expected);
}

TEST_CASE("sl_augment resizes with the antialiased bicubic kernel") {
  check_views({32, 32, 32, 32}, {with(plain, {{0, 5}, {1, 3}, {2, 14}, {3, 17}}), with(plain, {{2, 1}, {3, 1}}),
                                 with(plain, {{0, 31}, {2, 1}, {3, 32}}), plain});
  check_views({40, 56, 11, 9}, {with(plain, {{2, 40}, {3, 56}}), with(plain, {{0, 2}, {1, 9}, {2, 30}, {3, 8}})});
  check_views({7, 5, 1, 1}, {with(plain, {{2, 7}, {3, 5}})});
  check_views({6, 6, 20, 13, SL_BF16}, {with(plain, {{2, 6}, {3, 6}})});
}

TEST_CASE("sl_augment applies each colour operation") {
  check_views(
      {32, 32, 32, 32},
      {with(plain, {{4, 123}, {5, 1.4f}}), with(plain, {{4, 123}, {6, 0.6f}}), with(plain, {{4, 123}, {6, 1.4f}}),
       with(plain, {{4, 123}, {7, 0.7f}}), with(plain, {{4, 123}, {7, 1.4f}}), with(plain, {{4, 123}, {8, 0.1f}}),
       with(plain, {{4, 123}, {8, -0.4f}}), with(plain, {{4, 123}, {8, 0.5f}}), with(plain, {{9, 1}}),
       with(plain, {{11, 1}}), with(plain, {{12, 1}}), with(plain, {{5, 0.5f}})});
}

TEST_CASE("sl_augment applies jitter in any order") {
  const Row jittered = with(plain, {{5, 1.3f}, {6, 0.7f}, {7, 1.35f}, {8, -0.08f}});
  std::vector<Row> rows;
  std::string digits = "0123";
  do {
    rows.push_back(with(jittered, {{4, std::stof(digits)}}));
  } while (std::next_permutation(digits.begin(), digits.end()));
  check_views({32, 32, 8, 8}, rows);
}

TEST_CASE("sl_augment blurs with mirrored borders") {
  check_views({32, 32, 32, 32}, {with(plain, {{10, 0.1f}}), with(plain, {{10, 0.7f}}), with(plain, {{10, 2.0f}})});
  check_views({32, 32, 3, 5}, {with(plain, {{10, 2.0f}})});
  check_views({32, 32, 1, 4}, {with(plain, {{10, 1.0f}})});
}

TEST_CASE("sl_augment applies everything together in the documented order") {
  const Row all = {4, 6, 20, 19, 2310, 1.2f, 0.8f, 1.3f, 0.07f, 0, 0.8f, 1, 1};
  check_views({32, 32, 32, 32}, {all, with(all, {{9, 1}}), plain});
  check_views({32, 32, 17, 15, SL_BF16}, {all});
}

TEST_CASE("sl_augment makes large views") {
  const Row all = {3, 1, 50, 62, 1302, 1.2f, 0.8f, 1.3f, 0.07f, 0, 1.1f, 0, 1};
  const Row small = {40, 50, 9, 7, -1, 1, 1, 1, 0, 0, 3.0f, 1, 0};
  check_views({60, 64, 44, 50}, {all, with(all, {{9, 1}}), small});
  check_views({60, 64, 50, 41, SL_BF16}, {all, small});
}

// The intermediate memory is sized for the largest crop: for a few of these images it exceeds what a device library
// allocates at a time.
TEST_CASE("sl_augment makes views of images that do not fit its intermediate memory together") {
  check_views({1, 200000, 8, 8}, {{0, 199990, 1, 10, -1, 1, 1, 1, 0, 0, 0, 0, 0},
                                  {0, 70000, 1, 8, 123, 1.2f, 1.3f, 1, 0, 0, 0, 0, 1},
                                  {0, 0, 1, 3, -1, 1, 1, 1, 0, 0, 0.8f, 0, 0},
                                  {0, 131072, 1, 20, -1, 1, 1, 1, 0, 0, 0, 0, 1}});
}

TEST_CASE("sl_augment gives the same bits on one and on three threads") {
  const Context one(1), three(3);
  std::vector<float> rows;
  std::vector<int32_t> order;
  for (int32_t view = 0; view < 9; ++view) {
    const Row row = {1, 2, 20, 11, 3120, 1.2f, 0.8f, 1.3f, 0.07f, 0, 0.8f, 0, 1};
    rows.insert(rows.end(), row.begin(), row.end());
    order.push_back(view % 2);
  }
  const auto views = [&](sl_context* context) {
    const Buffer<uint8_t> images(context, random_bytes(2 * 32 * 32 * 3, 3));
    const Buffer<int32_t> indices(context, order);
    const Buffer<float> table(context, rows), y(context, 9 * 32 * 32 * 3);
    REQUIRE(sl_augment(context, SL_F32, 2, 32, 32, 9, 32, 32, images, indices, table, mean, deviation, y) == SL_OK);
    return y.get();
  };
  CHECK(views(one) == views(three));
}

TEST_CASE("sl_augment refuses wrong arguments and writes nothing") {
  const Context context;
  const Buffer<uint8_t> images(context, random_bytes(2 * 32 * 32 * 3, 4));
  const Buffer<float> y(context, std::vector<float>(4 * 4 * 3, 9.0f));
  const auto augment = [&](int32_t index, const Row& row, const float* std_values = deviation, int32_t dtype = SL_F32) {
    const Buffer<int32_t> indices(context, std::vector<int32_t>{index});
    const Buffer<float> table(context, std::vector<float>(row.begin(), row.end()));
    // A GPU reads indices and parameters after the call has returned.
    const int32_t status = sl_augment(context, dtype, 2, 32, 32, 1, 4, 4, images, indices, table, mean, std_values, y);
    return status == SL_OK ? sl_synchronize(context) : status;
  };
  const std::vector<Row> wrong = {
      with(plain, {{0, 1}}),      with(plain, {{1, -1}}),           with(plain, {{2, 0}}),
      with(plain, {{3, 31.5f}}),  with(plain, {{3, 33}}),           with(plain, {{4, 0}}),
      with(plain, {{4, 1123}}),   with(plain, {{4, 124}}),          with(plain, {{4, 12.5f}}),
      with(plain, {{4, -2}}),     with(plain, {{4, 123}, {5, -1}}), with(plain, {{4, 123}, {8, 0.6f}}),
      with(plain, {{10, -0.5f}}), with(plain, {{10, nan_value}}),   with(plain, {{0, nan_value}}),
  };
  for (const Row& row : wrong) CHECK(augment(0, row) == bad);
  CHECK(augment(0, with(plain, {{3, 33}})) == bad);
  CHECK((last_error_mentions("a crop outside the image") || last_error_mentions("a value outside its range")));
  CHECK(augment(-1, plain) == bad);
  CHECK(last_error_mentions("sl_augment: "));
  CHECK(augment(2, plain) == bad);
  CHECK(augment(0, plain, zero_mean) == bad);
  CHECK(augment(0, plain, nullptr) == bad);
  CHECK(augment(0, plain, deviation, SL_U8) == bad);
  CHECK(sl_augment(context, SL_F32, 2, 32, -32, 1, 4, 4, images, nullptr, nullptr, mean, deviation, y) == bad);
  CHECK(y.get() == std::vector<float>(4 * 4 * 3, 9.0f));
  CHECK(augment(0, plain) == SL_OK);
  CHECK(y.get() != std::vector<float>(4 * 4 * 3, 9.0f));
  CHECK(sl_augment(context, SL_F32, 2, 32, 32, 0, 4, 4, images, nullptr, nullptr, mean, deviation, nullptr) == SL_OK);
}
