// Launches kernels, and helps most of them with indices and sums.
#pragma once

#include <algorithm>
#include <utility>

#include "context.h"

namespace sluice {

constexpr int warp_threads = 32;
constexpr int block_threads = 256;
constexpr unsigned whole_warp = 0xffffffffu;

// Queues a kernel on the compute stream and copies its arguments. Every launch goes through here. An empty grid is not
// launched.
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

// A grid of `blocks` blocks. A number beyond CUDA's limit stays beyond it, so that the launch fails.
inline dim3 grid_of(int64_t blocks) { return dim3(static_cast<unsigned>(std::min<int64_t>(blocks, UINT32_MAX))); }

// A grid for `n` pieces of work, `each` in a block, but no larger than keeps the device busy: kernels stride over the
// remaining pieces.
inline dim3 blocks_for(const sl_context* context, int64_t n, int64_t each = block_threads) {
  constexpr int64_t blocks_per_multiprocessor = 32;
  return dim3(static_cast<unsigned>(
      std::min<int64_t>((n + each - 1) / each, blocks_per_multiprocessor * context->multiprocessors)));
}

// A thread's first element, and the distance to its next one, in a kernel whose grid strides over an array.
__device__ inline int64_t first_element() { return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; }
__device__ inline int64_t element_stride() { return static_cast<int64_t>(gridDim.x) * blockDim.x; }

template <typename Body>
__global__ void for_each_kernel(int64_t n, const Body body) {
  for (int64_t i = first_element(); i < n; i += element_stride()) body(i);
}

// Calls body(i), a __device__ lambda, for each i in [0, n).
template <typename Body>
int32_t for_each(const sl_context* context, const char* name, int64_t n, const Body& body) {
  return launch(context, name, blocks_for(context, n), block_threads, for_each_kernel<Body>, n, body);
}

// The sum over a warp in a fixed order, valid in the first lane. Every lane must call it.
template <typename T>
__device__ T warp_sum(T value) {
  for (int delta = warp_threads / 2; delta > 0; delta /= 2) value += __shfl_down_sync(whole_warp, value, delta);
  return value;
}

// The sum over a block in an order that depends on the number of threads alone, valid in thread 0. `shared` has room
// for a value of each warp. Every thread of the block must call it; put a barrier before a second call.
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
