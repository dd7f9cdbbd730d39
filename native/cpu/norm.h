// The affine map of batch norm, rounded alike in forward and backward, and blocks of channels.
#pragma once

#include "context.h"
#include "wide_rows.h"

namespace sluice {

// Channels whose partial sums are added together: a few cache lines of each segment.
constexpr int64_t norm_block = 16;

// Calls body with the number of channels of a block, as a compile-time constant if the block is full.
template <typename Body>
inline void with_block(int64_t count, const Body& body) {
  if (count == norm_block) {
    body(std::integral_constant<int64_t, norm_block>{});
  } else {
    body(std::min(count, norm_block));
  }
}

// v = x * scale + shift with scale = gamma * rstd and shift = beta - mean * scale. Both directions round it alike, so
// that both see the same sign of v in relu.
inline void norm_affine(int64_t channels, const float* mean, const float* rstd, const float* gamma, const float* beta,
                        float* scale, float* shift) {
  for (int64_t channel = 0; channel < channels; ++channel) {
    scale[channel] = gamma[channel] * rstd[channel];
    shift[channel] = __builtin_fmaf(-mean[channel], scale[channel], beta[channel]);
  }
}

}  // namespace sluice
