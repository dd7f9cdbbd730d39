// A stand-in for the CUDA runtime's header: kernels compiled by an ordinary compiler and run by the processor. For tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

// Blocks run one after another on one thread, so that a static is shared by the threads of a block. Its contents outlive
// the block, as on a device they do not.
#define __shared__ static
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)

#define CUDART_VERSION 13000

// ---- types: sizes and fields that sluice reads
enum cudaError : unsigned {};
enum cudaMemcpyKind : unsigned {};
enum cudaDeviceAttr : unsigned {};
using cudaError_t = cudaError;
using cudaStream_t = struct CUstream_st*;
using cudaEvent_t = struct CUevent_st*;
struct cudaDeviceProp {
  char name[256];
};
struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
struct cudaLaunchAttribute;
struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  size_t dynamicSmemBytes;
  cudaStream_t stream;
  cudaLaunchAttribute* attrs;
  unsigned numAttrs;
};
constexpr unsigned cudaStreamNonBlocking = 1;
constexpr unsigned cudaEventDisableTiming = 2;

extern "C" {
#define CONSTANT(type, name, value) constexpr type name = static_cast<type>(value);
#define FUNCTION(result, name, parameters) result name parameters;
#include "../tables/cuda_runtime.inc"
#undef FUNCTION
#undef CONSTANT
}

// ---- what a kernel sees
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;
constexpr int warpSize = 32;

namespace hostcuda {
// Waits for the block's threads.
void barrier();
// Waits for the lanes of `mask` after leaving `value` (at most 8 bytes), then gives that of lane `source`.
uint64_t exchange(unsigned mask, uint64_t value, int source);
// As exchange, but gives the bits of all lanes of `mask` whose value is not 0.
unsigned ballot(unsigned mask, bool value);
int lane();

// Runs `thread` for each thread of the grid, once the stream comes to it.
cudaError_t enqueue_launch(const cudaLaunchConfig_t& config, std::function<void()> thread);

template <typename T>
T exchange_value(unsigned mask, T value, int source) {
  static_assert(sizeof(T) <= sizeof(uint64_t));
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits = exchange(mask, bits, source);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
}  // namespace hostcuda

inline void __syncthreads() { hostcuda::barrier(); }
inline void __syncwarp(unsigned mask = 0xffffffffu) { hostcuda::ballot(mask, false); }
inline unsigned __ballot_sync(unsigned mask, int predicate) { return hostcuda::ballot(mask, predicate != 0); }
template <typename T>
T __shfl_sync(unsigned mask, T value, int source) {
  return hostcuda::exchange_value(mask, value, source % warpSize);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta) {
  const int source = hostcuda::lane() + static_cast<int>(delta);
  return hostcuda::exchange_value(mask, value, source < warpSize ? source : hostcuda::lane());
}
template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta) {
  const int source = hostcuda::lane() - static_cast<int>(delta);
  return hostcuda::exchange_value(mask, value, source >= 0 ? source : hostcuda::lane());
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int bits) {
  return hostcuda::exchange_value(mask, value, hostcuda::lane() ^ bits);
}
inline int __popc(unsigned bits) { return __builtin_popcount(bits); }

// The header's own template: arguments are converted to the kernel's parameters and copied when the call is made.
template <typename... Parameters, typename... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...), Arguments&&... arguments) {
  return hostcuda::enqueue_launch(
      *config, [kernel, copies = std::tuple<std::decay_t<Parameters>...>(std::forward<Arguments>(arguments)...)]() {
        std::apply(kernel, copies);
      });
}
