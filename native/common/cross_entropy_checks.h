// Checks of the arguments of softmax cross-entropy and its backward, for every device.
#pragma once

#include "size_checks.h"

namespace sluice {

inline int32_t check_cross_entropy(int64_t rows, int64_t classes, const float* logits, const int32_t* labels,
                                   const float* losses, const float* probabilities) noexcept {
  SL_TRY(check_sizes("sl_cross_entropy", rows, classes));
  if (rows * classes > 0) SL_REQUIRE_POINTERS("sl_cross_entropy", logits, labels, losses, probabilities);
  return SL_OK;
}

inline int32_t check_cross_entropy_backward(int64_t rows, int64_t classes, const float* probabilities,
                                            const int32_t* labels, const float* dlosses,
                                            const float* dlogits) noexcept {
  SL_TRY(check_sizes("sl_cross_entropy_backward", rows, classes));
  if (rows * classes > 0) SL_REQUIRE_POINTERS("sl_cross_entropy_backward", probabilities, labels, dlosses, dlogits);
  return SL_OK;
}

}  // namespace sluice
