// Checks of the arguments of top-k, for every device.
#pragma once

#include <climits>

#include "size_checks.h"

namespace sluice {

inline int32_t check_topk(int64_t rows, int64_t columns, int32_t k, const float* x, const float* values,
                          const int32_t* indices) noexcept {
  SL_REQUIRE(rows >= 0 && columns >= 0 && columns <= INT_MAX,
             "sl_topk: bad size [%lld, %lld], columns must fit into 31 bits", (long long)rows, (long long)columns);
  SL_TRY(check_countable("sl_topk", {rows, columns}));
  if (rows * columns == 0) return SL_OK;
  SL_REQUIRE(k >= 1 && k <= columns, "sl_topk: k is %d, must be in 1..%lld", k, (long long)columns);
  SL_REQUIRE_POINTERS("sl_topk", x, values, indices);
  return SL_OK;
}

}  // namespace sluice
