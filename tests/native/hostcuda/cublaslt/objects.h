// The objects behind the handles of the stand-in for cuBLASLt.
#pragma once

#include <cublasLt.h>

// Defaults are from the attributes' documentation in cublasLt.h.
struct cublasLtContext {};
struct cublasLtMatmulDescOpaque_t {
  cublasComputeType_t compute;
  cudaDataType scale;
  int32_t transpose_a = CUBLAS_OP_N, transpose_b = CUBLAS_OP_N;
  uint32_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const void* bias = nullptr;  // of D's type: "default: -1" of CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE
};
struct cublasLtMatrixLayoutOpaque_t {
  cudaDataType type;
  uint64_t rows, columns;
  int64_t ld;  // columns are contiguous: CUBLASLT_ORDER_COL
};
struct cublasLtMatmulPreferenceOpaque_t {
  uint64_t max_workspace = 0;
  uint32_t reduction_schemes = CUBLASLT_REDUCTION_SCHEME_MASK;
  uint32_t alignment_a = 256, alignment_b = 256, alignment_c = 256, alignment_d = 256;
};

namespace hostcuda {

// The descriptors of a product D = alpha * op(A) op(B) + beta * C.
struct Gemm {
  cublasLtMatmulDesc_t operation;
  cublasLtMatrixLayout_t a, b, c, d;
};

// The stand-in's contents of the opaque cublasLtMatmulAlgo_t.
struct Algorithm {
  uint64_t mark;       // algorithm_mark if the heuristic made it
  uint64_t problem;    // hash of the product
  uint64_t scheme;     // cublasLtReductionScheme_t of two halves of k; NONE is a single sum
  uint64_t workspace;  // bytes
  uint32_t alignment_a, alignment_b, alignment_c, alignment_d;
};

constexpr uint64_t algorithm_mark = 0x686f7374637564au;

uint64_t hash_of(const Gemm& gemm);

// Checks that the descriptors agree with each other and that the library supports their types.
cublasStatus_t check_gemm(const Gemm& gemm);

inline size_t bytes_of(cudaDataType type) { return type == CUDA_R_16BF ? 2 : 4; }

// Bytes from the first element of a matrix to the end of the last element.
inline size_t extent_of(const cublasLtMatrixLayoutOpaque_t& matrix) {
  return ((matrix.columns - 1) * static_cast<uint64_t>(matrix.ld) + matrix.rows) * bytes_of(matrix.type);
}

}  // namespace hostcuda
