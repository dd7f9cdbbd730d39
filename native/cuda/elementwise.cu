// Elementwise operations: fill, cast, scaled sums, and functions of one or two arrays.
#include <cmath>

#include "../common/elementwise_checks.h"
#include "maps.h"

namespace sluice {
namespace {

template <typename T>
int32_t fill(const sl_context* context, int64_t n, float value, void* x) {
  return map(context, "sl_fill", n, static_cast<T*>(x), [=] __device__() { return value; });
}

template <typename From, typename To>
int32_t cast(const sl_context* context, int64_t n, const void* x, void* y) {
  return map(
      context, "sl_cast", n, static_cast<To*>(y), [] __device__(float value) { return value; },
      static_cast<const From*>(x));
}

template <typename T>
int32_t axpby(const sl_context* context, int64_t n, float alpha, const void* x, float beta, void* y) {
  const T* const in = static_cast<const T*>(x);
  T* const out = static_cast<T*>(y);
  if (beta == 0.0f) {
    return map(context, "sl_axpby", n, out, [=] __device__(float value) { return alpha * value; }, in);
  }
  return map(
      context, "sl_axpby", n, out, [=] __device__(float value, float old) { return fmaf(alpha, value, beta * old); },
      in, static_cast<const T*>(out));
}

template <int op>
__device__ float unary_value(float x) {
  switch (op) {
    case SL_UNARY_RELU: return x < 0.0f ? 0.0f : x;  // NaN stays NaN
    case SL_UNARY_SQUARE: return x * x;
    case SL_UNARY_SQRT: return sqrtf(x);
    case SL_UNARY_EXP: return expf(x);
    default: return logf(x);
  }
}

// The derivative at x, given the value y at x.
template <int op>
__device__ float unary_slope(float x, float y) {
  switch (op) {
    case SL_UNARY_RELU: return x > 0.0f ? 1.0f : 0.0f;
    case SL_UNARY_SQUARE: return 2.0f * x;
    case SL_UNARY_SQRT: return y == 0.0f ? 0.0f : 0.5f / y;
    case SL_UNARY_EXP: return y;
    default: return 1.0f / x;
  }
}

template <int op>
__device__ float binary_value(float a, float b) {
  switch (op) {
    case SL_BINARY_ADD: return a + b;
    case SL_BINARY_SUBTRACT: return a - b;
    case SL_BINARY_MULTIPLY: return a * b;
    default: return a / b;
  }
}

template <int op, typename T>
int32_t unary(const sl_context* context, int64_t n, const void* x, void* y) {
  return map(
      context, "sl_unary", n, static_cast<T*>(y), [] __device__(float value) { return unary_value<op>(value); },
      static_cast<const T*>(x));
}

template <int op, typename T>
int32_t unary_backward(const sl_context* context, int64_t n, const void* x, const void* y, const void* dy, void* dx,
                       bool accumulate) {
  const T* const in = static_cast<const T*>(x);
  const T* const value = static_cast<const T*>(y);
  const T* const gradient = static_cast<const T*>(dy);
  T* const out = static_cast<T*>(dx);
  if (accumulate) {
    return map(
        context, "sl_unary_backward", n, out,
        [] __device__(float a, float b, float top, float old) { return old + top * unary_slope<op>(a, b); }, in, value,
        gradient, static_cast<const T*>(out));
  }
  return map(
      context, "sl_unary_backward", n, out,
      [] __device__(float a, float b, float top) { return top * unary_slope<op>(a, b); }, in, value, gradient);
}

// Index has 32 bits if the sizes allow it, because 64-bit divisions are slow.
template <int op, typename Index, typename T>
int32_t binary_broadcast(const sl_context* context, int32_t broadcast, int64_t rows, int64_t columns, const T* left,
                         const T* right, T* out) {
  const Index width = static_cast<Index>(columns);
  return for_each(context, "sl_binary", rows * columns, [=] __device__(int64_t i) {
    const Index place = static_cast<Index>(i);
    const Index other = broadcast == SL_BROADCAST_ROW      ? place % width
                        : broadcast == SL_BROADCAST_COLUMN ? place / width
                                                           : 0;
    out[i] = from_float<T>(binary_value<op>(to_float(left[i]), to_float(right[other])));
  });
}

template <int op, typename T>
int32_t binary(const sl_context* context, int32_t broadcast, int64_t rows, int64_t columns, const void* a,
               const void* b, void* y) {
  const T* const left = static_cast<const T*>(a);
  const T* const right = static_cast<const T*>(b);
  T* const out = static_cast<T*>(y);
  if (broadcast == SL_BROADCAST_NONE) {
    return map(
        context, "sl_binary", rows * columns, out,
        [] __device__(float one, float other) { return binary_value<op>(one, other); }, left, right);
  }
  return rows * columns <= UINT32_MAX
             ? binary_broadcast<op, uint32_t>(context, broadcast, rows, columns, left, right, out)
             : binary_broadcast<op, int64_t>(context, broadcast, rows, columns, left, right, out);
}

// Calls body with the operation, 0..last, as a compile-time constant, and returns its status.
template <int last, typename Body>
int32_t with_op(int32_t op, const Body& body) {
  if (op == last) return body(std::integral_constant<int, last>{});
  if constexpr (last > 0) {
    return with_op<last - 1>(op, body);
  } else {
    return SL_OK;
  }
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_fill(sl_context* context, int32_t dtype, int64_t n, float value, void* x) {
  SL_ENTER("sl_fill", context);
  SL_TRY(check_fill(n, x));
  int32_t status = SL_OK;
  SL_DISPATCH(dtype, "sl_fill", [&](auto zero) { status = fill<decltype(zero)>(context, n, value, x); });
  return status;
}

SL_API int32_t sl_cast(sl_context* context, int32_t from, int32_t to, int64_t n, const void* x, void* y) {
  SL_ENTER("sl_cast", context);
  SL_TRY(check_map("sl_cast", n, x, y));
  if (from == SL_F32 && to == SL_F32) return cast<float, float>(context, n, x, y);
  if (from == SL_F32 && to == SL_BF16) return cast<float, bf16>(context, n, x, y);
  if (from == SL_BF16 && to == SL_F32) return cast<bf16, float>(context, n, x, y);
  if (from == SL_BF16 && to == SL_BF16) return cast<bf16, bf16>(context, n, x, y);
  if (from == SL_U8 && to == SL_F32) return cast<uint8_t, float>(context, n, x, y);
  if (from == SL_I32 && to == SL_F32) return cast<int32_t, float>(context, n, x, y);
  return fail(SL_ERROR_INVALID_ARGUMENT, "sl_cast: no cast from dtype %d to dtype %d", from, to);
}

SL_API int32_t sl_axpby(sl_context* context, int32_t dtype, int64_t n, float alpha, const void* x, float beta,
                        void* y) {
  SL_ENTER("sl_axpby", context);
  SL_TRY(check_map("sl_axpby", n, x, y));
  int32_t status = SL_OK;
  SL_DISPATCH(dtype, "sl_axpby", [&](auto zero) { status = axpby<decltype(zero)>(context, n, alpha, x, beta, y); });
  return status;
}

SL_API int32_t sl_unary(sl_context* context, int32_t op, int32_t dtype, int64_t n, const void* x, void* y) {
  SL_ENTER("sl_unary", context);
  SL_TRY(check_unary(op, n, x, y));
  int32_t status = SL_OK;
  SL_DISPATCH(dtype, "sl_unary", [&](auto zero) {
    status = with_op<SL_UNARY_LOG>(
        op, [&](auto known) { return unary<decltype(known)::value, decltype(zero)>(context, n, x, y); });
  });
  return status;
}

SL_API int32_t sl_unary_backward(sl_context* context, int32_t op, int32_t dtype, int64_t n, const void* x,
                                 const void* y, const void* dy, void* dx, int32_t accumulate) {
  SL_ENTER("sl_unary_backward", context);
  SL_TRY(check_unary_backward(op, n, x, y, dy, dx));
  int32_t status = SL_OK;
  SL_DISPATCH(dtype, "sl_unary_backward", [&](auto zero) {
    status = with_op<SL_UNARY_LOG>(op, [&](auto known) {
      return unary_backward<decltype(known)::value, decltype(zero)>(context, n, x, y, dy, dx, accumulate != 0);
    });
  });
  return status;
}

SL_API int32_t sl_binary(sl_context* context, int32_t op, int32_t broadcast, int32_t dtype, int64_t rows,
                         int64_t columns, const void* a, const void* b, void* y) {
  SL_ENTER("sl_binary", context);
  SL_TRY(check_binary(op, broadcast, rows, columns, a, b, y));
  int32_t status = SL_OK;
  SL_DISPATCH(dtype, "sl_binary", [&](auto zero) {
    status = with_op<SL_BINARY_DIVIDE>(op, [&](auto known) {
      return binary<decltype(known)::value, decltype(zero)>(context, broadcast, rows, columns, a, b, y);
    });
  });
  return status;
}
