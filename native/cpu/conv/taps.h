// The weights' gradient by a product for each tap of the kernel.
#pragma once

#include "../gradient_sums.h"
#include "conv_geometry.h"

namespace sluice {

// dw OHWI from sums [tap][output channel][input channel].
inline void collect_taps(sl_context* context, const ConvGeometry& g, const float* sums, float* dw, bool accumulate) {
  const int64_t taps = g.taps();
  parallel_for(context->threads, g.out_channels * taps, 16, [=, &g](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t channel = row / taps, tap = row % taps;
      const float* const from = sums + (tap * g.out_channels + channel) * g.in_channels;
      float* const to = dw + row * g.in_channels;
      for (int64_t i = 0; i < g.in_channels; ++i) to[i] = (accumulate ? to[i] : 0.0f) + from[i];
    }
  });
}

// dw OHWI from x and dy. gather(geometry, x, dy, first, begin, end, operands) and multiply(geometry, operands, pixels,
// tap, channel, sums) are the functions of GradientSums for the output's pixels, of which operands have whole steps.
template <typename Gather, typename Multiply>
void backward_weights_by_taps(const ConvProblem& p, int64_t step, const Gather& gather, const Multiply& multiply,
                              const void* x, const void* dy, float* dw, bool accumulate) {
  const ConvGeometry g(p);
  GradientSums sums(p.context, {g.taps(), 1, g.pixels(), step, g.in_channels, g.out_channels, p.shape.dtype});
  sums.compute([&](int64_t first, int64_t begin, int64_t end,
                   const GradientOperands& operands) { gather(g, x, dy, first, begin, end, operands); },
               [&](const GradientOperands& operands, int64_t pixels, int64_t tap, int64_t channel, float* target) {
                 multiply(g, operands, pixels, tap, channel, target);
               });
  collect_taps(p.context, g, sums.result(), dw, accumulate);
}

}  // namespace sluice
