// The checks that softmax cross-entropy and its backward start with, on every device.
#pragma once

#include "size_checks.h"

namespace sluice {

inline int32_t check_cross_entropy(int64_t rows, int64_t classes, const float* logits, const int32_t* labels,
                                   const float* losses, const float* probabilities) noexcept {
  SL_TRY(check_sizes("sl_cross_entropy", rows, classes));
  SL_REQUIRE(
      rows * classes == 0 || (logits != nullptr && labels != nullptr && losses != nullptr && probabilities != nullptr),
      "sl_cross_entropy: logits, labels, losses or probabilities is NULL");
  return SL_OK;
}

inline int32_t check_cross_entropy_backward(int64_t rows, int64_t classes, const float* probabilities,
                                            const int32_t* labels, const float* dlosses,
                                            const float* dlogits) noexcept {
  SL_TRY(check_sizes("sl_cross_entropy_backward", rows, classes));
  SL_REQUIRE(rows * classes == 0 ||
                 (probabilities != nullptr && labels != nullptr && dlosses != nullptr && dlogits != nullptr),
             "sl_cross_entropy_backward: probabilities, labels, dlosses or dlogits is NULL");
  return SL_OK;
}

}  // namespace sluice
