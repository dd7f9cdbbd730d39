// The gated block at inference, against the masked computation in plain double loops.
#include <algorithm>

#include "helpers.h"

using namespace sluice_test;

namespace {

struct Case {
  sl_gated_block_shape shape;
  std::vector<float> x, mask, weights1, scale1, shift1, weights2, scale2, shift2, residual;

  int64_t out_height() const { return (shape.height - 1) / shape.stride + 1; }
  int64_t out_width() const { return (shape.width - 1) / shape.stride + 1; }
  int64_t outputs() const { return shape.batch * out_height() * out_width() * shape.channels; }
};

// Every channel is open with probability `open_share`, image by image.
Case make_case(const sl_gated_block_shape& shape, float open_share, uint32_t seed) {
  Case made;
  made.shape = shape;
  const int64_t channels = shape.channels, in_channels = shape.in_channels;
  made.x = random_values(int64_t{shape.batch} * shape.height * shape.width * in_channels, seed);
  made.mask = random_values(shape.batch * channels, seed + 1, 0.0f, 1.0f);
  for (float& bit : made.mask) bit = bit < open_share ? 1.0f : 0.0f;
  made.weights1 = random_values(channels * 9 * in_channels, seed + 2);
  made.scale1 = random_values(channels, seed + 3, 0.5f, 1.5f);
  made.shift1 = random_values(channels, seed + 4);
  made.weights2 = random_values(channels * 9 * channels, seed + 5);
  made.scale2 = random_values(channels, seed + 6, 0.5f, 1.5f);
  made.shift2 = random_values(channels, seed + 7);
  made.residual = random_values(made.outputs(), seed + 8);
  return made;
}

// 3x3 convolution with padding 1 of x [height, width, in] at one output position, weights OHWI.
double convolve(const double* x, int64_t height, int64_t width, int64_t in, const float* weights, int64_t top,
                int64_t left) {
  double sum = 0.0;
  for (int64_t ky = 0; ky < 3; ++ky) {
    for (int64_t kx = 0; kx < 3; ++kx) {
      const int64_t y = top + ky, column = left + kx;
      if (y < 0 || y >= height || column < 0 || column >= width) continue;
      for (int64_t i = 0; i < in; ++i) sum += x[(y * width + column) * in + i] * weights[(ky * 3 + kx) * in + i];
    }
  }
  return sum;
}

std::vector<double> masked_block(const Case& a) {
  const int64_t height = a.out_height(), width = a.out_width(), channels = a.shape.channels, in = a.shape.in_channels;
  const int64_t pixels = height * width, in_pixels = int64_t{a.shape.height} * a.shape.width, stride = a.shape.stride;
  const std::vector<double> x(a.x.begin(), a.x.end());
  std::vector<double> hidden(static_cast<size_t>(pixels * channels)), result(static_cast<size_t>(a.outputs()));
  for (int64_t image = 0; image < a.shape.batch; ++image) {
    for (int64_t pixel = 0; pixel < pixels; ++pixel) {
      for (int64_t c = 0; c < channels; ++c) {
        const double sum =
            convolve(x.data() + image * in_pixels * in, a.shape.height, a.shape.width, in,
                     a.weights1.data() + c * 9 * in, pixel / width * stride - 1, pixel % width * stride - 1);
        hidden[pixel * channels + c] = std::max(0.0, a.scale1[c] * sum + a.shift1[c]) * a.mask[image * channels + c];
      }
    }
    for (int64_t pixel = 0; pixel < pixels; ++pixel) {
      for (int64_t c = 0; c < channels; ++c) {
        const double sum = convolve(hidden.data(), height, width, channels, a.weights2.data() + c * 9 * channels,
                                    pixel / width - 1, pixel % width - 1);
        const int64_t at = (image * pixels + pixel) * channels + c;
        result[at] = std::max(0.0, a.scale2[c] * sum + a.shift2[c] + a.residual[at]);
      }
    }
  }
  return result;
}

int64_t packed_floats(sl_context* context, const Case& a, int32_t convolution) {
  int64_t bytes = -1;
  REQUIRE(sl_gated_block_packed_bytes(context, &a.shape, convolution, &bytes) == SL_OK);
  return bytes / static_cast<int64_t>(sizeof(float));
}

struct Operands {
  Buffer<float> x, mask, packed1, scale1, shift1, packed2, scale2, shift2, residual, y;

  Operands(sl_context* context, const Case& a)
      : x(context, a.x),
        mask(context, a.mask),
        packed1(context, packed_floats(context, a, SL_GATED_BLOCK_FIRST)),
        scale1(context, a.scale1),
        shift1(context, a.shift1),
        packed2(context, packed_floats(context, a, SL_GATED_BLOCK_SECOND)),
        scale2(context, a.scale2),
        shift2(context, a.shift2),
        residual(context, a.residual),
        y(context, std::vector<float>(static_cast<size_t>(a.outputs()), nan_value)) {
    pack(context, a, SL_GATED_BLOCK_FIRST, a.weights1, packed1);
    pack(context, a, SL_GATED_BLOCK_SECOND, a.weights2, packed2);
  }

