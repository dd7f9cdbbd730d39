// Softmax cross-entropy and its backward.
#include <cmath>

#include "../common/cross_entropy_checks.h"
#include "launch.h"

namespace sluice {
namespace {

// A block works on a row, or a warp if there are few classes.
int threads_per_row(int64_t classes) { return classes <= block_threads ? warp_threads : block_threads; }

// The largest value of a block, for each of its threads. `shared` has room for a value of each warp.
__device__ float block_max(float value, float* shared) {
  for (int bits = warp_threads / 2; bits > 0; bits /= 2) {
    const float other = __shfl_xor_sync(whole_warp, value, bits);
    value = other > value ? other : value;
  }
  if (threadIdx.x % warp_threads == 0) shared[threadIdx.x / warp_threads] = value;
  __syncthreads();
  for (int warp = 0; warp < static_cast<int>(blockDim.x) / warp_threads; ++warp) {
    value = shared[warp] > value ? shared[warp] : value;
  }
  return value;
}

// The probabilities may overwrite the logits: after the barrier, no other thread reads the elements that a thread
// writes. A row needs no barrier at its end, because a barrier separates the last read of each of the three shared
// arrays from its next write.
__global__ void cross_entropy_kernel(int64_t rows, int64_t classes, const float* logits, const int32_t* labels,
                                     float* losses, float* probabilities, int32_t* fault) {
  __shared__ float largests[block_threads / warp_threads];
  __shared__ double sums[block_threads / warp_threads];
  __shared__ float scale;
  for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    const float* const x = logits + row * classes;
    float* const p = probabilities + row * classes;
    const int32_t label = labels[row];
    if (label < 0 || label >= classes) {  // alike for all threads of the block
      if (threadIdx.x == 0) *fault = fault_label;
      continue;
    }
    const float label_logit = x[label];
    float largest = x[0];
    for (int64_t j = threadIdx.x; j < classes; j += blockDim.x) largest = x[j] > largest ? x[j] : largest;
    largest = block_max(largest, largests);
    // In doubles, so that the small terms of a confident answer are not lost next to the 1 of the largest.
    double sum = 0.0;
    for (int64_t j = threadIdx.x; j < classes; j += blockDim.x) {
      p[j] = expf(x[j] - largest);
      sum += static_cast<double>(p[j]);
    }
    sum = block_sum(sum, sums);
    if (threadIdx.x == 0) {
      scale = static_cast<float>(1.0 / sum);
      losses[row] = static_cast<float>(log(sum) + (static_cast<double>(largest) - static_cast<double>(label_logit)));
    }
    __syncthreads();
    for (int64_t j = threadIdx.x; j < classes; j += blockDim.x) p[j] *= scale;
  }
}

__global__ void cross_entropy_backward_kernel(int64_t rows, int64_t classes, const float* probabilities,
                                              const int32_t* labels, const float* dlosses, float* dlogits,
                                              bool accumulate, int32_t* fault) {
  for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    const float* const p = probabilities + row * classes;
    float* const out = dlogits + row * classes;
    const int32_t label = labels[row];
    if (label < 0 || label >= classes) {
      if (threadIdx.x == 0) *fault = fault_label;
      continue;
    }
    const float dloss = dlosses[row];
    for (int64_t j = threadIdx.x; j < classes; j += blockDim.x) {
      const float gradient = dloss * (p[j] - (j == label ? 1.0f : 0.0f));
      out[j] = accumulate ? out[j] + gradient : gradient;
    }
  }
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_cross_entropy(sl_context* context, int64_t rows, int64_t classes, const float* logits,
                                const int32_t* labels, float* losses, float* probabilities) {
  SL_ENTER("sl_cross_entropy", context);
  SL_TRY(check_cross_entropy(rows, classes, logits, labels, losses, probabilities));
  if (rows * classes == 0) return SL_OK;
  return launch(context, "sl_cross_entropy", blocks_for(context, rows, 1), threads_per_row(classes),
                cross_entropy_kernel, rows, classes, logits, labels, losses, probabilities, context->fault);
}

SL_API int32_t sl_cross_entropy_backward(sl_context* context, int64_t rows, int64_t classes, const float* probabilities,
                                         const int32_t* labels, const float* dlosses, float* dlogits,
                                         int32_t accumulate) {
  SL_ENTER("sl_cross_entropy_backward", context);
  SL_TRY(check_cross_entropy_backward(rows, classes, probabilities, labels, dlosses, dlogits));
  if (rows * classes == 0) return SL_OK;
  return launch(context, "sl_cross_entropy_backward", blocks_for(context, rows, 1), threads_per_row(classes),
                cross_entropy_backward_kernel, rows, classes, probabilities, labels, dlosses, dlogits, accumulate != 0,
                context->fault);
}
