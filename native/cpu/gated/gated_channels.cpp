// Lists of open channels, packed weights and the choice of kernels.
#include "gated_channels.h"

#include <algorithm>

#include "../onednn.h"

namespace sluice {

bool gated_vectors_supported(int32_t dtype) {
  static const bool wide = onednn_supports(dnnl::cpu_isa::avx512_core);
  return dtype == SL_BF16 ? has_native_bf16() : wide;
}

const GatedKernels& gated_kernels() { return gated_vectors_supported(SL_F32) ? gated_avx512 : gated_avx2; }

GatedChannels::GatedChannels(const float* mask, int64_t channels, bool takes_vectors, const float* all_scales,
                             const float* all_shifts, float* memory)
    : scale(memory),
      shift(scale + padded(channels)),
      open(reinterpret_cast<int32_t*>(shift + padded(channels))),
      before(open + padded(channels + gated_ahead)),
      lanes(reinterpret_cast<uint16_t*>(before + padded(pieces(channels, gated_vector) + 1))),
      runs(reinterpret_cast<VectorRun*>(before + 2 * padded(pieces(channels, gated_vector) + 1))),
      count(0),
      run_count(0),
      in_vectors(takes_vectors) {
  const auto is_open = [&](int64_t channel) { return mask[channel] != 0.0f; };
  const int64_t vectors = pieces(channels, gated_vector);
  for (int64_t vector = 0; vector < vectors; ++vector) {
    before[vector] = static_cast<int32_t>(count);
    const int64_t begin = vector * gated_vector, end = std::min(begin + gated_vector, channels);
    bool whole = false;
    for (int64_t channel = begin; in_vectors && channel < end; ++channel) whole = whole || is_open(channel);
    if (whole) {
      const bool continues = vector > 0 && before[vector - 1] < count;
      if (!continues) runs[run_count++] = {static_cast<int32_t>(count), static_cast<int32_t>(begin), 0};
      runs[run_count - 1].length += static_cast<int32_t>(end - begin);
    }
    for (int64_t channel = begin; channel < end; ++channel) {
      open[count] = static_cast<int32_t>(channel);
      count += whole || is_open(channel) ? 1 : 0;
    }
  }
  before[vectors] = static_cast<int32_t>(count);
  for (int64_t i = 0; i < gated_ahead; ++i) open[count + i] = count == 0 ? 0 : open[i] + static_cast<int32_t>(channels);
  std::fill_n(lanes, vectors, uint16_t{0});
  for (int64_t i = 0; i < padded(count); ++i) {
    scale[i] = i < count ? all_scales[open[i]] : 0.0f;
    shift[i] = i < count ? all_shifts[open[i]] : 0.0f;
    if (i >= count || !is_open(open[i])) continue;
    uint16_t& bits = lanes[i / gated_vector];
    bits = static_cast<uint16_t>(bits | 1u << i % gated_vector);
  }
}

void pack_gated_rows(sl_context* context, int64_t floats, const float* weights, float* packed) {
  parallel_for(context->threads, floats, 65536,
               [=](int64_t begin, int64_t end) { std::copy(weights + begin, weights + end, packed + begin); });
}

}  // namespace sluice
