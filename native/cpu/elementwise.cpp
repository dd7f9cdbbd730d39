// Elementwise operations: fill, cast, scaled sums, and functions of one or two arrays.
#include <cmath>

#include "../common/elementwise_checks.h"
#include "context.h"
#include "lanes.h"

namespace sluice {
namespace {

constexpr int64_t grain = 1 << 15;  // elements of a chunk

// y[i] = value(kind, i) for i in [0, n), on all threads.
template <typename T, typename Value>
void map(const sl_context* context, int64_t n, T* y, const Value& value) {
  parallel_for(context->threads, n, grain, [&](int64_t begin, int64_t end) {
    write_run(end - begin, y + begin, [&](auto kind, int64_t i) { return value(kind, begin + i); });
  });
}

template <typename From, typename To>
void cast(const sl_context* context, int64_t n, const void* x, void* y) {
  const From* const in = static_cast<const From*>(x);
  map(context, n, static_cast<To*>(y), [in](auto kind, int64_t i) { return kind.load(in + i); });
}

template <int op, typename Lanes>
inline Lanes unary_value(Lanes x) {
  switch (op) {
    case SL_UNARY_RELU: return positive_part(x);
    case SL_UNARY_SQUARE: return x * x;
    case SL_UNARY_SQRT: return each(x, [](float value) { return std::sqrt(value); });
    case SL_UNARY_EXP: return each(x, [](float value) { return std::exp(value); });
    default: return each(x, [](float value) { return std::log(value); });
  }
}

// The derivative at x, given the value y at x.
template <int op, typename Lanes>
inline Lanes unary_slope(Lanes x, Lanes y) {
  switch (op) {
    case SL_UNARY_RELU: return where_positive(x, Lanes::all(1.0f));
    case SL_UNARY_SQUARE: return Lanes::all(2.0f) * x;
    case SL_UNARY_SQRT: return each(y, [](float value) { return value == 0.0f ? 0.0f : 0.5f / value; });
    case SL_UNARY_EXP: return y;
    default: return Lanes::all(1.0f) / x;
  }
}

template <int op, typename Lanes>
inline Lanes binary_value(Lanes a, Lanes b) {
  switch (op) {
    case SL_BINARY_ADD: return a + b;
    case SL_BINARY_SUBTRACT: return a - b;
    case SL_BINARY_MULTIPLY: return a * b;
    default: return a / b;
  }
}

// Calls body with the operation, 0..last, as a compile-time constant.
template <int last, typename Body>
void with_op(int32_t op, const Body& body) {
  if (op == last) {
    body(std::integral_constant<int, last>{});
  } else if constexpr (last > 0) {
    with_op<last - 1>(op, body);
  }
}

template <int op, typename T>
void binary(const sl_context* context, int32_t broadcast, int64_t rows, int64_t columns, const T* a, const T* b, T* y) {
  if (broadcast == SL_BROADCAST_NONE) {
    map(context, rows * columns, y,
        [a, b](auto kind, int64_t i) { return binary_value<op>(kind.load(a + i), kind.load(b + i)); });
    return;
  }
  if (broadcast == SL_BROADCAST_SCALAR) {
    map(context, rows * columns, y, [a, other = to_float(b[0])](auto kind, int64_t i) {
      return binary_value<op>(kind.load(a + i), kind.all(other));
    });
    return;
  }
  const int64_t rows_per_chunk = std::max<int64_t>(1, grain / columns);
  parallel_for(context->threads, rows, rows_per_chunk, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const T* const in = a + row * columns;
      if (broadcast == SL_BROADCAST_ROW) {
        write_run(columns, y + row * columns,
                  [in, b](auto kind, int64_t j) { return binary_value<op>(kind.load(in + j), kind.load(b + j)); });
      } else {
        write_run(columns, y + row * columns, [in, other = to_float(b[row])](auto kind, int64_t j) {
          return binary_value<op>(kind.load(in + j), kind.all(other));
        });
      }
    }
  });
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_fill(sl_context* context, int32_t dtype, int64_t n, float value, void* x) {
  SL_REQUIRE_POINTERS("sl_fill", context);
  SL_TRY(check_fill(n, x));
  SL_DISPATCH(dtype, "sl_fill", [&](auto zero) {
    using T = decltype(zero);
    T* const out = static_cast<T*>(x);
    parallel_for(context->threads, n, grain,
                 [=](int64_t begin, int64_t end) { fill_run(end - begin, out + begin, value); });
  });
  return SL_OK;
}

SL_API int32_t sl_cast(sl_context* context, int32_t from, int32_t to, int64_t n, const void* x, void* y) {
  SL_REQUIRE_POINTERS("sl_cast", context);
  SL_TRY(check_map("sl_cast", n, x, y));
  if (from == SL_F32 && to == SL_F32) {
    cast<float, float>(context, n, x, y);
  } else if (from == SL_F32 && to == SL_BF16) {
    cast<float, bf16>(context, n, x, y);
  } else if (from == SL_BF16 && to == SL_F32) {
    cast<bf16, float>(context, n, x, y);
  } else if (from == SL_BF16 && to == SL_BF16) {
    cast<bf16, bf16>(context, n, x, y);
  } else if (from == SL_U8 && to == SL_F32) {
    cast<uint8_t, float>(context, n, x, y);
  } else if (from == SL_I32 && to == SL_F32) {
    cast<int32_t, float>(context, n, x, y);
  } else {
    return fail(SL_ERROR_INVALID_ARGUMENT, "sl_cast: no cast from dtype %d to dtype %d", from, to);
  }
  return SL_OK;
}

SL_API int32_t sl_axpby(sl_context* context, int32_t dtype, int64_t n, float alpha, const void* x, float beta,
                        void* y) {
  SL_REQUIRE_POINTERS("sl_axpby", context);
  SL_TRY(check_map("sl_axpby", n, x, y));
  SL_DISPATCH(dtype, "sl_axpby", [&](auto zero) {
    with_native(zero, [&](auto element) {
      using T = decltype(element);
      const T* const in = static_cast<const T*>(x);
      T* const out = static_cast<T*>(y);
      if (beta == 0.0f) {
        map(context, n, out, [in, alpha](auto kind, int64_t i) { return kind.all(alpha) * kind.load(in + i); });
      } else {
        map(context, n, out, [in, out, alpha, beta](auto kind, int64_t i) {
          return multiply_add(kind.all(alpha), kind.load(in + i), kind.all(beta) * kind.load(out + i));
        });
      }
    });
  });
  return SL_OK;
}

SL_API int32_t sl_unary(sl_context* context, int32_t op, int32_t dtype, int64_t n, const void* x, void* y) {
  SL_REQUIRE_POINTERS("sl_unary", context);
  SL_TRY(check_unary(op, n, x, y));
  SL_DISPATCH(dtype, "sl_unary", [&](auto zero) {
    using T = decltype(zero);
    const T* const in = static_cast<const T*>(x);
    with_op<SL_UNARY_LOG>(op, [&](auto constant) {
      map(context, n, static_cast<T*>(y),
          [in](auto kind, int64_t i) { return unary_value<decltype(constant)::value>(kind.load(in + i)); });
    });
  });
  return SL_OK;
}

SL_API int32_t sl_unary_backward(sl_context* context, int32_t op, int32_t dtype, int64_t n, const void* x,
                                 const void* y, const void* dy, void* dx, int32_t accumulate) {
  SL_REQUIRE_POINTERS("sl_unary_backward", context);
  SL_TRY(check_unary_backward(op, n, x, y, dy, dx));
  SL_DISPATCH(dtype, "sl_unary_backward", [&](auto zero) {
    using T = decltype(zero);
    const T* const in = static_cast<const T*>(x);
    const T* const value = static_cast<const T*>(y);
    const T* const top = static_cast<const T*>(dy);
    T* const out = static_cast<T*>(dx);
    with_op<SL_UNARY_LOG>(op, [&](auto constant) {
      constexpr int known = decltype(constant)::value;
      const auto gradient = [=](auto kind, int64_t i) {
        return kind.load(top + i) * unary_slope<known>(kind.load(in + i), kind.load(value + i));
      };
      if (accumulate != 0) {
        map(context, n, out, [=](auto kind, int64_t i) { return kind.load(out + i) + gradient(kind, i); });
      } else {
        map(context, n, out, gradient);
      }
    });
  });
  return SL_OK;
}

SL_API int32_t sl_binary(sl_context* context, int32_t op, int32_t broadcast, int32_t dtype, int64_t rows,
                         int64_t columns, const void* a, const void* b, void* y) {
  SL_REQUIRE_POINTERS("sl_binary", context);
  SL_TRY(check_binary(op, broadcast, rows, columns, a, b, y));
  SL_DISPATCH(dtype, "sl_binary", [&](auto zero) {
    using T = decltype(zero);
    if (rows * columns == 0) return;
    with_op<SL_BINARY_DIVIDE>(op, [&](auto constant) {
      binary<decltype(constant)::value>(context, broadcast, rows, columns, static_cast<const T*>(a),
                                        static_cast<const T*>(b), static_cast<T*>(y));
    });
  });
  return SL_OK;
}
