// The convolutions of a gated block by Winograd's filtering, for many images at once.
#pragma once

#include "../gradient_sums.h"
#include "gated_kernels.h"

namespace sluice {

struct Span {
  int64_t begin, end;
};

// Each takes `count` images of one size through their convolution, in some of their tiles. The bits of an image do not
// depend on the other images. `scratch` has gated_winograd_floats for these tiles of all images.
struct GatedWinogradKernels {
  // `entries`: of a single image, the places of the hidden map, in whole vectors; all unless the list holds vectors.
  // Several images are computed whole.
  void (*opening)(const OpeningConvolution* images, int64_t count, Span tiles, Span entries, float* scratch);
  // `groups` of channel_group outputs.
  void (*closing)(const ClosingConvolution* images, int64_t count, Span tiles, Span groups, float* scratch);
};

// Floats of scratch for so many tiles, of one image or of several. `in_words`: input channels, in bf16 pairs of them.
inline int64_t gated_winograd_floats(int64_t tile, int64_t tiles, int64_t in_words, int64_t channels) {
  return (tile + 2) * (tile + 2) * (plane_of(tiles * in_words, 4) + plane_of(tiles * channels, 4));
}

// The kernels in f32 for tiles of 2, 3 or 4 outputs a side.
const GatedWinogradKernels& gated_winograd_f32(int64_t tile);

// The kernels in bf16, for gates that open whole vectors of channels. Larger tiles would amplify bf16's rounding.
constexpr int64_t gated_bf16_tile = 2;
const GatedWinogradKernels& gated_winograd_bf16();

}  // namespace sluice
