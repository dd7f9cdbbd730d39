// The checks that the choice of the largest entries starts with, on every device.
#pragma once

#include <climits>

#include "size_checks.h"

namespace sluice {

inline int32_t check_topk(int64_t rows, int64_t columns, int32_t k, const float* x, const float* values,
                          const int32_t* indices) noexcept {
  SL_REQUIRE(rows >= 0 && columns >= 0 && columns <= INT_MAX, "sl_topk: bad size [%lld, %lld]", (long long)rows,
             (long long)columns);
  SL_TRY(check_countable("sl_topk", {rows, columns}));
  if (rows * columns == 0) return SL_OK;
  SL_REQUIRE(k >= 1 && k <= columns, "sl_topk: k is %d, must be in 1..%lld", k, (long long)columns);
  SL_REQUIRE(x != nullptr && values != nullptr && indices != nullptr, "sl_topk: x, values or indices is NULL");
  return SL_OK;
}

}  // namespace sluice
