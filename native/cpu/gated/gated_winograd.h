// The gated block's convolutions by Winograd's filtering, for many images at once.
#pragma once

#include "gated_block_kernels.h"
#include "../gradient_sums.h"

namespace sluice {

// Each takes `count` images of one size through their convolution, in the tiles [begin, end). What one
// image gives does not depend on the others. `scratch` has gated_winograd_floats for all of these tiles.
struct GatedWinogradKernels {
  void (*first)(const FirstConvolution* images, int64_t count, int64_t begin, int64_t end, float* scratch);
  void (*second)(const SecondConvolution* images, int64_t count, int64_t begin, int64_t end, float* scratch);
};

// Floats of scratch for that many tiles of one image.
inline int64_t gated_winograd_floats(int64_t tile, int64_t tiles, int64_t in_channels, int64_t channels) {
  return (tile + 2) * (tile + 2) * (plane_of(tiles * in_channels, 4) + plane_of(tiles * channels, 4));
}

// The kernels for tiles of 2, 3 or 4 outputs a side.
const GatedWinogradKernels& gated_winograd_avx512(int64_t tile);

}  // namespace sluice
