// Compares the stand-in's table for cuBLASLt with the header of the real library. Compiles only if they agree.
//   g++ -std=c++17 -fsyntax-only -I<CUDA toolkit>/include -I<cuBLAS>/include check_cublaslt.cpp
#include <cublasLt.h>

#include <cstddef>
#include <type_traits>

#if !defined(CUBLAS_VERSION)
#error "this is the stand-in's header: add the include folder of the real cuBLAS"
#endif

#define CONSTANT(type, name, value) \
  static_assert(std::is_same_v<std::remove_cv_t<decltype(name)>, type>, #name " has another type"); \
  static_assert(static_cast<long long>(name) == (value), #name " has another value");
#define FUNCTION(result, name, parameters) \
  static_assert(std::is_same_v<decltype(&::name), result(*) parameters>, #name " has another type");
#include "tables/cublaslt.inc"
#undef FUNCTION
#undef CONSTANT

// Structs that callers keep by value.
static_assert(sizeof(cublasLtMatmulAlgo_t) == 64);
static_assert(sizeof(cublasLtMatmulHeuristicResult_t) == 96);
static_assert(offsetof(cublasLtMatmulHeuristicResult_t, algo) == 0);
static_assert(offsetof(cublasLtMatmulHeuristicResult_t, workspaceSize) == 64);
static_assert(offsetof(cublasLtMatmulHeuristicResult_t, state) == 72);
static_assert(std::is_same_v<decltype(cublasLtMatmulHeuristicResult_t::workspaceSize), size_t>);
static_assert(std::is_same_v<decltype(cublasLtMatmulHeuristicResult_t::state), cublasStatus_t>);
// The stand-in declares its enumerations as unsigned.
static_assert(std::is_same_v<std::underlying_type_t<cublasStatus_t>, unsigned>);
static_assert(std::is_same_v<std::underlying_type_t<cublasComputeType_t>, unsigned>);
