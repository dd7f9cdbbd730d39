// One gated bottleneck with its operands, and the masked computation that it must equal.
#pragma once

#include <algorithm>

#include "helpers.h"

namespace sluice_test {

struct BottleneckCase {
  sl_gated_bottleneck_shape shape;
  std::vector<float> x, mask1, mask2, weights1, scale1, shift1, weights2, scale2, shift2, weights3, scale3, shift3,
      residual;

  int64_t out_height() const { return (shape.height - 1) / shape.stride + 1; }
  int64_t out_width() const { return (shape.width - 1) / shape.stride + 1; }
  int64_t in_pixels() const { return int64_t{shape.height} * shape.width; }
  int64_t out_pixels() const { return out_height() * out_width(); }
  int64_t out_channels() const { return int64_t{4} * shape.channels; }
  int64_t outputs() const { return shape.batch * out_pixels() * out_channels(); }
};

// Every channel is open with probability `open_share`, image by image.
inline std::vector<float> random_mask(int64_t count, float open_share, uint32_t seed) {
  std::vector<float> mask = random_values(count, seed, 0.0f, 1.0f);
  for (float& bit : mask) bit = bit < open_share ? 1.0f : 0.0f;
  return mask;
}

inline BottleneckCase make_bottleneck(const sl_gated_bottleneck_shape& shape, float open_share1, float open_share2,
                                      uint32_t seed) {
  BottleneckCase made;
  made.shape = shape;
  const int64_t channels = shape.channels, in_channels = shape.in_channels, out_channels = made.out_channels();
  made.x = random_values(shape.batch * made.in_pixels() * in_channels, seed);
  made.mask1 = random_mask(shape.batch * channels, open_share1, seed + 1);
  made.mask2 = random_mask(shape.batch * channels, open_share2, seed + 2);
  made.weights1 = random_values(channels * in_channels, seed + 3);
  made.scale1 = random_values(channels, seed + 4, 0.5f, 1.5f);
  made.shift1 = random_values(channels, seed + 5);
  made.weights2 = random_values(channels * 9 * channels, seed + 6);
  made.scale2 = random_values(channels, seed + 7, 0.5f, 1.5f);
  made.shift2 = random_values(channels, seed + 8);
  made.weights3 = random_values(out_channels * channels, seed + 9);
  made.scale3 = random_values(out_channels, seed + 10, 0.5f, 1.5f);
  made.shift3 = random_values(out_channels, seed + 11);
  made.residual = random_values(made.outputs(), seed + 12);
  return made;
}

// One image of a case, by itself.
inline BottleneckCase bottleneck_image(const BottleneckCase& a, int64_t image) {
  BottleneckCase alone = a;
  alone.shape.batch = 1;
  const auto cut = [&](std::vector<float>& values, int64_t length) {
    values = std::vector<float>(values.begin() + image * length, values.begin() + (image + 1) * length);
  };
  cut(alone.x, a.in_pixels() * a.shape.in_channels);
  cut(alone.mask1, a.shape.channels);
  cut(alone.mask2, a.shape.channels);
  cut(alone.residual, a.outputs() / a.shape.batch);
  return alone;
}

// The map before the norm, of kernels of `side`, their padding such that a stride of 1 keeps the size.
struct MapSize {
  int64_t height, width, channels;
};

inline std::vector<double> convolved_map(const std::vector<double>& x, const MapSize& in, const MapSize& out,
                                         int64_t side, int64_t stride, const std::vector<float>& weights) {
  std::vector<double> result(static_cast<size_t>(out.height * out.width * out.channels));
  for (int64_t at = 0; at < static_cast<int64_t>(result.size()); ++at) {
    const int64_t channel = at % out.channels, pixel = at / out.channels;
    for (int64_t tap = 0; tap < side * side; ++tap) {
      const int64_t row = pixel / out.width * stride + tap / side - side / 2;
      const int64_t column = pixel % out.width * stride + tap % side - side / 2;
      if (row < 0 || row >= in.height || column < 0 || column >= in.width) continue;
      const double* const from = x.data() + (row * in.width + column) * in.channels;
      const float* const weight = weights.data() + (channel * side * side + tap) * in.channels;
      for (int64_t i = 0; i < in.channels; ++i) result[at] += from[i] * weight[i];
    }
  }
  return result;
}

inline std::vector<double> masked_bottleneck(const BottleneckCase& a) {
  const int64_t channels = a.shape.channels;
  const MapSize in{a.shape.height, a.shape.width, a.shape.in_channels}, hidden1{in.height, in.width, channels};
  const MapSize hidden2{a.out_height(), a.out_width(), channels}, out{hidden2.height, hidden2.width, a.out_channels()};
  std::vector<double> result;
  for (int64_t image = 0; image < a.shape.batch; ++image) {
    const auto masked = [&](std::vector<double> map, const std::vector<float>& scale, const std::vector<float>& shift,
                            const std::vector<float>& mask) {
      for (size_t at = 0; at < map.size(); ++at) {
        const int64_t channel = static_cast<int64_t>(at) % channels;
        map[at] = std::max(0.0, scale[channel] * map[at] + shift[channel]) * mask[image * channels + channel];
      }
      return map;
    };
    const auto from = a.x.begin() + image * a.in_pixels() * in.channels;
    const std::vector<double> x(from, from + a.in_pixels() * in.channels);
    const std::vector<double> h1 =
        masked(convolved_map(x, in, hidden1, 1, 1, a.weights1), a.scale1, a.shift1, a.mask1);
    const std::vector<double> h2 =
        masked(convolved_map(h1, hidden1, hidden2, 3, a.shape.stride, a.weights2), a.scale2, a.shift2, a.mask2);
    for (const double sum : convolved_map(h2, hidden2, out, 1, 1, a.weights3)) {
      const int64_t at = static_cast<int64_t>(result.size()), channel = at % out.channels;
      result.push_back(std::max(0.0, a.scale3[channel] * sum + a.shift3[channel] + a.residual[at]));
    }
  }
  return result;
}

inline int64_t bottleneck_packed_floats(sl_context* context, const BottleneckCase& a, int32_t convolution) {
  int64_t bytes = -1;
  REQUIRE(sl_gated_bottleneck_packed_bytes(context, &a.shape, convolution, &bytes) == SL_OK);
  return bytes / static_cast<int64_t>(sizeof(float));
}

// A case on the device.
struct BottleneckBuffers {
  Buffer<float> x, mask1, mask2, packed1, scale1, shift1, packed2, scale2, shift2, packed3, scale3, shift3, residual, y;