  int32_t forward(sl_context* context, const Case& a) {
    return sl_gated_block_forward(context, &a.shape, x, mask, packed1, scale1, shift1, packed2, scale2, shift2,
                                  residual, y);
  }

 private:
  // Into what was NaN.
  static void pack(sl_context* context, const Case& a, int32_t convolution, const std::vector<float>& weights,
                   const Buffer<float>& packed) {
    packed.set(std::vector<float>(static_cast<size_t>(packed_floats(context, a, convolution)), nan_value));
    const Buffer<float> given(context, weights);
    REQUIRE(sl_gated_block_pack(context, &a.shape, convolution, given, packed) == SL_OK);
  }
};

std::vector<float> gated_block(const Case& a, int threads) {
  Context context(threads);
  Operands b(context, a);
  REQUIRE(b.forward(context, a) == SL_OK);
  return b.y.get();
}

void check_case(const sl_gated_block_shape& shape, float open_share, uint32_t seed) {
  CAPTURE(shape.batch);
  CAPTURE(shape.height);
  CAPTURE(shape.width);
  CAPTURE(shape.in_channels);
  CAPTURE(shape.channels);
  CAPTURE(shape.stride);
  CAPTURE(open_share);
  const Case made = make_case(shape, open_share, seed);
  CHECK(relative_error(gated_block(made, 2), masked_block(made)) < 1e-5);
}

}  // namespace

TEST_CASE("a gated block equals the masked computation at every map size, stride and share of open channels") {
  uint32_t seed = 100;
  const int32_t maps[][2] = {{1, 1}, {1, 7}, {7, 1}, {2, 3}, {5, 5}, {5, 7}, {9, 9}, {8, 13}, {17, 17}};
  for (const auto& map : maps) {
    for (const int32_t stride : {1, 2}) {
      for (const float open_share : {0.0f, 0.3f, 1.0f}) {
        check_case({1, map[0], map[1], 12, 16, stride}, open_share, seed += 10);
      }
    }
  }
}

TEST_CASE("a gated block equals the masked computation for channel counts that no vector length divides") {
  uint32_t seed = 2000;
  for (const int32_t in_channels : {1, 3, 4, 8, 16, 20, 33}) {
    for (const int32_t channels : {1, 4, 12, 16, 32, 40, 65}) {
      check_case({1, 5, 6, in_channels, channels, 1}, 0.5f, seed += 10);
    }
  }
  for (const int32_t channels : {64, 76, 128, 132}) check_case({1, 4, 5, 8, channels, 2}, 0.4f, seed += 10);
}

TEST_CASE("a gated block equals the masked computation for batches below, at and above what threads take whole") {
  uint32_t seed = 4000;
  for (const int32_t batch : {2, 3, 4, 7}) {
    check_case({batch, 9, 9, 16, 20, 1}, 0.4f, seed += 10);
    check_case({batch, 9, 9, 8, 68, 2}, 0.4f, seed += 10);
  }
  check_case({1, 34, 34, 4, 8, 1}, 0.5f, 5000);
  check_case({1, 34, 34, 8, 16, 2}, 0.5f, 5010);
  check_case({1, 32, 32, 16, 16, 1}, 0.5f, 5020);
}

TEST_CASE("a gated block equals the masked computation where tiles are many, for every size of tile") {
  uint32_t seed = 5500;
  // Maps of whole tiles and of cut ones: by 2, by 3, by 4 outputs a side.
  const int32_t maps[][2] = {{2, 14}, {9, 9}, {12, 15}, {8, 8}, {17, 17}, {5, 31}};
  for (const auto& map : maps) {
    for (const float open_share : {0.0f, 0.1f, 0.5f, 1.0f}) {
      check_case({1, map[0], map[1], 32, 48, 1}, open_share, seed += 10);
      check_case({7, map[0], map[1], 48, 32, 1}, open_share, seed += 10);
    }
  }
  check_case({3, 34, 34, 32, 32, 2}, 0.5f, seed += 10);
  check_case({2, 34, 34, 64, 64, 1}, 0.5f, seed += 10);
  // Weights of one position that come in pieces of channels, for many images at once.
  check_case({12, 5, 5, 272, 512, 1}, 0.3f, seed += 10);
}

TEST_CASE("every number of open channels is computed where tiles are many") {
  for (int32_t count = 0; count <= 32; ++count) {
    Case made = make_case({1, 17, 9, 32, 32, 1}, 0.0f, 6400 + count);
    for (int32_t entry = 0; entry < count; ++entry) made.mask[(entry * 11 + 5) % 32] = 1.0f;
    CHECK(relative_error(gated_block(made, 2), masked_block(made)) < 1e-5);
  }
}

