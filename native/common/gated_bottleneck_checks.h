// The checks that the gated bottleneck starts with, on every device.
#pragma once

#include <cstdio>

#include "size_checks.h"

namespace sluice {

// The shape in words, for error sentences.
struct GatedBottleneckText {
  char text[128];
  explicit GatedBottleneckText(const sl_gated_bottleneck_shape& s) noexcept {
    std::snprintf(text, sizeof text, "x [%d,%d,%d,%d], channels %d, stride %d", s.batch, s.height, s.width,
                  s.in_channels, s.channels, s.stride);
  }
};

// Output channels for each of the others.
constexpr int64_t bottleneck_expansion = 4;

inline bool is_empty(const sl_gated_bottleneck_shape& s) noexcept {
  return s.batch == 0 || s.height == 0 || s.width == 0 || s.channels == 0;
}

inline int32_t check_gated_bottleneck(const char* name, const sl_gated_bottleneck_shape& s) noexcept {
  SL_REQUIRE(s.batch >= 0 && s.height >= 0 && s.width >= 0 && s.in_channels >= 0 && s.channels >= 0,
             "%s: a size is negative (%s)", name, GatedBottleneckText(s).text);
  SL_REQUIRE(s.stride >= 1, "%s: the stride is below 1 (%s)", name, GatedBottleneckText(s).text);
  SL_REQUIRE(s.channels <= INT32_MAX / bottleneck_expansion, "%s: too many channels (%s)", name,
             GatedBottleneckText(s).text);
  // Maps of input and output, of which the output is no larger, and the weights of the three convolutions.
  SL_REQUIRE(is_countable({s.batch, s.height, s.width, s.in_channels}) &&
                 is_countable({s.batch, s.height, s.width, bottleneck_expansion * s.channels}) &&
                 is_countable({s.channels, s.in_channels}) && is_countable({s.channels, 9, s.channels}),
             "%s: more elements than can be counted (%s)", name, GatedBottleneckText(s).text);
  return SL_OK;
}

inline int32_t check_bottleneck_convolution(const char* name, int32_t convolution) noexcept {
  SL_REQUIRE(convolution == SL_GATED_BOTTLENECK_FIRST || convolution == SL_GATED_BOTTLENECK_SECOND ||
                 convolution == SL_GATED_BOTTLENECK_THIRD,
             "%s: convolution %d is neither the first nor the second nor the third", name, convolution);
  return SL_OK;
}

// Of a convolution that has weights.
inline int32_t check_gated_bottleneck_pack(const sl_gated_bottleneck_shape& s, const float* weights,
                                           const void* packed) noexcept {
  SL_REQUIRE(weights != nullptr && packed != nullptr, "sl_gated_bottleneck_pack: a buffer is null (%s)",
             GatedBottleneckText(s).text);
  return SL_OK;
}

// What the forward call of a bottleneck is given.
struct BottleneckOperands {
  const float *x, *mask1, *mask2;
  const void* packed1;
  const float *scale1, *shift1;
  const void* packed2;
  const float *scale2, *shift2;
  const void* packed3;
  const float *scale3, *shift3;
  const float* residual;
  float* y;
};

// Of a bottleneck that is not empty.
inline int32_t check_gated_bottleneck_forward(const sl_gated_bottleneck_shape& s,
                                              const BottleneckOperands& o) noexcept {
  SL_REQUIRE(s.in_channels == 0 || (o.x != nullptr && o.packed1 != nullptr),
             "sl_gated_bottleneck_forward: x or packed1 is null (%s)", GatedBottleneckText(s).text);
  const void* const others[] = {o.mask1,  o.mask2,   o.scale1, o.shift1, o.packed2,  o.scale2,
                                o.shift2, o.packed3, o.scale3, o.shift3, o.residual, o.y};
  for (const void* const other : others) {
    SL_REQUIRE(other != nullptr, "sl_gated_bottleneck_forward: a buffer is null (%s)", GatedBottleneckText(s).text);
  }
  return SL_OK;
}

}  // namespace sluice
