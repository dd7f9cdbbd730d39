// The checks that the gated block starts with, on every device.
#pragma once

#include <cstdio>

#include "size_checks.h"

namespace sluice {

// The shape in words, for error sentences.
struct GatedBlockText {
  char text[128];
  explicit GatedBlockText(const sl_gated_block_shape& s) noexcept {
    std::snprintf(text, sizeof text, "x [%d,%d,%d,%d], channels %d, stride %d", s.batch, s.height, s.width,
                  s.in_channels, s.channels, s.stride);
  }
};

inline bool is_empty(const sl_gated_block_shape& s) noexcept {
  return s.batch == 0 || s.height == 0 || s.width == 0 || s.channels == 0;
}

inline int32_t check_gated_block(const char* name, const sl_gated_block_shape& s) noexcept {
  SL_REQUIRE(s.batch >= 0 && s.height >= 0 && s.width >= 0 && s.in_channels >= 0 && s.channels >= 0,
             "%s: a size is negative (%s)", name, GatedBlockText(s).text);
  SL_REQUIRE(s.stride >= 1, "%s: the stride is below 1 (%s)", name, GatedBlockText(s).text);
  // Maps of input and output, of which the output is no larger, and the weights of both convolutions.
  SL_REQUIRE(is_countable({s.batch, s.height, s.width, s.in_channels}) &&
                 is_countable({s.batch, s.height, s.width, s.channels}) &&
                 is_countable({s.channels, 9, s.in_channels}) && is_countable({s.channels, 9, s.channels}),
             "%s: more elements than can be counted (%s)", name, GatedBlockText(s).text);
  return SL_OK;
}

inline int32_t check_gated_convolution(const char* name, int32_t convolution) noexcept {
  SL_REQUIRE(convolution == SL_GATED_BLOCK_FIRST || convolution == SL_GATED_BLOCK_SECOND,
             "%s: convolution %d is neither the first nor the second", name, convolution);
  return SL_OK;
}

// Of a convolution that has weights.
inline int32_t check_gated_block_pack(const sl_gated_block_shape& s, const float* weights,
                                      const void* packed) noexcept {
  SL_REQUIRE(weights != nullptr && packed != nullptr, "sl_gated_block_pack: a buffer is null (%s)",
             GatedBlockText(s).text);
  return SL_OK;
}

// Of a block that is not empty.
inline int32_t check_gated_block_forward(const sl_gated_block_shape& s, const float* x, const float* mask,
                                         const void* packed1, const float* scale1, const float* shift1,
                                         const void* packed2, const float* scale2, const float* shift2,
                                         const float* residual, const float* y) noexcept {
  SL_REQUIRE(s.in_channels == 0 || (x != nullptr && packed1 != nullptr),
             "sl_gated_block_forward: x or packed1 is null (%s)", GatedBlockText(s).text);
  SL_REQUIRE(mask != nullptr && scale1 != nullptr && shift1 != nullptr && packed2 != nullptr && scale2 != nullptr &&
                 shift2 != nullptr && residual != nullptr && y != nullptr,
             "sl_gated_block_forward: a buffer is null (%s)", GatedBlockText(s).text);
  return SL_OK;
}

}  // namespace sluice
