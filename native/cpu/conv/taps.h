// The weights' gradient from the sums of each tap of the kernel.
#pragma once

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

}  // namespace sluice
