// Compares the stand-in's table for the CUDA runtime with the header of a real toolkit. Compiles only if they agree.
//   g++ -std=c++17 -fsyntax-only -I<CUDA toolkit>/include check_cuda_runtime.cpp
#include <cuda_runtime.h>

#include <type_traits>

#if !defined(CUDART_VERSION)
#error "this is the stand-in's header: add the include folder of a real CUDA toolkit"
#endif

namespace {

// The cast selects the overload with the table's type, and does not compile if there is none.
#define CONSTANT(type, name, value) \
  static_assert(std::is_same_v<std::remove_cv_t<decltype(name)>, type>, #name " has another type"); \
  static_assert(static_cast<long long>(name) == (value), #name " has another value");
#define FUNCTION(result, name, parameters) \
  static_assert(static_cast<result(*) parameters>(&::name) != nullptr, #name " has another type");
#include "tables/cuda_runtime.inc"
#undef FUNCTION
#undef CONSTANT

// Declarations that the stand-in's header has outside its table.
static_assert(cudaStreamNonBlocking == 1 && cudaEventDisableTiming == 2);
static_assert(sizeof(cudaDeviceProp::name) == 256);
static_assert(std::is_same_v<decltype(cudaLaunchConfig_t::gridDim), dim3>);
static_assert(std::is_same_v<decltype(cudaLaunchConfig_t::blockDim), dim3>);
static_assert(std::is_same_v<decltype(cudaLaunchConfig_t::dynamicSmemBytes), size_t>);
static_assert(std::is_same_v<decltype(cudaLaunchConfig_t::stream), cudaStream_t>);
static_assert(std::is_same_v<decltype(cudaLaunchConfig_t::numAttrs), unsigned>);
static_assert(std::is_same_v<cudaStream_t, struct CUstream_st*> && std::is_same_v<cudaEvent_t, struct CUevent_st*>);

}  // namespace
