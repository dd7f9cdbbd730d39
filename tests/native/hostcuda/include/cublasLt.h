// A stand-in for cuBLASLt's header, with the part that sluice uses, for tests.
#pragma once

#include <cuda_runtime.h>

enum cublasStatus_t : unsigned {};
enum cublasComputeType_t : unsigned {};
enum cublasOperation_t : unsigned {};
enum cudaDataType_t : unsigned {};
using cudaDataType = cudaDataType_t;
enum cublasLtEpilogue_t : unsigned {};
enum cublasLtMatmulDescAttributes_t : unsigned {};
enum cublasLtMatmulPreferenceAttributes_t : unsigned {};
enum cublasLtReductionScheme_t : unsigned {};

using cublasLtHandle_t = struct cublasLtContext*;
using cublasLtMatmulDesc_t = struct cublasLtMatmulDescOpaque_t*;
using cublasLtMatrixLayout_t = struct cublasLtMatrixLayoutOpaque_t*;
using cublasLtMatmulPreference_t = struct cublasLtMatmulPreferenceOpaque_t*;

// Callers copy and keep these structs, so check_cublaslt.cpp compares their sizes and fields with the real ones.
struct cublasLtMatmulAlgo_t {
  uint64_t data[8];
};
struct cublasLtMatmulHeuristicResult_t {
  cublasLtMatmulAlgo_t algo;
  size_t workspaceSize;
  cublasStatus_t state;
  float wavesCount;
  int reserved[4];
};

extern "C" {
#define CONSTANT(type, name, value) constexpr type name = static_cast<type>(value);
#define FUNCTION(result, name, parameters) result name parameters;
#include "../tables/cublaslt.inc"
#undef FUNCTION
#undef CONSTANT
}
