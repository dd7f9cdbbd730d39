// The checks that sums over an axis and their backward start with, on every device.
#pragma once

#include "size_checks.h"

namespace sluice {

// How many sums there are over an axis of a matrix.
inline int64_t sums_over(int32_t axis, int64_t rows, int64_t columns) noexcept {
  return axis == SL_AXIS_ROWS ? columns : axis == SL_AXIS_COLUMNS ? rows : 1;
}

inline int32_t check_axis(const char* name, int32_t axis, int64_t rows, int64_t columns) noexcept {
  SL_REQUIRE(axis >= SL_AXIS_ROWS && axis <= SL_AXIS_ALL, "%s: unknown axis %d", name, axis);
  return check_sizes(name, rows, columns);
}

inline int32_t check_reduce_sum(int32_t axis, int64_t rows, int64_t columns, const void* x, const float* y) noexcept {
  SL_TRY(check_axis("sl_reduce_sum", axis, rows, columns));
  SL_REQUIRE(sums_over(axis, rows, columns) == 0 || y != nullptr, "sl_reduce_sum: y is NULL");
  SL_REQUIRE(rows * columns == 0 || x != nullptr, "sl_reduce_sum: x is NULL");
  return SL_OK;
}

inline int32_t check_broadcast(int32_t axis, int64_t rows, int64_t columns, const float* dy, const void* dx) noexcept {
  SL_TRY(check_axis("sl_broadcast", axis, rows, columns));
  SL_REQUIRE(rows * columns == 0 || (dy != nullptr && dx != nullptr), "sl_broadcast: dy or dx is NULL");
  return SL_OK;
}

}  // namespace sluice
