// Lists of open channels, packed weights and the choice of kernels, which the convolutions of a gated block share.
#pragma once

#include "../context.h"
#include "gated_kernels.h"

namespace sluice {

inline int64_t pieces(int64_t n, int64_t size) { return (n + size - 1) / size; }

inline int64_t padded(int64_t channels) { return pieces(channels, gated_vector) * gated_vector; }

// AVX-512 if oneDNN would use it too: its ONEDNN_MAX_CPU_ISA then governs every kernel of the library.
const GatedKernels& gated_kernels();

// The channels that one image's mask opens, ascending, with the norm's scale and shift of each, in whole vectors. A
// list in vectors also has the closed channels of a vector that the mask opens in part.
struct GatedChannels {
  float *scale, *shift;
  int32_t* open;
  int32_t* before;  // how many are in the list before each gated_vector channels, and in all
  uint16_t* lanes;  // by vector of the list, a bit for each lane whose channel is open
  int64_t count;
  bool in_vectors;

  // Floats of memory for a mask of `channels` channels.
  static int64_t floats(int64_t channels) {
    return 2 * padded(channels) + padded(channels + gated_ahead) + 2 * padded(pieces(channels, gated_vector) + 1);
  }

  GatedChannels(const float* mask, int64_t channels, bool takes_vectors, const float* all_scales,
                const float* all_shifts, float* memory);
};

// Copies `floats` weights as they are: an opening convolution reads OHWI.
void pack_gated_rows(sl_context* context, int64_t floats, const float* weights, float* packed);

// Whether there are kernels for gates that open whole vectors of channels, with maps of a type.
bool gated_vectors_supported(int32_t dtype);

// Packs weights [outputs, terms] in vectors of 16 outputs for bf16: [vector][pair of terms][output of the vector][2].
// Outputs are whole vectors, terms are pairs.
void pack_gated_pairs(sl_context* context, int64_t outputs, int64_t terms, const float* weights, bf16* packed);

// Packs weights [outputs, terms] in groups of `size` output channels: [group][term][channel of the group].
void pack_gated_groups(sl_context* context, int64_t outputs, int64_t terms, int64_t size, const float* weights,
                       float* packed);

}  // namespace sluice
