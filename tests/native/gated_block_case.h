// One gated block with its operands, and the masked computation that it must equal.
#pragma once

#include <algorithm>
#include "helpers.h"

namespace sluice_test {


struct Case {
  sl_gated_block_shape shape;
  std::vector<float> x, mask, weights1, scale1, shift1, weights2, scale2, shift2, residual;

  int64_t out_height() const { return (shape.height - 1) / shape.stride + 1; }
  int64_t out_width() const { return (shape.width - 1) / shape.stride + 1; }
  int64_t outputs() const { return shape.batch * out_height() * out_width() * shape.channels; }
};

// Every channel is open with probability `open_share`, image by image.
inline Case make_case(const sl_gated_block_shape& shape, float open_share, uint32_t seed) {
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

// One image of a case, by itself.
Case image_of(const Case& a, int64_t image) {
  Case alone = a;
  alone.shape.batch = 1;
  const auto cut = [&](std::vector<float>& values, int64_t length) {
    values = std::vector<float>(values.begin() + image * length, values.begin() + (image + 1) * length);
  };
  cut(alone.x, int64_t{a.shape.height} * a.shape.width * a.shape.in_channels);
  cut(alone.mask, a.shape.channels);
  cut(alone.residual, a.outputs() / a.shape.batch);
  return alone;
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

inline std::vector<double> masked_block(const Case& a) {
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

inline int64_t packed_floats(sl_context* context, const Case& a, int32_t convolution) {
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

inline std::vector<float> gated_block(const Case& a, int threads) {
  Context context(threads);
  Operands b(context, a);
  REQUIRE(b.forward(context, a) == SL_OK);
  return b.y.get();
}

inline void check_case(const sl_gated_block_shape& shape, float open_share, uint32_t seed) {
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

}  // namespace sluice_test
