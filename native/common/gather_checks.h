// Checks of the arguments of gathering and scattering rows, for every device. The CPU checks the indices after the
// sizes and before the buffers; on a GPU the kernel checks them.
#pragma once

#include "size_checks.h"

namespace sluice {

inline int32_t check_row_sizes(const char* name, int64_t rows, int64_t columns, int64_t count,
                               const int32_t* indices) noexcept {
  SL_REQUIRE(rows >= 0 && columns >= 0 && count >= 0, "%s: negative size (%lld rows, %lld columns, %lld indices)", name,
             (long long)rows, (long long)columns, (long long)count);
  SL_TRY(check_countable(name, {rows, columns}));
  SL_TRY(check_countable(name, {count, columns}));
  if (count > 0) SL_REQUIRE_POINTERS(name, indices);
  return SL_OK;
}

inline int32_t check_gather_sizes(int32_t dtype, int64_t rows, int64_t columns, int64_t count,
                                  const int32_t* indices) noexcept {
  SL_REQUIRE(element_bytes(dtype) > 0, "sl_gather_rows: unknown dtype %d", dtype);
  return check_row_sizes("sl_gather_rows", rows, columns, count, indices);
}

inline int32_t check_gather_buffers(int64_t columns, int64_t count, const void* x, const void* y) noexcept {
  if (count > 0 && columns > 0) SL_REQUIRE_POINTERS("sl_gather_rows", x, y);
  return SL_OK;
}

inline int32_t check_scatter_add_sizes(int32_t dtype, int64_t rows, int64_t columns, int64_t count,
                                       const int32_t* indices) noexcept {
  SL_REQUIRE(dtype == SL_F32, "sl_scatter_add_rows: dtype %d is not f32", dtype);
  return check_row_sizes("sl_scatter_add_rows", rows, columns, count, indices);
}

inline int32_t check_scatter_add_buffers(int64_t rows, int64_t columns, int64_t count, const void* dy,
                                         const void* dx) noexcept {
  if (rows * columns == 0) return SL_OK;
  SL_REQUIRE_POINTERS("sl_scatter_add_rows", dx);
  if (count > 0) SL_REQUIRE_POINTERS("sl_scatter_add_rows", dy);
  return SL_OK;
}

}  // namespace sluice