TEST_CASE("any single open channel is computed alone") {
  for (int32_t channel = 0; channel < 20; ++channel) {
    Case made = make_case({1, 5, 7, 4, 20, 1}, 0.0f, 6000);
    made.mask[channel] = 1.0f;
    CHECK(relative_error(gated_block(made, 2), masked_block(made)) < 1e-5);
  }
}

TEST_CASE("images of one batch each follow their own mask, an empty one among them") {
  Case made = make_case({6, 9, 9, 8, 24, 1}, 0.5f, 7000);
  std::fill_n(made.mask.begin() + 24 * 2, 24, 0.0f);
  std::fill_n(made.mask.begin() + 24 * 3, 24, 1.0f);
  const std::vector<double> expected = masked_block(made);
  CHECK(relative_error(gated_block(made, 2), expected) < 1e-5);
  for (size_t i = 0; i < 9 * 9 * 24; ++i) {
    const size_t at = 2 * 9 * 9 * 24 + i;
    CHECK(expected[at] == doctest::Approx(std::max(0.0, static_cast<double>(made.shift2[i % 24]) + made.residual[at])));
  }
}

TEST_CASE("closed channels are not looked at: their weights may be NaN") {
  for (const int32_t channels : {12, 32}) {
    Case made = make_case({2, 9, 14, 32, channels, 1}, 0.5f, 8000);
    for (int32_t entry = 0; entry < 2 * channels; ++entry) made.mask[entry] = entry % channels % 3 == 0 ? 1.0f : 0.0f;
    const std::vector<double> expected = masked_block(made);
    for (int32_t channel = 0; channel < channels; ++channel) {
      if (channel % 3 == 0) continue;
      for (int64_t k = 0; k < 9 * 32; ++k) made.weights1[channel * 9 * 32 + k] = nan_value;
      for (int64_t row = 0; row < channels * 9; ++row) made.weights2[row * channels + channel] = nan_value;
    }
    CHECK(relative_error(gated_block(made, 2), expected) < 1e-5);
  }
}

TEST_CASE("a NaN in the input reaches the output") {
  Case made = make_case({1, 5, 5, 8, 12, 1}, 1.0f, 8500);
  made.x[(2 * 5 + 2) * 8] = nan_value;
  for (const float value : gated_block(made, 2)) CHECK(std::isnan(value));
  Case tiled = make_case({6, 5, 5, 32, 32, 1}, 1.0f, 8600);
  for (size_t image = 0; image < 6; ++image) tiled.x[((image * 5 + 2) * 5 + 2) * 32] = nan_value;
  for (const float value : gated_block(tiled, 2)) CHECK(std::isnan(value));
}

TEST_CASE("the bits of a gated block depend neither on the thread count nor on the rest of the batch") {
  const sl_gated_block_shape shapes[] = {{5, 17, 13, 20, 68, 1}, {5, 17, 13, 20, 68, 2}, {5, 17, 17, 32, 64, 1}};
  for (const sl_gated_block_shape& shape : shapes) {
    const Case made = make_case(shape, 0.4f, 9000);
    const std::vector<float> one = gated_block(made, 1);
    for (const int threads : {2, 3, 8}) {
      const std::vector<float> several = gated_block(made, threads);
      CHECK(std::memcmp(one.data(), several.data(), one.size() * sizeof(float)) == 0);
    }
    Case last = made;
    last.shape.batch = 1;
    last.x.erase(last.x.begin(), last.x.end() - int64_t{shape.height} * shape.width * shape.in_channels);
    last.mask.erase(last.mask.begin(), last.mask.end() - shape.channels);
    last.residual.erase(last.residual.begin(), last.residual.end() - last.outputs());
    const std::vector<float> alone = gated_block(last, 2);
    CHECK(std::memcmp(one.data() + one.size() - alone.size(), alone.data(), alone.size() * sizeof(float)) == 0);
  }
}

TEST_CASE("weights that outgrow the cache are read in pieces for several images, to the same bits") {
  const Case made = make_case({5, 3, 3, 130, 200, 1}, 0.4f, 9300);
  const std::vector<float> together = gated_block(made, 1);
  CHECK(relative_error(together, masked_block(made)) < 1e-5);
  // Two threads take three and two whole images together, three share each image.
  for (const int threads : {2, 3}) {
    const std::vector<float> shared = gated_block(made, threads);
    CHECK(std::memcmp(together.data(), shared.data(), shared.size() * sizeof(float)) == 0);
  }
}

TEST_CASE("without input channels what remains is shifts and the second convolution") {
  const Case made = make_case({4, 3, 4, 0, 150, 1}, 0.5f, 9400);
  CHECK(relative_error(gated_block(made, 2), masked_block(made)) < 1e-5);
}

