// Lists of open channels, packed weights and the choice of kernels.
#include "gated_channels.h"

#include <algorithm>

#include "../onednn.h"

namespace sluice {

const GatedKernels& gated_kernels() {
  static const bool wide = onednn_supports(dnnl::cpu_isa::avx512_core);
  return wide ? gated_avx512 : gated_avx2;
}

GatedChannels::GatedChannels(const float* mask, int64_t channels, const float* all_scales, const float* all_shifts,
                             float* memory)
    : scale(memory),
      shift(scale + padded(channels)),
      open(reinterpret_cast<int32_t*>(shift + padded(channels))),
      count(0) {
  for (int64_t channel = 0; channel < channels; ++channel) {
    open[count] = static_cast<int32_t>(channel);
    count += mask[channel] != 0.0f ? 1 : 0;
  }
  for (int64_t i = 0; i < gated_ahead; ++i) open[count + i] = count == 0 ? 0 : open[i] + static_cast<int32_t>(channels);
  for (int64_t i = 0; i < padded(count); ++i) {
    scale[i] = i < count ? all_scales[open[i]] : 0.0f;
    shift[i] = i < count ? all_shifts[open[i]] : 0.0f;
  }
}

void pack_gated_rows(sl_context* context, int64_t floats, const float* weights, float* packed) {
  parallel_for(context->threads, floats, 65536,
               [=](int64_t begin, int64_t end) { std::copy(weights + begin, weights + end, packed + begin); });
}

void pack_gated_groups(sl_context* context, int64_t outputs, int64_t terms, const float* weights, float* packed) {
  parallel_for(context->threads, outputs, 8, [&](int64_t begin, int64_t end) {
    for (int64_t output = begin; output < end; ++output) {
      const int64_t group = output / gated_group * gated_group;
      const int64_t width = std::min(gated_group, outputs - group);
      float* column = packed + group * terms + (output - group);
      const float* row = weights + output * terms;
      for (int64_t k = 0; k < terms; ++k) column[k * width] = row[k];
    }
  });
}

}  // namespace sluice
