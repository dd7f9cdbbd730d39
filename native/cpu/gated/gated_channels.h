// Lists of open channels, packed weights and the choice of kernels, which the convolutions of a gated block share.
#pragma once

#include "../context.h"
#include "gated_kernels.h"

namespace sluice {

inline int64_t pieces(int64_t n, int64_t size) { return (n + size - 1) / size; }

// Floats of the widest vector; lists and hidden maps are padded to whole vectors.
constexpr int64_t gated_vector = 16;

inline int64_t padded(int64_t channels) { return pieces(channels, gated_vector) * gated_vector; }

// AVX-512 if oneDNN would use it too: its ONEDNN_MAX_CPU_ISA then governs every kernel of the library.
const GatedKernels& gated_kernels();

// The channels that one image's mask opens, ascending, with the norm's scale and shift of each, in whole vectors.
struct GatedChannels {
  float *scale, *shift;
  int32_t* open;
  int64_t count;

  // Floats of memory for a mask of `channels` channels.
  static int64_t floats(int64_t channels) { return 2 * padded(channels) + padded(channels + gated_ahead); }

  GatedChannels(const float* mask, int64_t channels, const float* all_scales, const float* all_shifts, float* memory);
};

// Copies `floats` weights as they are: an opening convolution reads OHWI.
void pack_gated_rows(sl_context* context, int64_t floats, const float* weights, float* packed);

// Packs weights [outputs, terms] in groups of gated_group output channels, for a closing convolution.
void pack_gated_groups(sl_context* context, int64_t outputs, int64_t terms, const float* weights, float* packed);

}  // namespace sluice
