// Checks of the arguments of elementwise operations, for every device.
#pragma once

#include "size_checks.h"

namespace sluice {

inline int32_t check_fill(int64_t n, const void* x) noexcept {
  SL_TRY(check_length("sl_fill", n));
  if (n > 0) SL_REQUIRE_POINTERS("sl_fill", x);
  return SL_OK;
}

// Checks y = f(x): casts, scaled sums and functions of one array.
inline int32_t check_map(const char* name, int64_t n, const void* x, const void* y) noexcept {
  SL_TRY(check_length(name, n));
  if (n > 0) SL_REQUIRE_POINTERS(name, x, y);
  return SL_OK;
}

inline int32_t check_unary_operation(const char* name, int32_t op) noexcept {
  SL_REQUIRE(op >= SL_UNARY_RELU && op <= SL_UNARY_LOG, "%s: unknown operation %d", name, op);
  return SL_OK;
}

inline int32_t check_unary(int32_t op, int64_t n, const void* x, const void* y) noexcept {
  SL_TRY(check_unary_operation("sl_unary", op));
  return check_map("sl_unary", n, x, y);
}

inline int32_t check_unary_backward(int32_t op, int64_t n, const void* x, const void* y, const void* dy,
                                    const void* dx) noexcept {
  SL_TRY(check_unary_operation("sl_unary_backward", op));
  SL_TRY(check_length("sl_unary_backward", n));
  if (n > 0) SL_REQUIRE_POINTERS("sl_unary_backward", x, y, dy, dx);
  return SL_OK;
}

inline int32_t check_binary(int32_t op, int32_t broadcast, int64_t rows, int64_t columns, const void* a, const void* b,
                            const void* y) noexcept {
  SL_REQUIRE(op >= SL_BINARY_ADD && op <= SL_BINARY_DIVIDE, "sl_binary: unknown operation %d", op);
  SL_REQUIRE(broadcast >= SL_BROADCAST_NONE && broadcast <= SL_BROADCAST_SCALAR, "sl_binary: unknown broadcast %d",
             broadcast);
  SL_TRY(check_sizes("sl_binary", rows, columns));
  if (rows * columns > 0) SL_REQUIRE_POINTERS("sl_binary", a, b, y);
  return SL_OK;
}

}  // namespace sluice
