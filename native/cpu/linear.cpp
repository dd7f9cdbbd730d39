// Matrix products with oneDNN's sgemm or its matmul primitive.
#include <oneapi/dnnl/dnnl.h>

#include <cstring>

#include "../common/matmul_checks.h"
#include "onednn.h"

namespace sluice {
namespace {

using dnnl::memory;

struct Matmul : MatmulShape {
  float alpha, beta;
  bool bias;
};

int64_t bits(float value) {
  uint32_t result;
  std::memcpy(&result, &value, sizeof result);
  return result;
}

// c = beta * c + bias. Does not read c if beta is 0.
template <typename T>
void scale_and_add_bias(sl_context* context, const Matmul& p, T* c, const float* bias) {
  const int64_t n = p.n;
  const float beta = p.beta;
  parallel_for(context->threads, p.m, std::max<int64_t>(1, 16384 / n), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      T* out = c + row * n;
      if (beta == 0.0f) {
        for (int64_t j = 0; j < n; ++j) out[j] = from_float<T>(bias != nullptr ? bias[j] : 0.0f);
      } else if (bias != nullptr) {
        for (int64_t j = 0; j < n; ++j) out[j] = from_float<T>(beta * to_float(out[j]) + bias[j]);
      } else {
        for (int64_t j = 0; j < n; ++j) out[j] = from_float<T>(beta * to_float(out[j]));
      }
    }
  });
}

// sgemm computes in f32 only. It needs no primitive for each shape and is at least as fast, with one exception: for few
// rows times a long transposed matrix (the forward of a linear layer) it has a third to three quarters of the
// primitive's speed.
bool prefers_sgemm(const Matmul& p) {
  const bool few_rows_by_long_columns = !p.transpose_a && p.transpose_b && p.m <= 1024 && p.k >= 512;
  return p.dtype == SL_F32 && !few_rows_by_long_columns;
}

void matmul_sgemm(sl_context* context, const Matmul& p, const float* a, const float* b, float* c, const float* bias) {
  const SignalsHeld held;
  const dnnl_status_t status = dnnl_sgemm(p.transpose_a ? 'T' : 'N', p.transpose_b ? 'T' : 'N', p.m, p.n, p.k, p.alpha,
                                          a, p.transpose_a ? p.m : p.k, b, p.transpose_b ? p.k : p.n, p.beta, c, p.n);
  if (status != dnnl_success) throw backend_error({status, "dnnl_sgemm"});
  if (bias == nullptr) return;
  Matmul epilogue = p;
  epilogue.beta = 1.0f;
  scale_and_add_bias(context, epilogue, c, bias);
}

memory::desc matrix(int64_t rows, int64_t columns, int32_t dtype, bool transposed) {
  return {{rows, columns}, onednn_type(dtype), transposed ? memory::format_tag::ba : memory::format_tag::ab};
}

// alpha scales the product before beta * C and the bias are added: the primitive's own bias works only if alpha is 1.
dnnl::primitive_attr attributes_of(const Matmul& p, const memory::desc& bias) {
  dnnl::post_ops operations;
  if (p.alpha != 1.0f) {
#if DNNL_VERSION_MAJOR >= 3
    operations.append_eltwise(dnnl::algorithm::eltwise_linear, p.alpha, 0.0f);
#else
    operations.append_eltwise(1.0f, dnnl::algorithm::eltwise_linear, p.alpha, 0.0f);
#endif
  }
  if (p.beta != 0.0f) operations.append_sum(p.beta);
  if (p.bias && p.alpha != 1.0f) operations.append_binary(dnnl::algorithm::binary_add, bias);
  dnnl::primitive_attr attributes = default_attributes();
  attributes.set_post_ops(operations);
  return attributes;
}

Primitive make_matmul(sl_context* context, const Matmul& p, int bias_argument) {
  const memory::desc a = matrix(p.m, p.k, p.dtype, p.transpose_a);
  const memory::desc b = matrix(p.k, p.n, p.dtype, p.transpose_b);
  const memory::desc c = matrix(p.m, p.n, p.out_dtype, false);
  const memory::desc bias = matrix(1, p.n, SL_F32, false);
  const dnnl::primitive_attr attributes = attributes_of(p, bias);
  const bool own_bias = p.bias && bias_argument == DNNL_ARG_BIAS;
  const dnnl::engine& engine = context->onednn->engine;
#if DNNL_VERSION_MAJOR >= 3
  const dnnl::matmul::primitive_desc made = own_bias ? dnnl::matmul::primitive_desc(engine, a, b, bias, c, attributes)
                                                     : dnnl::matmul::primitive_desc(engine, a, b, c, attributes);
#else
  const dnnl::matmul::desc operation = own_bias ? dnnl::matmul::desc(a, b, bias, c) : dnnl::matmul::desc(a, b, c);
  const dnnl::matmul::primitive_desc made(operation, attributes, engine);
#endif
  return make_primitive<dnnl::matmul>(
      made, {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}, {bias_argument, bias}});
}

void matmul_primitive(sl_context* context, const Matmul& p, const void* a, const void* b, void* c, const float* bias) {
  const int post_op = (p.alpha != 1.0f ? 1 : 0) + (p.beta != 0.0f ? 1 : 0);
  const int bias_argument = p.alpha == 1.0f ? DNNL_ARG_BIAS : DNNL_ARG_ATTR_MULTIPLE_POST_OP(post_op) | DNNL_ARG_SRC_1;
  constexpr int64_t kind_matmul = 100;
  const PrimitiveKey key{kind_matmul, p.m,         p.n,           p.k,          p.transpose_a, p.transpose_b,
                         p.dtype,     p.out_dtype, bits(p.alpha), bits(p.beta), p.bias};
  const Primitive& primitive = context->onednn->cached(key, [&] { return make_matmul(context, p, bias_argument); });
  if (bias != nullptr) {
    execute(context, primitive, {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}, {bias_argument, bias}});
  } else {
    execute(context, primitive, {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}});
  }
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_matmul(sl_context* context, int32_t dtype, int32_t out_dtype, int64_t m, int64_t n, int64_t k,
                         int32_t transpose_a, int32_t transpose_b, float alpha, const void* a, const void* b,
                         float beta, void* c, const float* bias) {
  const Matmul problem{{dtype, out_dtype, m, n, k, transpose_a != 0, transpose_b != 0}, alpha, beta, bias != nullptr};
  const MatmulText shapes(problem);
  SL_REQUIRE_POINTERS("sl_matmul", context);
  SL_TRY(check_matmul(problem, shapes, a, b, c));
  SL_TRY(check_onednn_dtype("sl_matmul", dtype));
  if (m == 0 || n == 0) return SL_OK;
  SL_BEGIN
  use_threads(context);
  if (k == 0) {
    SL_DISPATCH(out_dtype, "sl_matmul", [&](auto zero) {
      using T = decltype(zero);
      scale_and_add_bias(context, problem, static_cast<T*>(c), bias);
    });
  } else if (prefers_sgemm(problem)) {
    matmul_sgemm(context, problem, static_cast<const float*>(a), static_cast<const float*>(b), static_cast<float*>(c),
                 bias);
  } else {
    matmul_primitive(context, problem, a, b, c, bias);
  }
  return SL_OK;
  SL_END("sl_matmul", shapes.text)
}
