// The inputs of a norm with its results in doubles.
#pragma once

#include "typed_buffer.h"

namespace sluice_test {

struct NormShape {
  int64_t batch, pixels, channels;
  size_t size() const { return static_cast<size_t>(batch * pixels * channels); }
  size_t channel(size_t i) const { return i % static_cast<size_t>(channels); }
  size_t mask_index(size_t i) const {
    return i / static_cast<size_t>(pixels * channels) * static_cast<size_t>(channels) + channel(i);
  }
};

// The inputs of a norm, on the host and on the device.
struct NormCase {
  NormShape shape;
  int32_t dtype;
  bool relu, with_residual, with_mask;
  TypedBuffer x, residual, dy;
  Buffer<float> mean, rstd, gamma, beta, mask;
  std::vector<double> xhat, v, y, g;  // in doubles

  NormCase(sl_context* context, const NormShape& s, int32_t type, bool relu_, bool residual_, bool mask_)
      : shape(s),
        dtype(type),
        relu(relu_),
        with_residual(residual_),
        with_mask(mask_),
        x(context, type, random_values(s.batch * s.pixels * s.channels, 1, -2.0f, 3.0f)),
        residual(context, type, random_values(s.batch * s.pixels * s.channels, 2)),
        dy(context, type, random_values(s.batch * s.pixels * s.channels, 3)),
        mean(context, random_values(s.channels, 4)),
        rstd(context, random_values(s.channels, 5, 0.5f, 2.0f)),
        gamma(context, random_values(s.channels, 6, -1.5f, 1.5f)),
        beta(context, random_values(s.channels, 7)),
        mask(context, mask_values(s)) {
    forward();
  }

  static std::vector<float> mask_values(const NormShape& s) {
    std::vector<float> values = random_values(s.batch * s.channels, 8, 0.0f, 1.0f);
    for (float& value : values) value = value < 0.5f ? 0.0f : 1.0f;
    return values;
  }

  bool has_signs() const { return relu && with_residual; }

  // [v > 0] in the layout of sl_norm_apply.
  std::vector<uint8_t> signs() const {
    std::vector<uint8_t> bytes(shape.channels % 8 == 0 ? v.size() / 4 : v.size());
    for (size_t i = 0; i < v.size(); ++i) {
      const size_t at = shape.channels % 8 == 0 ? i / 4 : i, bit = shape.channels % 8 == 0 ? i % 4 : 0;
      bytes[at] = static_cast<uint8_t>(bytes[at] | (v[i] > 0.0 ? 1 : 0) << bit);
    }
    return bytes;
  }

  void forward() {
    const auto xs = x.values(), rs = residual.values(), ds = dy.values(), ms = mean.get(), ss = rstd.get();
    const auto gs = gamma.get(), bs = beta.get(), masks = mask.get();
    for (size_t i = 0; i < xs.size(); ++i) {
      const size_t c = shape.channel(i);
      const double open = with_mask ? masks[shape.mask_index(i)] : 1.0;
      xhat.push_back((static_cast<double>(xs[i]) - ms[c]) * ss[c]);
      v.push_back(gs[c] * xhat[i] + bs[c] + (with_residual ? rs[i] : 0.0));
      y.push_back((relu ? std::max(v[i], 0.0) : v[i]) * open);
      g.push_back(ds[i] * open * (relu && v[i] <= 0.0 ? 0.0 : 1.0));
    }
  }
};

}  // namespace sluice_test
