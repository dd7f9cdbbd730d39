// How kernels are launched, and the helpers that most of them share.
#pragma once

#include <algorithm>
#include <utility>

#include "context.h"

namespace sluice {

constexpr int warp_threads = 32;
constexpr int block_threads = 256;
constexpr unsigned whole_warp = 0xffffffffu;

// Queues a kernel on the compute stream, all of whose launches go through here. Arguments are copied. A grid of no
// blocks is nothing to do.
template <typename... Parameters, typename... Arguments>
int32_t launch(const sl_context* context, const char* name, dim3 blocks, int threads, void (*kernel)(Parameters...),
               Arguments&&... arguments) {
  if (blocks.x == 0 || blocks.y == 0 || blocks.z == 0) return SL_OK;
  cudaLaunchConfig_t config{};
  config.gridDim = blocks;
  config.blockDim = dim3(static_cast<unsigned>(threads));
  config.stream = context->stream;
  return cuda_status(name, cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...));
}

// A grid of so many blocks. More than CUDA launches stay more than that, so that the launch fails.
inline dim3 grid_of(int64_t blocks) { return dim3(static_cast<unsigned>(std::min<int64_t>(blocks, UINT32_MAX))); }

// Blocks for `n` pieces of work, `each` to a block, in kernels that stride over what is left: no more than keep the
// device busy.
inline dim3 blocks_for(const sl_context* context, int64_t n, int64_t each = block_threads) {
  constexpr int64_t blocks_a_multiprocessor = 32;
  return dim3(static_cast<unsigned>(
      std::min<int64_t>((n + each - 1) / each, blocks_a_multiprocessor * context->multiprocessors)));
}

// The first of this thread's elements, and from one to the next, where a grid strides over an array.
__device__ inline int64_t first_element() { return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; }
__device__ inline int64_t element_stride() { return static_cast<int64_t>(gridDim.x) * blockDim.x; }

template <typename Body>
__global__ void for_each_kernel(int64_t n, const Body body) {
  for (int64_t i = first_element(); i < n; i += element_stride()) body(i);
}

// body(i), a lambda for the device, for each i in [0, n).
template <typename Body>
int32_t for_each(const sl_context* context, const char* name, int64_t n, const Body& body) {
  return launch(context, name, blocks_for(context, n), block_threads, for_each_kernel<Body>, n, body);
}

// The sum over a warp, in the same order always; valid in its first lane. Every lane calls it.
template <typename T>
__device__ T warp_sum(T value) {
  for (int delta = warp_threads / 2; delta > 0; delta /= 2) value += __shfl_down_sync(whole_warp, value, delta);
  return value;
}

// The sum over a block, in an order that depends on the number of threads alone; valid in thread 0. `shared` has room
// for one value a warp. Every thread of the block calls it; a second call needs a barrier before it.
template <typename T>
__device__ T block_sum(T value, T* shared) {
  value = warp_sum(value);
  const int lane = threadIdx.x % warp_threads, warp = threadIdx.x / warp_threads;
  if (lane == 0) shared[warp] = value;
  __syncthreads();
  if (threadIdx.x == 0) {
    for (int other = 1; other < static_cast<int>(blockDim.x) / warp_threads; ++other) value += shared[other];
  }
  return value;
}

}  // namespace sluice
