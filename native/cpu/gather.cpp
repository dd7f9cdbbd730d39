// Gathers rows of a matrix by index; the backward adds the rows back.
#include <cstring>

#include "../common/gather_checks.h"
#include "context.h"

namespace sluice {
namespace {

int32_t check_indices(const char* name, int64_t rows, int64_t count, const int32_t* indices) {
  for (int64_t i = 0; i < count; ++i) {
    SL_REQUIRE(indices[i] >= 0 && indices[i] < rows, "%s: index %d at position %lld is outside 0..%lld", name,
               indices[i], (long long)i, (long long)(rows - 1));
  }
  return SL_OK;
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_gather_rows(sl_context* context, int32_t dtype, int64_t rows, int64_t columns, int64_t count,
                              const void* x, const int32_t* indices, void* y) {
  SL_REQUIRE_POINTERS("sl_gather_rows", context);
  SL_TRY(check_gather_sizes(dtype, rows, columns, count, indices));
  SL_TRY(check_indices("sl_gather_rows", rows, count, indices));
  SL_TRY(check_gather_buffers(columns, count, x, y));
  if (count == 0 || columns == 0) return SL_OK;
  const int64_t bytes = element_bytes(dtype) * columns;
  parallel_for(context->threads, count, std::max<int64_t>(1, (1 << 16) / bytes), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::memcpy(static_cast<char*>(y) + i * bytes, static_cast<const char*>(x) + indices[i] * bytes,
                  static_cast<size_t>(bytes));
    }
  });
  return SL_OK;
}

SL_API int32_t sl_scatter_add_rows(sl_context* context, int32_t dtype, int64_t rows, int64_t columns, int64_t count,
                                   const void* dy, const int32_t* indices, void* dx, int32_t accumulate) {
  SL_REQUIRE_POINTERS("sl_scatter_add_rows", context);
  SL_TRY(check_scatter_add_sizes(dtype, rows, columns, count, indices));
  SL_TRY(check_indices("sl_scatter_add_rows", rows, count, indices));
  SL_TRY(check_scatter_add_buffers(rows, columns, count, dy, dx));
  if (rows * columns == 0) return SL_OK;
  const float* const in = static_cast<const float*>(dy);
  float* const out = static_cast<float*>(dx);
  // Each chunk owns a range of dx's rows and reads all indices, so that every sum follows the order of i.
  parallel_for(context->threads, rows, (rows + 15) / 16, [&](int64_t begin, int64_t end) {
    if (accumulate == 0) std::fill(out + begin * columns, out + end * columns, 0.0f);
    for (int64_t i = 0; i < count; ++i) {
      if (indices[i] < begin || indices[i] >= end) continue;
      const float* const source = in + i * columns;
      float* const target = out + indices[i] * columns;
#pragma omp simd
      for (int64_t j = 0; j < columns; ++j) target[j] += source[j];
    }
  });
  return SL_OK;
}
