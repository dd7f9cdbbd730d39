// Matrix products with cuBLASLt: their description, the choice of an algorithm, and its workspace.
#include "cublaslt.h"

#include <stdexcept>
#include <string>
#include <utility>

#include "libraries.h"

namespace sluice {
namespace {

// The most workspace of a product: the size that cublasSetWorkspace recommends for Hopper. Older devices need less.
constexpr int64_t most_workspace_bytes = int64_t{32} << 20;
// "The workspace pointer must be aligned to at least a multiple of 256 bytes" (cublasLtMatmul).
constexpr uintptr_t workspace_alignment = 256;

cudaDataType type_of(int32_t dtype) { return dtype == SL_BF16 ? CUDA_R_16BF : CUDA_R_32F; }

// The largest power of two that divides an address, at most 256 bytes, which is the alignment that cuBLASLt assumes.
uint32_t alignment_of(const void* pointer) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(pointer) | 256;
  return static_cast<uint32_t>(address & (~address + 1));
}

template <typename Function>
void load(const SharedLibrary& library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(library.symbol(name));
}

}  // namespace

CublasLtFunctions::CublasLtFunctions() {
  const SharedLibrary& library = cublaslt_library();
#define SL_LOAD(name) load(library, #name, name);
  SL_CUBLASLT_FUNCTIONS(SL_LOAD)
#undef SL_LOAD
}

std::string cublaslt_version_text() { return version_text(CublasLtFunctions().cublasLtGetVersion()); }

CublasLt& CublasLt::of(sl_context* context) {
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  if (context->cublaslt == nullptr) context->cublaslt.reset(new CublasLt(context));
  return *context->cublaslt;
}

CublasLt::CublasLt(sl_context* context) : context_(context) {
  const cublasStatus_t created = functions_.cublasLtCreate(&handle_);
  if (created == CUBLAS_STATUS_SUCCESS) return;
  throw std::runtime_error(std::string("cuBLASLt could not be started: ") +
                           functions_.cublasLtGetStatusString(created));
}

CublasLt::~CublasLt() {
  plans_.clear();
  functions_.cublasLtDestroy(handle_);
}

int32_t CublasLt::status(const Call& call, cublasStatus_t status) const {
  if (status == CUBLAS_STATUS_SUCCESS) return SL_OK;
  return fail(status == CUBLAS_STATUS_ALLOC_FAILED ? SL_ERROR_OUT_OF_MEMORY : SL_ERROR_BACKEND,
              "%s: cuBLASLt failed on %s: %s", call.name, call.shapes, functions_.cublasLtGetStatusString(status));
}

int32_t CublasLt::set(const Call& call, cublasLtMatmulDesc_t operation, cublasLtMatmulDescAttributes_t attribute,
                      const void* value, size_t bytes) const {
  return status(call, functions_.cublasLtMatmulDescSetAttribute(operation, attribute, value, bytes));
}

int32_t CublasLt::set_bias(const Call& call, const Plan& plan, const float* bias) const {
  if (bias == nullptr) return SL_OK;
  const void* const pointer = bias;
  return set(call, plan.operation.get(), CUBLASLT_MATMUL_DESC_BIAS_POINTER, &pointer, sizeof pointer);
}

CublasLt::Key CublasLt::key_of(const Product& p) const {
  return {p.dtype,
          p.out_dtype,
          p.m,
          p.n,
          p.k,
          p.transpose_a,
          p.transpose_b,
          p.beta != 0.0f,
          context_->tf32,
          alignment_of(p.a),
          alignment_of(p.b),
          alignment_of(p.c),
          p.bias != nullptr,
          p.bias != nullptr ? alignment_of(p.bias) : 0};
}

// cuBLASLt's matrices are column-major. Read that way, a row-major matrix is its own transpose, and C^T = op(B)^T
// op(A)^T. So B, as it is stored, is the left operand, and the bias of a column of C^T is added to a row of C.
int32_t CublasLt::describe(const Call& call, const Product& p, Plan& plan) const {
  // Only f32 operands support the TF32 compute type (cublasLtMatmul, "Datatypes Supported").
  const cublasComputeType_t compute =
      context_->tf32 && p.dtype == SL_F32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  cublasLtMatmulDesc_t operation = nullptr;
  SL_TRY(status(call, functions_.cublasLtMatmulDescCreate(&operation, compute, CUDA_R_32F)));
  plan.operation.reset(operation);
  const int32_t left = p.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N, right = p.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N;
  SL_TRY(set(call, operation, CUBLASLT_MATMUL_DESC_TRANSA, &left, sizeof left));
  SL_TRY(set(call, operation, CUBLASLT_MATMUL_DESC_TRANSB, &right, sizeof right));
  if (p.bias != nullptr) {
    const uint32_t epilogue = CUBLASLT_EPILOGUE_BIAS;
    SL_TRY(set(call, operation, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue));
  }
  const auto layout = [&](Owned<cublasLtMatrixLayout_t>& made, int32_t dtype, int64_t rows, int64_t columns) {
    cublasLtMatrixLayout_t matrix = nullptr;
    SL_TRY(status(call, functions_.cublasLtMatrixLayoutCreate(&matrix, type_of(dtype), static_cast<uint64_t>(columns),
                                                              static_cast<uint64_t>(rows), columns)));
    made.reset(matrix);
    return int32_t{SL_OK};
  };
  SL_TRY(layout(plan.left, p.dtype, p.transpose_b ? p.n : p.k, p.transpose_b ? p.k : p.n));
  SL_TRY(layout(plan.right, p.dtype, p.transpose_a ? p.k : p.m, p.transpose_a ? p.m : p.k));
  return layout(plan.out, p.out_dtype, p.m, p.n);
}

