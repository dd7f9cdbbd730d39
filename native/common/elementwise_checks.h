// The checks that operations on each element by itself start with, on every device.
#pragma once

#include "size_checks.h"

namespace sluice {

inline int32_t check_fill(int64_t n, const void* x) noexcept {
  SL_TRY(check_length("sl_fill", n));
  SL_REQUIRE(n == 0 || x != nullptr, "sl_fill: x is NULL");
  return SL_OK;
}

// Of y = f(x): casts, scaled sums and functions of one array.
inline int32_t check_map(const char* name, int64_t n, const void* x, const void* y) noexcept {
  SL_TRY(check_length(name, n));
  SL_REQUIRE(n == 0 || (x != nullptr && y != nullptr), "%s: x or y is NULL", name);
  return SL_OK;
}

inline int32_t check_unary_operation(const char* name, int32_t op) noexcept {
  SL_REQUIRE(op >= SL_UNARY_RELU && op <= SL_UNARY_RECIPROCAL, "%s: unknown operation %d", name, op);
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
  SL_REQUIRE(n == 0 || (x != nullptr && y != nullptr && dy != nullptr && dx != nullptr),
             "sl_unary_backward: x, y, dy or dx is NULL");
  return SL_OK;
}

inline int32_t check_binary(int32_t op, int32_t broadcast, int64_t rows, int64_t columns, const void* a, const void* b,
                            const void* y) noexcept {
  SL_REQUIRE(op >= SL_BINARY_ADD && op <= SL_BINARY_DIVIDE, "sl_binary: unknown operation %d", op);
  SL_REQUIRE(broadcast >= SL_BROADCAST_NONE && broadcast <= SL_BROADCAST_SCALAR, "sl_binary: unknown broadcast %d",
             broadcast);
  SL_TRY(check_sizes("sl_binary", rows, columns));
  SL_REQUIRE(rows * columns == 0 || (a != nullptr && b != nullptr && y != nullptr), "sl_binary: a, b or y is NULL");
  return SL_OK;
}

}  // namespace sluice
