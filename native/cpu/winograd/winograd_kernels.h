// The inner loops of Winograd's convolution, for each precision and tile.
#pragma once

#include <algorithm>
#include <cstdint>

#include "../gradient_sums.h"
#include "winograd.h"

namespace sluice {

// The number of tiles that are multiplied at a time, for a group of `group` output channels.
constexpr int64_t winograd_tile_step(int64_t group) { return group == 64 ? 6 : group == 32 ? 12 : 24; }

// A 3x3 convolution of stride 1, cut into tiles of `tile` x `tile` outputs. A tile takes (tile + 2)^2 products for each
// pair of channels. The numbers of channels are multiples of 16.
struct WinogradGeometry {
  int64_t batch, height, width, in_channels, out_height, out_width, out_channels, padding;
  int64_t tile;
  // The places of the batch's images in the buffers of inputs and of outputs; in order if null.
  const int32_t* in_images = nullptr;
  const int32_t* out_images = nullptr;

  int64_t in_image(int64_t image) const { return in_images == nullptr ? image : in_images[image]; }
  int64_t out_image(int64_t image) const { return out_images == nullptr ? image : out_images[image]; }
  int64_t positions() const { return (tile + 2) * (tile + 2); }
  int64_t tile_rows() const { return (out_height + tile - 1) / tile; }
  int64_t tile_columns() const { return (out_width + tile - 1) / tile; }
  int64_t tiles() const { return batch * tile_rows() * tile_columns(); }
};

// The tiles that a thread takes together through transform, products and inverse transform. Transformed inputs and
// products should stay in a core's cache. With many channels they cannot, and the number follows from sharing each
// fetched weight among enough tiles.
inline int64_t winograd_block(const WinogradGeometry& g) {
  constexpr int64_t cached_floats = int64_t{1} << 17, step = 24;  // a multiple of all tile steps
  const int64_t floats = g.positions() * (g.in_channels + channel_group(g.out_channels));
  return step * std::max<int64_t>(2, std::min<int64_t>(cached_floats / floats / step, 9));
}

inline int64_t winograd_scratch_floats(const WinogradGeometry& g) {
  const int64_t tiles = winograd_block(g);
  return g.positions() * (plane_of(tiles * g.in_channels, 4) + plane_of(tiles * channel_group(g.out_channels), 4));
}

struct WinogradKernels {
  // Computes the outputs of the tiles [first, first + count) in the output channels [channel_begin, channel_end), which
  // are whole groups. count is at most winograd_block. `packed` is [group][position][input channel][channel of the
  // group], for bf16 with pairs of input channels innermost. `scratch` has winograd_scratch_floats. `follow` is applied
  // to the outputs; null if nothing follows.
  void (*convolve)(const WinogradGeometry&, const void* input, const void* packed, void* output, bool accumulate,
                   const WinogradFollow* follow, int64_t first, int64_t count, int64_t channel_begin,
                   int64_t channel_end, float* scratch);
  // Transforms the inputs of the tiles [first + begin, first + end), and their gradients by the transpose of the
  // outputs' transform. begin and end are even; tiles beyond the last become zeros.
  void (*transform)(const WinogradGeometry&, const void* x, const void* dy, int64_t first, int64_t begin, int64_t end,
                    const GradientOperands&);
  // Adds w' v to sums [position][output channel][input channel], for one position and the group of output channels that
  // begins at `channel`.
  void (*multiply)(const WinogradGeometry&, const GradientOperands&, int64_t tiles, int64_t position, int64_t channel,
                   float* sums);
};

// The kernels for a tile of `tile` x `tile` outputs: 2, 3 or 4 in f32, 2 in bf16.
const WinogradKernels& winograd_avx512_f32(int64_t tile);
const WinogradKernels& winograd_avx512_bf16();

}  // namespace sluice
