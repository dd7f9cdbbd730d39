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
  VectorRun* runs;  // of a list in vectors
  int64_t count, run_count;
  bool in_vectors;

  // Floats of memory for a mask of `channels` channels.
  static int64_t floats(int64_t channels) {
    const int64_t vectors = pieces(channels, gated_vector);
    return 2 * padded(channels) + padded(channels + gated_ahead) + 2 * padded(vectors + 1) +
           padded(vectors * int64_t{sizeof(VectorRun) / sizeof(float)});
  }

  // The list as inputs of a convolution that has `channels`, open or not.
  InputRuns as_inputs(int64_t channels) const { return {runs, run_count, channels, true}; }

  GatedChannels(const float* mask, int64_t channels, bool takes_vectors, const float* all_scales,
                const float* all_shifts, float* memory);
};

// Copies `floats` weights as they are: an opening convolution reads OHWI.
void pack_gated_rows(sl_context* context, int64_t floats, const float* weights, float* packed);

// Whether there are kernels for gates that open whole vectors of channels, with maps of a type.
bool gated_vectors_supported(int32_t dtype);

// Packs weights [outputs, terms] in groups of `size` output channels: [group][term][channel of the group], for bf16
// [group][pair of terms][channel of the group][2].
template <typename T>
void pack_gated_groups(sl_context* context, int64_t outputs, int64_t terms, int64_t size, const float* weights,
                       T* packed) {
  constexpr int64_t joined = sizeof(float) / sizeof(T);
  parallel_for(context->threads, outputs, 8, [&](int64_t begin, int64_t end) {
    for (int64_t output = begin; output < end; ++output) {
      const int64_t group = output / size * size, width = std::min(size, outputs - group);
      T* const column = packed + group * terms + (output - group) * joined;
      const float* const row = weights + output * terms;
      for (int64_t k = 0; k < terms; ++k) column[k / joined * joined * width + k % joined] = from_float<T>(row[k]);
    }
  });
}

}  // namespace sluice