TEST_CASE("a gated block leaves no memory behind") {
  for (const int32_t channels : {12, 32}) {
    Context context(2);
    const Case a = make_case({6, 9, 9, 32, channels, 1}, 0.5f, 9500);
    Operands b(context, a);
    int64_t before[4], after[4];
    REQUIRE(sl_memory_stats(context, before) == SL_OK);
    REQUIRE(b.forward(context, a) == SL_OK);
    REQUIRE(sl_memory_stats(context, after) == SL_OK);
    CHECK(after[0] == before[0]);
    CHECK(after[3] == before[3]);
  }
}

TEST_CASE("a gated block of no elements is a no-op") {
  Context context(1);
  const sl_gated_block_shape empty[] = {{0, 5, 5, 4, 4, 1}, {1, 0, 5, 4, 4, 1}, {1, 5, 0, 4, 4, 1}, {1, 5, 5, 4, 0, 1}};
  for (const sl_gated_block_shape& shape : empty) {
    CHECK(sl_gated_block_forward(context, &shape, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                                 nullptr, nullptr, nullptr) == SL_OK);
  }
  for (const sl_gated_block_shape& shape : empty) {
    int64_t bytes = -1;
    CHECK(sl_gated_block_packed_bytes(context, &shape, SL_GATED_BLOCK_FIRST, &bytes) == SL_OK);
    CHECK(bytes == 0);
    CHECK(sl_gated_block_pack(context, &shape, SL_GATED_BLOCK_SECOND, nullptr, nullptr) == SL_OK);
  }
}

TEST_CASE("bad arguments of a gated block are refused and nothing is written") {
  Context context(1);
  const Buffer<float> buffer(context, std::vector<float>(400, 0.5f)), y(context, std::vector<float>(100, 7.0f));
  const auto call = [&](sl_context* with, const sl_gated_block_shape* shape, int missing) {
    const auto operand = [&](int index) -> const float* { return index == missing ? nullptr : buffer.data(); };
    return sl_gated_block_forward(with, shape, operand(0), operand(1), operand(2), operand(3), operand(4), operand(5),
                                  operand(6), operand(7), operand(8), missing == 9 ? nullptr : y.data());
  };
  const sl_gated_block_shape good{1, 5, 5, 4, 4, 1};
  for (int missing = 0; missing <= 9; ++missing) {
    CHECK(call(context, &good, missing) == SL_ERROR_INVALID_ARGUMENT);
    CHECK(last_error_mentions("sl_gated_block_forward"));
    CHECK(last_error_mentions("[1,5,5,4]"));
  }
  CHECK(call(nullptr, &good, -1) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(call(context, nullptr, -1) == SL_ERROR_INVALID_ARGUMENT);
  const sl_gated_block_shape bad[] = {{-1, 5, 5, 4, 4, 1}, {1, -5, 5, 4, 4, 1}, {1, 5, -5, 4, 4, 1},
                                      {1, 5, 5, -4, 4, 1}, {1, 5, 5, 4, -4, 1}, {1, 5, 5, 4, 4, 0},
                                      {1, 5, 5, 4, 4, -2}};
  for (const sl_gated_block_shape& shape : bad) {
    CHECK(call(context, &shape, -1) == SL_ERROR_INVALID_ARGUMENT);
  }
  for (const float value : y.get()) CHECK(value == 7.0f);
  int64_t bytes = -1;
  for (const sl_gated_block_shape& shape : bad) {
    CHECK(sl_gated_block_packed_bytes(context, &shape, SL_GATED_BLOCK_FIRST, &bytes) == SL_ERROR_INVALID_ARGUMENT);
    CHECK(sl_gated_block_pack(context, &shape, SL_GATED_BLOCK_FIRST, buffer, y) == SL_ERROR_INVALID_ARGUMENT);
  }
  for (const int32_t convolution : {-1, 2}) {
    CHECK(sl_gated_block_packed_bytes(context, &good, convolution, &bytes) == SL_ERROR_INVALID_ARGUMENT);
    CHECK(sl_gated_block_pack(context, &good, convolution, buffer, y) == SL_ERROR_INVALID_ARGUMENT);
  }
  CHECK(sl_gated_block_packed_bytes(context, &good, SL_GATED_BLOCK_FIRST, nullptr) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_block_packed_bytes(nullptr, &good, SL_GATED_BLOCK_FIRST, &bytes) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_block_pack(context, &good, SL_GATED_BLOCK_FIRST, nullptr, y) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_block_pack(context, &good, SL_GATED_BLOCK_SECOND, buffer, nullptr) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_block_pack(nullptr, &good, SL_GATED_BLOCK_FIRST, buffer, y) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(bytes == -1);
  for (const float value : y.get()) CHECK(value == 7.0f);
}
