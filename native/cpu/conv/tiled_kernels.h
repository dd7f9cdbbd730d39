// The inner loops of the tiled products, for runs of output pixels.
#pragma once

#include "../gradient_sums.h"
#include "conv_geometry.h"
#include "tiled_products.h"

namespace sluice {

// Copies the elements of x that each tap reads at the output's pixels [first + begin, first + end) to v
// [tap][32 pixels][16 input channels][pair of pixels][channel][2], and the dy of these pixels to w
// [32 pixels][16 output channels][channel][pixel]: a tile for each 32 pixels by 16 channels. Outside the images both
// are zero. begin and end are multiples of 32. Needs AVX-512.
void gather_tiles(const ConvGeometry&, const void* x, const void* dy, int64_t first, int64_t begin, int64_t end,
                  const GradientOperands&);

// Adds the products of one tap and a group of output channels to sums [tap][output channel][input channel].
template <typename Tiles>
void multiply_tap(const ConvGeometry& g, const GradientOperands& operands, int64_t pixels, int64_t tap, int64_t channel,
                  float* sums) {
  const TileColumn v{static_cast<const bf16*>(operands.v) + tap * operands.v_plane, tile_depth * g.in_channels};
  const TileColumn w{static_cast<const bf16*>(operands.w) + tile_depth * channel, tile_depth * g.out_channels};
  const int64_t channels = channel_group(g.out_channels);
  sums += (tap * g.out_channels + channel) * g.in_channels;
  Tiles tiles;
  if (channels == tile_rows) return multiply_tile_rows<1>(tiles, w, v, pixels, g.in_channels, sums);
  for (int64_t row = 0; row < channels; row += 2 * tile_rows)
    multiply_tile_rows<2>(tiles, w.beside(row / tile_rows), v, pixels, g.in_channels, sums + row * g.in_channels);
}

}  // namespace sluice
