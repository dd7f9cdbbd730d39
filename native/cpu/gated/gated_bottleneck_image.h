// The three convolutions of one image in a gated bottleneck, each in pieces that threads may share.
#pragma once

#include "../../common/gated_bottleneck_checks.h"
#include "gated_channels.h"
#include "gated_winograd.h"

namespace sluice {

// How a bottleneck is computed, which depends on the sizes of an image alone, and its operands.
struct Bottleneck {
  sl_gated_bottleneck_shape shape;
  BottleneckOperands operands;
  int64_t in_pixels, out_height, out_width, out_pixels, out_channels;
  int64_t tile;  // outputs a side of Winograd's tiles in the second convolution, 0 where its sums are direct

  Bottleneck(const sl_gated_bottleneck_shape& shape, const BottleneckOperands& operands);

  int64_t packed_floats(int32_t convolution) const;
  void pack(sl_context* context, int32_t convolution, const float* weights, float* packed) const;

  int64_t groups() const { return pieces(out_channels, gated_block_group); }
  int64_t tiles() const { return pieces(out_height, tile) * pieces(out_width, tile); }
  int64_t positions() const { return tile == 0 ? 0 : (tile + 2) * (tile + 2); }

  int64_t image_floats() const;    // lists, hidden maps, Winograd's weights of the open channels
  int64_t scratch_floats() const;  // of a thread, for the second convolution
};

class BottleneckImage {
 public:
  // `memory` has image_floats, `in_order` is 0, 1, ... up to the number of channels. Lists the open channels.
  BottleneckImage(const Bottleneck& bottleneck, int64_t image, const int32_t* in_order, float* memory);

  const FirstConvolution& first() const { return first_; }
  const FirstConvolution& second() const { return second_; }
  const SecondConvolution& third() const { return third_; }

  // Entries [open_begin, open_end) and output rows [row_begin, row_end) of the second convolution by direct sums.
  void second_of_rows(int64_t open_begin, int64_t open_end, int64_t row_begin, int64_t row_end, float* scratch) const;

  // The second convolution by Winograd's filtering: its weights of the open channels, at the positions
  // [begin, end), then all of their entries in the tiles [begin, end).
  void gather_positions(int64_t begin, int64_t end) const;
  void second_of_tiles(int64_t begin, int64_t end, float* scratch) const;

 private:
  int64_t tile_, positions_;
  const int32_t* in_order_;
  FirstConvolution first_;
  FirstConvolution second_;  // of all its weights, from the map of open channels to one of open channels
  SecondConvolution third_;
  WantedInputs wanted_;      // of the second
  float* gathered_;          // [position][open output][open input]
};

}  // namespace sluice
