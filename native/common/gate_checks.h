// The checks that gates start with, on every device.
#pragma once

#include "size_checks.h"

namespace sluice {

inline int32_t check_temperature(const char* name, int64_t n, float tau) noexcept {
  SL_TRY(check_length(name, n));
  SL_REQUIRE(tau > 0.0f, "%s: tau is %g, must be positive", name, static_cast<double>(tau));
  return SL_OK;
}

inline int32_t check_gate_sample(int64_t n, const float* logits, const float* uniform, float tau, const float* mask,
                                 const float* soft) noexcept {
  SL_TRY(check_temperature("sl_gate_sample", n, tau));
  SL_REQUIRE(n == 0 || (logits != nullptr && uniform != nullptr && mask != nullptr && soft != nullptr),
             "sl_gate_sample: logits, uniform, mask or soft is NULL");
  return SL_OK;
}

inline int32_t check_gate_sample_backward(int64_t n, const float* soft, const float* dmask, float tau,
                                          const float* dlogits) noexcept {
  SL_TRY(check_temperature("sl_gate_sample_backward", n, tau));
  SL_REQUIRE(n == 0 || (soft != nullptr && dmask != nullptr && dlogits != nullptr),
             "sl_gate_sample_backward: soft, dmask or dlogits is NULL");
  return SL_OK;
}

inline int32_t check_gate_threshold(int64_t n, const float* logits, const float* mask) noexcept {
  SL_TRY(check_length("sl_gate_threshold", n));
  SL_REQUIRE(n == 0 || (logits != nullptr && mask != nullptr), "sl_gate_threshold: logits or mask is NULL");
  return SL_OK;
}

}  // namespace sluice
