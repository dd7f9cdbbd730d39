// What the norm's forward and backward share: one rounding of its affine form, and the choice of kernels by flags.
#pragma once

#include <type_traits>

#include "context.h"
#include "wide_rows.h"

namespace sluice {

// Floats from one thread's scratch to the next: whole cache lines.
inline int64_t padded_floats(int64_t n) { return (n + 15) / 16 * 16; }

// v = x * scale + shift with scale = gamma * rstd, shift = beta - mean * scale. Both directions round it alike, so that
// the backward finds relu open exactly where the forward did.
inline void norm_affine(int64_t channels, const float* mean, const float* rstd, const float* gamma, const float* beta,
                        float* scale, float* shift) {
  for (int64_t channel = 0; channel < channels; ++channel) {
    scale[channel] = gamma[channel] * rstd[channel];
    shift[channel] = __builtin_fmaf(-mean[channel], scale[channel], beta[channel]);
  }
}

// Calls body with std::true_type or std::false_type: a run-time flag as a compile-time one.
template <typename Body>
inline void with_flag(bool flag, const Body& body) {
  if (flag) {
    body(std::true_type{});
  } else {
    body(std::false_type{});
  }
}

}  // namespace sluice
