// The gated block's convolutions by Winograd's filtering, for many images at once.
#pragma once

#include "gated_block_kernels.h"

namespace sluice {

// Each takes `count` images of one size through their convolution, in the tiles [begin, end). What one
// image gives does not depend on the others. `scratch` has gated_winograd_floats for all of these tiles.
struct GatedWinogradKernels {
  void (*first)(const FirstConvolution* images, int64_t count, int64_t begin, int64_t end, float* scratch);
  void (*second)(const SecondConvolution* images, int64_t count, int64_t begin, int64_t end, float* scratch);
};

// Floats of scratch for that many tiles, all images together.
inline int64_t gated_winograd_floats(int64_t tile, int64_t tiles, int64_t in_channels, int64_t channels) {
  return (tile + 2) * (tile + 2) * tiles * (in_channels + channels);
}

// The kernels for tiles of 2, 3 or 4 outputs a side.
const GatedWinogradKernels& gated_winograd_avx512(int64_t tile);

}  // namespace sluice