// Takes the first algorithm of the heuristic. It measures nothing, so every run takes the same one.
int32_t CublasLt::choose(const Call& call, const Product& p, Plan& plan) const {
  cublasLtMatmulPreference_t made = nullptr;
  SL_TRY(status(call, functions_.cublasLtMatmulPreferenceCreate(&made)));
  const Owned<cublasLtMatmulPreference_t> preference(made, functions_.cublasLtMatmulPreferenceDestroy);
  const auto prefer = [&](cublasLtMatmulPreferenceAttributes_t attribute, auto value) {
    return status(call, functions_.cublasLtMatmulPreferenceSetAttribute(made, attribute, &value, sizeof value));
  };
  SL_TRY(prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, static_cast<uint64_t>(most_workspace_bytes)));
  // According to the documentation, every scheme adds in a fixed order ("Results Reproducibility": with a workspace
  // from the caller, cublasLtMatmul gives the same bits in every run; in place, counters "guarantee sequentiality").
  // But INPLACE and OUTPUT_TYPE keep partial sums in the type of C, which loses digits in bf16, and the order of the
  // counters is not documented. So sums are not split, or kept in f32 and added in a separate step.
  SL_TRY(prefer(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
                static_cast<uint32_t>(CUBLASLT_REDUCTION_SCHEME_NONE | CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE)));
  SL_TRY(prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment_of(p.b)));
  SL_TRY(prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignment_of(p.a)));
  SL_TRY(prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignment_of(p.c)));
  SL_TRY(prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignment_of(p.c)));
  SL_TRY(set_bias(call, plan, p.bias));  // cuBLASLt reads its alignment from the pointer
  cublasLtMatmulHeuristicResult_t found{};
  int count = 0;
  const cublasStatus_t asked =
      functions_.cublasLtMatmulAlgoGetHeuristic(handle_, plan.operation.get(), plan.left.get(), plan.right.get(),
                                                plan.out.get(), plan.out.get(), made, 1, &found, &count);
  const bool none = asked == CUBLAS_STATUS_SUCCESS && (count == 0 || found.state != CUBLAS_STATUS_SUCCESS);
  if (none || asked == CUBLAS_STATUS_NOT_SUPPORTED) {
    return fail(SL_ERROR_UNSUPPORTED, "%s: cuBLASLt %zu has no algorithm for %s", call.name,
                functions_.cublasLtGetVersion(), call.shapes);
  }
  SL_TRY(status(call, asked));
  plan.algorithm = found.algo;
  plan.workspace_bytes = found.workspaceSize;
  return SL_OK;
}

int32_t CublasLt::find_plan(const Call& call, const Product& p, const Plan** plan) {
  const Key key = key_of(p);
  auto found = plans_.find(key);
  if (found == plans_.end()) {
    const auto no_layout = [&] {
      return Owned<cublasLtMatrixLayout_t>(nullptr, functions_.cublasLtMatrixLayoutDestroy);
    };
    Plan made{Owned<cublasLtMatmulDesc_t>(nullptr, functions_.cublasLtMatmulDescDestroy), no_layout(), no_layout(),
              no_layout()};
    SL_TRY(describe(call, p, made));
    SL_TRY(choose(call, p, made));
    found = plans_.emplace(key, std::move(made)).first;
  }
  *plan = &found->second;
  return SL_OK;
}

int32_t CublasLt::multiply(const char* name, const char* shapes, const Product& p) {
  const Call call{name, shapes};
  const std::lock_guard<std::mutex> lock(mutex_);
  const Plan* plan = nullptr;
  SL_TRY(find_plan(call, p, &plan));
  // Released when the call returns: the stream runs later users of the same bytes after the product.
  const size_t bytes = plan->workspace_bytes == 0 ? 0 : plan->workspace_bytes + workspace_alignment;
  const Scratch scratch(context_->allocator, static_cast<int64_t>(bytes));
  if (bytes > 0 && !scratch) return out_of_memory(name, context_->allocator, static_cast<int64_t>(bytes));
  const uintptr_t past = reinterpret_cast<uintptr_t>(scratch.get()) % workspace_alignment;
  void* const workspace = scratch.get<char>() + (past == 0 ? 0 : workspace_alignment - past);
  SL_TRY(set_bias(call, *plan, p.bias));
  return status(call, functions_.cublasLtMatmul(handle_, plan->operation.get(), &p.alpha, p.b, plan->left.get(), p.a,
                                                plan->right.get(), &p.beta, p.c, plan->out.get(), p.c, plan->out.get(),
                                                &plan->algorithm, workspace, plan->workspace_bytes, context_->stream));
}

}  // namespace sluice
