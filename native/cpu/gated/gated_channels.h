// What gated blocks and gated bottlenecks share: lists of open channels, packed weights, the choice of kernels.
#pragma once

#include "../context.h"
#include "gated_block_kernels.h"

namespace sluice {

inline int64_t pieces(int64_t n, int64_t size) { return (n + size - 1) / size; }

// Floats of the vectors in which lists of open channels are computed.
constexpr int64_t gated_vector = 16;

inline int64_t padded(int64_t channels) { return pieces(channels, gated_vector) * gated_vector; }

// AVX-512 where oneDNN would use it too: its ONEDNN_MAX_CPU_ISA then governs every kernel of the library.
const GatedBlockKernels& gated_block_kernels();

// The channels that one image's mask opens, ascending, with the norm's scale and shift of each, in whole vectors.
struct GatedChannels {
  float *scale, *shift;
  int32_t* open;
  int64_t count;

  // Floats of memory for a mask of that many channels.
  static int64_t floats(int64_t channels) { return 2 * padded(channels) + padded(channels + gated_block_ahead); }

  GatedChannels(const float* mask, int32_t channels, const float* all_scales, const float* all_shifts, float* memory);
};

// A convolution's weights [outputs, terms] in groups of output channels.
void pack_gated_groups(sl_context* context, int64_t outputs, int64_t terms, const float* weights, float* packed);

}  // namespace sluice
