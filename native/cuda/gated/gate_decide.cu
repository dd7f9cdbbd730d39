// A gate's decision at inference, one kernel for each of its two layers.
#include "../../common/gate_checks.h"
#include "../launch.h"

namespace sluice {
namespace {

// One warp a product: calls finish(image, row, product) in one lane for each image's vector [images, columns] and each
// row of a matrix [rows, columns].
template <typename Finish>
__global__ void multiply_kernel(int64_t images, int64_t rows, int64_t columns, const float* matrix,
                                const float* vectors, const Finish finish) {
  const int lane = static_cast<int>(threadIdx.x) % warp_threads;
  const int64_t step = element_stride() / warp_threads;
  for (int64_t i = first_element() / warp_threads; i < images * rows; i += step) {
    const int64_t image = i / rows, row = i - image * rows;
    float sum = 0.0f;
    for (int64_t column = lane; column < columns; column += warp_threads) {
      sum = fmaf(matrix[row * columns + column], vectors[image * columns + column], sum);
    }
    sum = warp_sum(sum);
    if (lane == 0) finish(image, row, sum);
  }
}

template <typename Finish>
int32_t multiply(const sl_context* context, int64_t images, int64_t rows, int64_t columns, const float* matrix,
                 const float* vectors, const Finish& finish) {
  const dim3 blocks = blocks_for(context, images * rows, block_threads / warp_threads);
  return launch(context, "sl_gate_decide", blocks, block_threads, multiply_kernel<Finish>, images, rows, columns,
                matrix, vectors, finish);
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_gate_decide(sl_context* context, int64_t batch, int64_t in_channels, int64_t hidden, int64_t channels,
                              const float* pooled, const float* weight1, const float* mean, const float* variance,
                              const float* gamma, const float* beta, float epsilon, const float* weight2,
                              const float* bias, float* mask) {
  SL_ENTER("sl_gate_decide", context);
  const GateLayers gate{in_channels, hidden, channels, weight1, mean, variance, gamma, beta, epsilon, weight2, bias};
  SL_TRY(check_gate_decide(batch, gate, pooled, mask));
  if (batch * channels == 0) return SL_OK;
  const int64_t bytes = std::max<int64_t>(batch * hidden, 1) * static_cast<int64_t>(sizeof(float));
  const Scratch scratch(context->allocator, bytes);
  if (!scratch) return out_of_memory("sl_gate_decide", context->allocator, bytes);
  float* const units = scratch.get<float>();
  SL_TRY(multiply(context, batch, hidden, in_channels, weight1, pooled,
                  [=] __device__(int64_t image, int64_t unit, float value) {
                    units[image * hidden + unit] = GateLayers::activate(gate.norm(unit), value);
                  }));
  return multiply(context, batch, channels, hidden, weight2, units,
                  [=] __device__(int64_t image, int64_t channel, float value) {
                    mask[image * channels + channel] = gate.decide(channel, value);
                  });
}
