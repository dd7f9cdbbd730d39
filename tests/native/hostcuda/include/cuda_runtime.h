// A stand-in for the CUDA runtime's header, for tests: an ordinary compiler compiles the kernels for the CPU.
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

// Blocks run one after another on one thread, so the threads of a block can share a static. Unlike on a device, its
// contents outlive the block.
#define __shared__ static
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)

#define CUDART_VERSION 13000

// ---- types, with the fields that sluice uses
enum cudaError : unsigned {};
enum cudaMemcpyKind : unsigned {};
enum cudaDeviceAttr : unsigned {};
enum cudaStreamCaptureMode : unsigned {};
using cudaError_t = cudaError;
using cudaStream_t = struct CUstream_st*;
using cudaEvent_t = struct CUevent_st*;
using cudaGraph_t = struct CUgraph_st*;
using cudaGraphExec_t = struct CUgraphExec_st*;
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

// ---- the environment of a kernel
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;
constexpr int warpSize = 32;

namespace hostcuda {
// Waits for all threads of the block.
void barrier();
// Stores `value` (at most 8 bytes), waits for the lanes of `mask`, and returns the value of lane `source`.
uint64_t exchange(unsigned mask, uint64_t value, int source);
// Like exchange, but returns a bit for each lane of `mask`, set if its value is true.
unsigned ballot(unsigned mask, bool value);
int lane();
// The number of the warp in its block.
unsigned warp();
// Fails the device, as an access that a device does not allow.
void fail_kernel(const char* cause);

// Enqueues a launch that calls `thread` for each thread of the grid.
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

// Like the template in the real header, converts the arguments to the kernel's parameters and copies them in the call.
template <typename... Parameters, typename... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  return hostcuda::enqueue_launch(
      *config, [kernel, copies = std::tuple<std::decay_t<Parameters>...>(std::forward<Arguments>(arguments)...)]() {
        std::apply(kernel, copies);
      });
}
