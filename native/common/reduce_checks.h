// Checks of the arguments of sums over an axis and their backward, for every device.
#pragma once

#include "size_checks.h"

namespace sluice {

// The number of sums over an axis of a matrix.
inline int64_t sums_over(int32_t axis, int64_t rows, int64_t columns) noexcept {
  return axis == SL_AXIS_ROWS ? columns : axis == SL_AXIS_COLUMNS ? rows : 1;
}

inline int32_t check_axis(const char* name, int32_t axis, int64_t rows, int64_t columns) noexcept {
  SL_REQUIRE(axis >= SL_AXIS_ROWS && axis <= SL_AXIS_ALL, "%s: unknown axis %d", name, axis);
  return check_sizes(name, rows, columns);
}

inline int32_t check_reduce_sum(int32_t axis, int64_t rows, int64_t columns, const void* x, const float* y) noexcept {
  SL_TRY(check_axis("sl_reduce_sum", axis, rows, columns));
  if (sums_over(axis, rows, columns) > 0) SL_REQUIRE_POINTERS("sl_reduce_sum", y);
  if (rows * columns > 0) SL_REQUIRE_POINTERS("sl_reduce_sum", x);
  return SL_OK;
}

inline int32_t check_broadcast(int32_t axis, int64_t rows, int64_t columns, const float* dy, const void* dx) noexcept {
  SL_TRY(check_axis("sl_broadcast", axis, rows, columns));
  if (rows * columns > 0) SL_REQUIRE_POINTERS("sl_broadcast", dy, dx);
  return SL_OK;
}

}  // namespace sluice
