// The inner loops of Winograd's convolution, as each instruction set provides them.
#pragma once

#include <algorithm>
#include <cstdint>

#include "../gradient_sums.h"

namespace sluice {

// Products are made for this many tiles at a time, by the size of the group of output channels.
constexpr int64_t winograd_tile_step(int64_t group) { return group == 64 ? 6 : group == 32 ? 12 : 24; }

// A 3x3 convolution of stride 1, cut into tiles of `tile` x `tile` outputs, which take (tile + 2)^2 products a pair of
// channels; numbers of channels are multiples of 16.
struct WinogradGeometry {
  int64_t batch, height, width, in_channels, out_height, out_width, out_channels, padding;
  int64_t tile;

  int64_t positions() const { return (tile + 2) * (tile + 2); }
  int64_t tile_rows() const { return (out_height + tile - 1) / tile; }
  int64_t tile_columns() const { return (out_width + tile - 1) / tile; }
  int64_t tiles() const { return batch * tile_rows() * tile_columns(); }
};

// Tiles that one thread takes through transform, products and inverse together. Transformed inputs and products stay
// in a core's own cache; with many channels they no longer can, and enough tiles must share each weight that is
// fetched.
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
  // Outputs of the tiles [first, first + count), count at most winograd_block, in the output channels [channel_begin,
  // channel_end), whole groups. `packed` is [group][position][input channel][channel of the group], for bf16 with pairs
  // of input channels innermost; `scratch` has winograd_scratch_floats.
  void (*convolve)(const WinogradGeometry&, const void* input, const void* packed, void* output, bool accumulate,
                   int64_t first, int64_t count, int64_t channel_begin, int64_t channel_end, float* scratch);
  // Transforms inputs, and gradients by the transpose of the outputs' transform, of the tiles [first + begin, first +
  // end), begin and end even; tiles that do not exist are zeros.
  void (*transform)(const WinogradGeometry&, const void* x, const void* dy, int64_t first, int64_t begin, int64_t end,
                    const GradientOperands&);
  // sums [position][output channel][input channel] += w' v for one position and the group of output channels that
  // begins at `channel`.
  void (*multiply)(const WinogradGeometry&, const GradientOperands&, int64_t tiles, int64_t position, int64_t channel,
                   float* sums);
};

// The kernels for tiles of that many outputs a side: 2, 3 or 4 in f32, 2 in bf16.
const WinogradKernels& winograd_avx512_f32(int64_t tile);
const WinogradKernels& winograd_avx512_bf16();

}  // namespace sluice
