// One gated block with its operands, and the masked computation that it must equal.
#pragma once

#include <algorithm>
#include <memory>

#include "typed_buffer.h"

namespace sluice_test {

using Table = std::vector<sl_gated_convolution>;

// 3x3, mask, 3x3.
inline Table basic(int32_t channels, int32_t stride = 1, int32_t group = 1) {
  return {{3, stride, 1, channels, group}, {3, 1, 1, channels, 0}};
}

// 1x1, mask, 3x3, mask, 1x1 to four times as many channels.
inline Table bottleneck(int32_t channels, int32_t stride = 1, int32_t group = 1) {
  return {{1, 1, 0, channels, group}, {3, stride, 1, channels, group}, {1, 1, 0, 4 * channels, 0}};
}

struct ImageSizes {
  int32_t batch, height, width, in_channels;
};

// The map that a convolution reads or writes.
struct MapSize {
  int64_t height, width, channels;
  int64_t count() const { return height * width * channels; }
};

struct LayerValues {
  std::vector<float> mask, weights, scale, shift;
};

struct Case {
  sl_gated_shape shape;
  Table table;
  std::vector<float> x, residual;
  std::vector<LayerValues> layers;

  MapSize input_of(size_t index) const {
    if (index == 0) return {shape.height, shape.width, shape.in_channels};
    const MapSize in = input_of(index - 1);
    const sl_gated_convolution& c = table[index - 1];
    const auto length = [&](int64_t from) { return (from + 2 * c.padding - c.kernel) / c.stride + 1; };
    return {length(in.height), length(in.width), c.outputs};
  }
  MapSize output() const { return input_of(table.size()); }
};

// Each group of channels is open with probability `open_share`, image by image.
inline std::vector<float> random_mask(int64_t count, int32_t group, float open_share, uint32_t seed) {
  const std::vector<float> values = random_values(count / group, seed, 0.0f, 1.0f);
  std::vector<float> mask;
  for (const float value : values)
    mask.insert(mask.end(), static_cast<size_t>(group), value < open_share ? 1.0f : 0.0f);
  return mask;
}

// `open_shares`: of the masked convolutions in order; the last share holds for those that follow.
inline Case make_case(const ImageSizes& x, const Table& table, const std::vector<float>& open_shares, uint32_t seed) {
  Case made;
  made.shape = {x.batch, x.height, x.width, x.in_channels, static_cast<int32_t>(table.size()), SL_F32};
  made.table = table;
  made.x = random_values(x.batch * made.input_of(0).count(), seed++);
  size_t masks = 0;
  for (size_t index = 0; index < table.size(); ++index) {
    const sl_gated_convolution& c = table[index];
    LayerValues layer;
    if (c.group != 0) {
      const float open_share = open_shares[std::min(masks++, open_shares.size() - 1)];
      layer.mask = random_mask(int64_t{x.batch} * c.outputs, c.group, open_share, seed++);
    }
    layer.weights = random_values(int64_t{c.outputs} * c.kernel * c.kernel * made.input_of(index).channels, seed++);
    layer.scale = random_values(c.outputs, seed++, 0.5f, 1.5f);
    layer.shift = random_values(c.outputs, seed++);
    made.layers.push_back(layer);
  }
  made.residual = random_values(x.batch * made.output().count(), seed++);
  return made;
}

// The same with maps in bf16.
inline Case in_bf16(Case made) {
  made.shape.dtype = SL_BF16;
  made.x = from_bf16(to_bf16(made.x));
  made.residual = from_bf16(to_bf16(made.residual));
  return made;
}

// One image of a case, by itself.
inline Case image_of(const Case& a, int64_t image) {
  Case alone = a;
  alone.shape.batch = 1;
  const auto cut = [&](std::vector<float>& values, int64_t length) {
    values = std::vector<float>(values.begin() + image * length, values.begin() + (image + 1) * length);
  };
  cut(alone.x, a.input_of(0).count());
  cut(alone.residual, a.output().count());
  for (size_t index = 0; index < a.table.size(); ++index) {
    if (a.table[index].group != 0) cut(alone.layers[index].mask, a.table[index].outputs);
  }
  return alone;
}

// Whether the input channel of a convolution is open in an image.
inline bool is_open_input(const Case& a, size_t index, int64_t image, int64_t channel) {
  if (index == 0 || a.table[index - 1].group == 0) return true;
  return a.layers[index - 1].mask[static_cast<size_t>(image * a.table[index - 1].outputs + channel)] != 0.0f;
}

inline bool is_open_output(const Case& a, size_t index, int64_t image, int64_t channel) {
  return is_open_input(a, index + 1, image, channel);
}

// Most of the time of these tests. Sanitizers would triple it, and have nothing to find here.
__attribute__((no_sanitize("address", "undefined"))) inline double dot(const double* a, const float* b, int64_t n) {
  double sum = 0.0;
  for (int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

// One image's map [height, width, channels] before the norm, in plain double loops.
inline std::vector<double> convolved_map(const std::vector<double>& x, const MapSize& in, const MapSize& out,
                                         const sl_gated_convolution& c, const std::vector<float>& weights) {
  std::vector<double> result(static_cast<size_t>(out.count()));
  const int64_t taps = int64_t{c.kernel} * c.kernel;
  for (int64_t at = 0; at < out.count(); ++at) {
    const int64_t channel = at % out.channels, pixel = at / out.channels;
    for (int64_t tap = 0; tap < taps; ++tap) {
      const int64_t row = pixel / out.width * c.stride + tap / c.kernel - c.padding;
      const int64_t column = pixel % out.width * c.stride + tap % c.kernel - c.padding;
      if (row < 0 || row >= in.height || column < 0 || column >= in.width) continue;
      const double* const from = x.data() + (row * in.width + column) * in.channels;
      const float* const weight = weights.data() + (channel * taps + tap) * in.channels;
      result[at] += dot(from, weight, in.channels);
    }
  }
  return result;
}

inline std::vector<double> masked_block(const Case& a) {
  std::vector<double> result;
  for (int64_t image = 0; image < a.shape.batch; ++image) {
    const auto from = a.x.begin() + image * a.input_of(0).count();
    std::vector<double> map(from, from + a.input_of(0).count());
    for (size_t index = 0; index < a.table.size(); ++index) {
      const MapSize in = a.input_of(index), out = a.input_of(index + 1);
      const LayerValues& layer = a.layers[index];
      const bool is_last = index + 1 == a.table.size();
      map = convolved_map(map, in, out, a.table[index], layer.weights);
      for (int64_t at = 0; at < out.count(); ++at) {
        const int64_t channel = at % out.channels;
        const double added = is_last ? a.residual[static_cast<size_t>(image * out.count() + at)] : 0.0;
        const double value = std::max(0.0, layer.scale[channel] * map[at] + layer.shift[channel] + added);
        map[at] = is_open_output(a, index, image, channel) ? value : 0.0;
      }
    }
    result.insert(result.end(), map.begin(), map.end());
  }
  return result;
}

inline int64_t packed_floats(sl_context* context, const Case& a, int32_t index) {
  int64_t bytes = -1;
  REQUIRE(sl_gated_packed_bytes(context, &a.shape, a.table.data(), index, &bytes) == SL_OK);
  return bytes / static_cast<int64_t>(sizeof(float));
}

// The operands of one convolution on the device; its weights are packed into what was NaN.
struct LayerBuffers {
  Buffer<float> mask, packed, scale, shift;

  LayerBuffers(sl_context* context, const Case& a, int32_t index)
      : mask(context, a.layers[index].mask),
        packed(context, std::vector<float>(static_cast<size_t>(packed_floats(context, a, index)), nan_value)),
        scale(context, a.layers[index].scale),
        shift(context, a.layers[index].shift) {
    const Buffer<float> weights(context, a.layers[index].weights);
    REQUIRE(sl_gated_pack(context, &a.shape, a.table.data(), index, weights, packed) == SL_OK);
  }
};

// A case on the device.
class Operands {
 public:
  Operands(sl_context* context, const Case& a)
      : x(context, a.shape.dtype, a.x),
        residual(context, a.shape.dtype, a.residual),
        y(context, a.shape.dtype, a.shape.batch * a.output().count()),
        pooled(context, std::vector<float>(static_cast<size_t>(a.shape.batch * a.output().channels), nan_value)) {
    for (int32_t index = 0; index < a.shape.convolutions; ++index) {
      layers_.push_back(std::make_unique<LayerBuffers>(context, a, index));
      const LayerBuffers& layer = *layers_.back();
      const float* const row[] = {a.table[index].group != 0 ? layer.mask.data() : nullptr, layer.packed, layer.scale,
                                  layer.shift};
      for (const float* operand : row) addresses.push_back(reinterpret_cast<uint64_t>(operand));
    }
  }

  int32_t forward(sl_context* context, const Case& a, int32_t products = SL_F32) const {
    return sl_gated_forward(context, &a.shape, a.table.data(), products, addresses.data(), x, residual, y, pooled);
  }

  TypedBuffer x, residual, y;
  Buffer<float> pooled;
  std::vector<uint64_t> addresses;  // [convolution][SL_GATED_COLUMNS]

 private:
  std::vector<std::unique_ptr<LayerBuffers>> layers_;
};

// y of a case; the mean over its pixels must be what the operation of its own gives.
inline std::vector<float> gated(const Case& a, int threads) {
  Context context(threads);
  const Operands b(context, a);
  REQUIRE(b.forward(context, a, a.shape.dtype) == SL_OK);
  const MapSize out = a.output();
  const Buffer<float> pooled(context, std::vector<float>(b.pooled.get().size(), nan_value));
  REQUIRE(sl_global_pool_forward(context, a.shape.dtype, a.shape.batch, out.height * out.width, out.channels, b.y,
                                 pooled) == SL_OK);
  const std::vector<float> expected = pooled.get(), got = b.pooled.get();
  CHECK(std::memcmp(got.data(), expected.data(), got.size() * sizeof(float)) == 0);
  return b.y.values();
}

// Numbers of threads besides 1, on a device that has them.
inline std::vector<int> more_threads() { return on_cpu() ? std::vector<int>{2, 3, 8} : std::vector<int>{}; }

inline void check_case(const ImageSizes& x, const Table& table, const std::vector<float>& open_shares, uint32_t seed) {
  CAPTURE(x.batch);
  CAPTURE(x.height);
  CAPTURE(x.width);
  CAPTURE(x.in_channels);
  CAPTURE(table.size());
  CAPTURE(table[0].outputs);
  CAPTURE(table.back().outputs);
  CAPTURE(open_shares[0]);
  const Case made = make_case(x, table, open_shares, seed);
  CHECK(relative_error(gated(made, 2), masked_block(made)) < 1e-5);
}

}  // namespace sluice_test