  BottleneckBuffers(sl_context* context, const BottleneckCase& a)
      : x(context, a.x),
        mask1(context, a.mask1),
        mask2(context, a.mask2),
        packed1(context, bottleneck_packed_floats(context, a, SL_GATED_BOTTLENECK_FIRST)),
        scale1(context, a.scale1),
        shift1(context, a.shift1),
        packed2(context, bottleneck_packed_floats(context, a, SL_GATED_BOTTLENECK_SECOND)),
        scale2(context, a.scale2),
        shift2(context, a.shift2),
        packed3(context, bottleneck_packed_floats(context, a, SL_GATED_BOTTLENECK_THIRD)),
        scale3(context, a.scale3),
        shift3(context, a.shift3),
        residual(context, a.residual),
        y(context, std::vector<float>(static_cast<size_t>(a.outputs()), nan_value)) {
    pack(context, a, SL_GATED_BOTTLENECK_FIRST, a.weights1, packed1);
    pack(context, a, SL_GATED_BOTTLENECK_SECOND, a.weights2, packed2);
    pack(context, a, SL_GATED_BOTTLENECK_THIRD, a.weights3, packed3);
  }

  int32_t forward(sl_context* context, const BottleneckCase& a) {
    return sl_gated_bottleneck_forward(context, &a.shape, x, mask1, mask2, packed1, scale1, shift1, packed2, scale2,
                                       shift2, packed3, scale3, shift3, residual, y);
  }

 private:
  // Into what was NaN.
  static void pack(sl_context* context, const BottleneckCase& a, int32_t convolution,
                   const std::vector<float>& weights, const Buffer<float>& packed) {
    packed.set(std::vector<float>(static_cast<size_t>(bottleneck_packed_floats(context, a, convolution)), nan_value));
    const Buffer<float> given(context, weights);
    REQUIRE(sl_gated_bottleneck_pack(context, &a.shape, convolution, given, packed) == SL_OK);
  }
};

inline std::vector<float> gated_bottleneck(const BottleneckCase& a, int threads) {
  Context context(threads);
  BottleneckBuffers b(context, a);
  REQUIRE(b.forward(context, a) == SL_OK);
  return b.y.get();
}

inline void check_bottleneck(const sl_gated_bottleneck_shape& shape, float open_share1, float open_share2,
                             uint32_t seed) {
  CAPTURE(shape.batch);
  CAPTURE(shape.height);
  CAPTURE(shape.width);
  CAPTURE(shape.in_channels);
  CAPTURE(shape.channels);
  CAPTURE(shape.stride);
  CAPTURE(open_share1);
  CAPTURE(open_share2);
  const BottleneckCase made = make_bottleneck(shape, open_share1, open_share2, seed);
  CHECK(relative_error(gated_bottleneck(made, 2), masked_bottleneck(made)) < 1e-5);
}

}  // namespace sluice_test
