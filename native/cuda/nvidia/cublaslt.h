// Matrix products with cuBLASLt, which is opened at first use.
#pragma once

#include <cublasLt.h>

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>

#include "../../common/matmul_checks.h"
#include "../context.h"

namespace sluice {

// C [m,n] = alpha * op(A) op(B) + beta * C + bias, as in sl_matmul, with k of 1 or more.
struct Product : MatmulShape {
  float alpha, beta;
  const void *a, *b;
  void* c;
  const float* bias;  // null, or a bias for which CublasLt::adds_bias is true
};

// The functions of cuBLASLt that sluice calls.
#define SL_CUBLASLT_FUNCTIONS(FUNCTION) \
  FUNCTION(cublasLtCreate) \
  FUNCTION(cublasLtDestroy) \
  FUNCTION(cublasLtGetVersion) \
  FUNCTION(cublasLtGetStatusString) \
  FUNCTION(cublasLtMatmulDescCreate) \
  FUNCTION(cublasLtMatmulDescDestroy) \
  FUNCTION(cublasLtMatmulDescSetAttribute) \
  FUNCTION(cublasLtMatrixLayoutCreate) \
  FUNCTION(cublasLtMatrixLayoutDestroy) \
  FUNCTION(cublasLtMatmulPreferenceCreate) \
  FUNCTION(cublasLtMatmulPreferenceDestroy) \
  FUNCTION(cublasLtMatmulPreferenceSetAttribute) \
  FUNCTION(cublasLtMatmulAlgoGetHeuristic) \
  FUNCTION(cublasLtMatmul)

struct CublasLtFunctions {
#define SL_MEMBER(name) decltype(&::name) name;
  SL_CUBLASLT_FUNCTIONS(SL_MEMBER)
#undef SL_MEMBER

  // Throws std::runtime_error if the library or one of its functions is missing.
  CublasLtFunctions();
};

// The version, such as "13.1.0". Throws std::runtime_error if cuBLASLt is missing.
std::string cublaslt_version_text();

// A context's handle, and the algorithms chosen so far. Thread-safe.
class CublasLt {
 public:
  // The instance of a context, created at first use. Throws std::runtime_error if the library is missing.
  static CublasLt& of(sl_context* context);

  ~CublasLt();
  CublasLt(const CublasLt&) = delete;
  CublasLt& operator=(const CublasLt&) = delete;

  // Whether a product into this type can add this bias itself. The bias must have the type of the output
  // (cublasLtMatmul, "Bias Type"), and 16 bytes of alignment: kernels may read that much at once, and cuBLASLt takes no
  // other value.
  static bool adds_bias(int32_t out_dtype, const float* bias) {
    return out_dtype == SL_F32 && reinterpret_cast<uintptr_t>(bias) % 16 == 0;
  }

  // Queues a product on the compute stream for `name`, an exported function; `shapes` describes its operands.
  // UNSUPPORTED if cuBLASLt has no algorithm. May throw std::bad_alloc.
  int32_t multiply(const char* name, const char* shapes, const Product& product);

 private:
  template <typename Pointer>
  using Owned = std::unique_ptr<std::remove_pointer_t<Pointer>, cublasStatus_t (*)(Pointer)>;
  struct Plan {
    Owned<cublasLtMatmulDesc_t> operation;
    Owned<cublasLtMatrixLayout_t> left, right, out;
    cublasLtMatmulAlgo_t algorithm{};
    size_t workspace_bytes = 0;
  };
  // Everything that the choice of an algorithm depends on.
  using Key = std::array<int64_t, 14>;
  struct Call {
    const char *name, *shapes;
  };

  explicit CublasLt(sl_context* context);
  int32_t status(const Call& call, cublasStatus_t status) const;
  int32_t set(const Call& call, cublasLtMatmulDesc_t operation, cublasLtMatmulDescAttributes_t attribute,
              const void* value, size_t bytes) const;
  int32_t set_bias(const Call& call, const Plan& plan, const float* bias) const;
  Key key_of(const Product& product) const;
  int32_t describe(const Call& call, const Product& product, Plan& plan) const;
  int32_t choose(const Call& call, const Product& product, Plan& plan) const;
  int32_t find_plan(const Call& call, const Product& product, const Plan** plan);

  sl_context* context_;
  CublasLtFunctions functions_;
  cublasLtHandle_t handle_ = nullptr;
  std::mutex mutex_;  // guards the members below: a plan's descriptor holds the bias of the current call
  std::map<Key, Plan> plans_;
};

}  // namespace sluice
