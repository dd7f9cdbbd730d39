// Matrix products with cuBLASLt, and the cases that it does not support.

#include "launch.h"
#include "nvidia/cublaslt.h"

namespace sluice {
namespace {

// c = products + beta * c + bias. Null products or bias are left out. Does not read c if beta is 0.
template <typename T>
int32_t add_up(const sl_context* context, const Product& p, const float* products, float beta, const float* bias) {
  T* const out = static_cast<T*>(p.c);
  const int64_t columns = p.n;
  return for_each(context, "sl_matmul", p.m * p.n, [=] __device__(int64_t i) {
    float value = products != nullptr ? products[i] : 0.0f;
    if (beta != 0.0f) value = fmaf(beta, to_float(out[i]), value);
    if (bias != nullptr) value += bias[i % columns];
    out[i] = from_float<T>(value);
  });
}

// An f32 output with a bias that cuBLASLt cannot add: adds it in a pass over C.
int32_t multiply_then_add_f32(sl_context* context, const char* shapes, const Product& p) {
  Product unbiased = p;
  unbiased.bias = nullptr;
  SL_TRY(CublasLt::of(context).multiply("sl_matmul", shapes, unbiased));
  return add_up<float>(context, p, nullptr, 1.0f, p.bias);
}

// A bf16 output with an f32 bias: the products stay in f32 until the bias is added, and are rounded once.
int32_t multiply_then_add_bf16(sl_context* context, const char* shapes, const Product& p) {
  const int64_t bytes = p.m * p.n * static_cast<int64_t>(sizeof(float));
  const Scratch products(context->allocator, bytes);
  if (!products) return out_of_memory("sl_matmul", context->allocator, bytes);
  Product wide = p;
  wide.out_dtype = SL_F32;
  wide.beta = 0.0f;
  wide.c = products.get();
  wide.bias = nullptr;
  SL_TRY(CublasLt::of(context).multiply("sl_matmul", shapes, wide));
  return add_up<bf16>(context, p, products.get<float>(), p.beta, p.bias);
}

int32_t matmul(sl_context* context, const char* shapes, const Product& p) {
  if (p.k == 0) {
    return p.out_dtype == SL_F32 ? add_up<float>(context, p, nullptr, p.beta, p.bias)
                                 : add_up<bf16>(context, p, nullptr, p.beta, p.bias);
  }
  if (p.bias == nullptr || CublasLt::adds_bias(p.out_dtype, p.bias)) {
    return CublasLt::of(context).multiply("sl_matmul", shapes, p);
  }
  return p.out_dtype == SL_F32 ? multiply_then_add_f32(context, shapes, p) : multiply_then_add_bf16(context, shapes, p);
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_matmul(sl_context* context, int32_t dtype, int32_t out_dtype, int64_t m, int64_t n, int64_t k,
                         int32_t transpose_a, int32_t transpose_b, float alpha, const void* a, const void* b,
                         float beta, void* c, const float* bias) {
  SL_ENTER("sl_matmul", context);
  const Product problem{{dtype, out_dtype, m, n, k, transpose_a != 0, transpose_b != 0}, alpha, beta, a, b, c, bias};
  const MatmulText shapes(problem);
  SL_TRY(check_matmul(problem, shapes, a, b, c));
  if (m == 0 || n == 0) return SL_OK;
  SL_BEGIN
  return matmul(context, shapes.text, problem);
  SL_END("sl_matmul")
}
