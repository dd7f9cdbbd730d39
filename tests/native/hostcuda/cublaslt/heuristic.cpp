// Checks products for the stand-in for cuBLASLt, and proposes an algorithm.
#include "objects.h"

namespace hostcuda {
namespace {

// The rows of the table "Datatypes Supported" (documentation, cublasLtMatmul) with the types that sluice uses.
bool types_supported(const Gemm& gemm) {
  const cudaDataType in = gemm.a->type, out = gemm.d->type;
  if (gemm.operation->scale != CUDA_R_32F || gemm.b->type != in) return false;
  if (gemm.operation->compute == CUBLAS_COMPUTE_32F) {
    return (in == CUDA_R_16BF && (out == CUDA_R_16BF || out == CUDA_R_32F)) || (in == CUDA_R_32F && out == CUDA_R_32F);
  }
  return gemm.operation->compute == CUBLAS_COMPUTE_32F_FAST_TF32 && in == CUDA_R_32F && out == CUDA_R_32F;
}

// ld "must be large enough so that matrix memory locations are not overlapping (e.g. greater or equal to
// CUBLASLT_MATRIX_LAYOUT_ROWS in case of CUBLASLT_ORDER_COL)" (cublasLt.h). The documentation does not mention sizes of
// 0; the stand-in refuses them, so that no caller depends on them.
bool laid_out(const cublasLtMatrixLayoutOpaque_t& matrix) {
  return matrix.rows > 0 && matrix.columns > 0 && matrix.ld >= 0 && static_cast<uint64_t>(matrix.ld) >= matrix.rows;
}

// "Usually only values that can be expressed as int32_t are supported" (cublasLt.h, ROWS and COLS).
bool countable(const cublasLtMatrixLayoutOpaque_t& matrix) {
  return matrix.rows <= 0x7fffffffu && matrix.columns <= 0x7fffffffu;
}

bool known_operation(int32_t operation) { return operation == CUBLAS_OP_N || operation == CUBLAS_OP_T; }

// The least accurate scheme among the allowed ones, so that a test notices a scheme that should not be allowed.
uint64_t scheme_of(uint32_t allowed) {
  for (const uint32_t scheme : {CUBLASLT_REDUCTION_SCHEME_INPLACE, CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE,
                                CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE}) {
    if ((allowed & scheme) != 0) return scheme;
  }
  return CUBLASLT_REDUCTION_SCHEME_NONE;
}

}  // namespace

cublasStatus_t check_gemm(const Gemm& gemm) {
  const auto& [operation, a, b, c, d] = gemm;
  if (operation == nullptr || a == nullptr || b == nullptr || d == nullptr || c == nullptr) {
    return CUBLAS_STATUS_INVALID_VALUE;  // "If the parameters are unexpectedly NULL" (documentation, cublasLtMatmul)
  }
  // "... in conflict or in an impossible configuration" (ibid.): sizes of op(A) op(B), C and D.
  if (!known_operation(operation->transpose_a) || !known_operation(operation->transpose_b)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  for (const auto* matrix : {a, b, c, d}) {
    if (!laid_out(*matrix)) return CUBLAS_STATUS_INVALID_VALUE;
    if (!countable(*matrix)) return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  const bool flip_a = operation->transpose_a == CUBLAS_OP_T, flip_b = operation->transpose_b == CUBLAS_OP_T;
  const uint64_t m = flip_a ? a->columns : a->rows, k = flip_a ? a->rows : a->columns;
  const uint64_t n = flip_b ? b->rows : b->columns;
  if ((flip_b ? b->columns : b->rows) != k || d->rows != m || d->columns != n) return CUBLAS_STATUS_INVALID_VALUE;
  // Out of place, "both matrices must have the same data type, number of rows, number of columns" (ibid., Note).
  if (c->rows != m || c->columns != n || c->type != d->type) return CUBLAS_STATUS_INVALID_VALUE;
  if (operation->epilogue != CUBLASLT_EPILOGUE_DEFAULT && operation->epilogue != CUBLASLT_EPILOGUE_BIAS) {
    return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  return types_supported(gemm) ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

uint64_t hash_of(const Gemm& gemm) {
  uint64_t hash = 0xcbf29ce484222325u;
  const auto add = [&](uint64_t value) { hash = (hash ^ value) * 0x100000001b3u; };
  for (const uint64_t value :
       {uint64_t{gemm.operation->compute}, uint64_t{gemm.operation->scale}, uint64_t{gemm.operation->epilogue},
        uint64_t(gemm.operation->transpose_a), uint64_t(gemm.operation->transpose_b)}) {
    add(value);
  }
  for (const auto* matrix : {gemm.a, gemm.b, gemm.c, gemm.d}) {
    add(matrix->type);
    add(matrix->rows);
    add(matrix->columns);
    add(static_cast<uint64_t>(matrix->ld));
  }
  return hash;
}

}  // namespace hostcuda

using namespace hostcuda;

extern "C" cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation,
                                                         cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                                         cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                                         cublasLtMatmulPreference_t preference, int requested,
                                                         cublasLtMatmulHeuristicResult_t* results, int* count) {
  static_assert(sizeof(Algorithm) <= sizeof(cublasLtMatmulAlgo_t));
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  // "CUBLAS_STATUS_INVALID_VALUE if requestedAlgoCount is less or equal to zero" (cublasLt.h).
  if (requested <= 0 || results == nullptr || count == nullptr || preference == nullptr) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  *count = 0;
  const Gemm gemm{operation, a, b, c, d};
  const cublasStatus_t checked = check_gemm(gemm);
  if (checked != CUBLAS_STATUS_SUCCESS) return checked;
  // "Routines that don't dereference this pointer, like cublasLtMatmulAlgoGetHeuristic() depend on its value to
  // determine expected pointer alignment" (cublasLt.h, CUBLASLT_MATMUL_DESC_BIAS_POINTER): the stand-in requires it.
  if (operation->epilogue == CUBLASLT_EPILOGUE_BIAS && operation->bias == nullptr) return CUBLAS_STATUS_INVALID_VALUE;

  Algorithm algorithm{algorithm_mark,
                      hash_of(gemm),
                      scheme_of(preference->reduction_schemes),
                      0,
                      preference->alignment_a,
                      preference->alignment_b,
                      preference->alignment_c,
                      preference->alignment_d};
  // Two partial sums for each element of D; in place, the workspace has counters.
  const uint64_t elements = d->rows * d->columns;
  algorithm.workspace = algorithm.scheme == CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE  ? 2 * elements * sizeof(float)
                        : algorithm.scheme == CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE ? 2 * elements * bytes_of(d->type)
                        : algorithm.scheme == CUBLASLT_REDUCTION_SCHEME_INPLACE     ? sizeof(float)
                                                                                    : 0;
  if (algorithm.workspace > preference->max_workspace) {
    algorithm.scheme = CUBLASLT_REDUCTION_SCHEME_NONE;
    algorithm.workspace = 0;
  }
  results[0] = {};
  std::memcpy(&results[0].algo, &algorithm, sizeof algorithm);
  results[0].workspaceSize = algorithm.workspace;
  results[0].state = CUBLAS_STATUS_SUCCESS;
  results[0].wavesCount = 1.0f;
  *count = 1;
  return CUBLAS_STATUS_SUCCESS;
}
