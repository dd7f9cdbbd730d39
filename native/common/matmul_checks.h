// Checks of the arguments of a matrix product, for every device.
#pragma once

#include <cstdio>

#include "size_checks.h"

namespace sluice {

// The product of op(A) [m,k] and op(B) [k,n].
struct MatmulShape {
  int32_t dtype, out_dtype;
  int64_t m, n, k;
  bool transpose_a, transpose_b;
};

// Describes the product in error sentences.
struct MatmulText {
  char text[160];
  explicit MatmulText(const MatmulShape& p) noexcept {
    std::snprintf(text, sizeof text, "[%lld,%lld] x [%lld,%lld], dtypes %d to %d%s%s", static_cast<long long>(p.m),
                  static_cast<long long>(p.k), static_cast<long long>(p.k), static_cast<long long>(p.n), p.dtype,
                  p.out_dtype, p.transpose_a ? ", A transposed" : "", p.transpose_b ? ", B transposed" : "");
  }
};

inline int32_t check_matmul(const MatmulShape& p, const MatmulText& shapes, const void* a, const void* b,
                            const void* c) noexcept {
  SL_REQUIRE(p.dtype == SL_F32 || p.dtype == SL_BF16, "sl_matmul: dtype %d is neither f32 nor bf16", p.dtype);
  SL_REQUIRE(p.out_dtype == SL_F32 || (p.out_dtype == SL_BF16 && p.dtype == SL_BF16),
             "sl_matmul: out_dtype %d is neither f32 nor, with bf16 operands, bf16", p.out_dtype);
  SL_REQUIRE(p.m >= 0 && p.n >= 0 && p.k >= 0, "sl_matmul: a size is negative: %s", shapes.text);
  SL_REQUIRE(is_countable({p.m, p.n}) && is_countable({p.m, p.k}) && is_countable({p.n, p.k}),
             "sl_matmul: more elements than can be counted: %s", shapes.text);
  SL_REQUIRE_POINTERS("sl_matmul", a, b, c);
  return SL_OK;
}

}  // namespace sluice
