// The rule for products of shifted pixels, and their work spread over threads.
#include "shifted.h"

#include "../onednn.h"
#include "shifted_kernels.h"

namespace sluice {

bool shifted_suits(const sl_conv_shape& s) {
  if (s.kernel_height != 3 || s.kernel_width != 3) return false;
  if (s.in_channels % 16 != 0 || s.out_channels % 16 != 0) return false;
  // With few channels the copies cost more than the products. In f32, oneDNN is slower only with many channels.
  const bool worthwhile =
      s.dtype == SL_BF16 ? s.in_channels >= 32 : int64_t{s.in_channels} * s.out_channels >= (1 << 16);
  return worthwhile && prefers_own_products(s.dtype);
}

void shifted_backward_weights(sl_context* context, const sl_conv_shape& s, const void* x, const void* dy, float* dw,
                              bool accumulate) {
  const ShiftedGeometry g{s.batch,
                          s.height,
                          s.width,
                          s.in_channels,
                          (int64_t{s.height} + 2 * s.padding - 3) / s.stride + 1,
                          (int64_t{s.width} + 2 * s.padding - 3) / s.stride + 1,
                          s.out_channels,
                          s.stride,
                          s.padding};
  const ShiftedKernels& kernels = s.dtype == SL_BF16 ? shifted_avx512_bf16 : shifted_avx512_f32;
  GradientSums sums(context, {shifted_taps, 1, g.pixels(), g.in_channels, g.out_channels, s.dtype});
  sums.compute([&](int64_t first, int64_t begin, int64_t end,
                   const GradientOperands& operands) { kernels.gather(g, x, dy, first, begin, end, operands); },
               [&](const GradientOperands& operands, int64_t pixels, int64_t tap, int64_t channel, float* target) {
                 kernels.multiply(g, operands, pixels, tap, channel, target);
               });
  const float* const result = sums.result();
  parallel_for(context->threads, g.out_channels * shifted_taps, 16, [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t channel = row / shifted_taps, tap = row % shifted_taps;
      const float* const from = result + (tap * g.out_channels + channel) * g.in_channels;
      float* const to = dw + row * g.in_channels;
      for (int64_t i = 0; i < g.in_channels; ++i) to[i] = (accumulate ? to[i] : 0.0f) + from[i];
    }
  });
}

}  // namespace sluice
