// The convolutions of a gated block by their role: the first opens, the last closes, another lies between two masks.
#pragma once

#include <vector>

#include "../../common/gated_checks.h"
#include "../pooling.h"
#include "gated_channels.h"
#include "gated_winograd.h"

namespace sluice {

// The layer as an ordinary convolution.
sl_conv_shape as_convolution(const GatedLayer& layer, int32_t batch);

// The packed weights of a layer in Winograd's tiles, or of direct sums if `tile` is 0: how many floats, and as rows.
int64_t packed_floats(const GatedLayer& layer, int32_t batch, int64_t tile);
void pack_rows(sl_context* context, const GatedLayer& layer, int32_t batch, int64_t tile, const float* weights,
               float* packed);

// A hidden map of one image: `pitch` elements a pixel, of which the first are the open channels.
struct HiddenMap {
  void* values;
  int64_t pitch;
};

// The part of a convolution that one thread takes: units of channels, and rows, pixels or tiles.
struct Piece {
  int64_t begin, end, part_begin, part_end;
};

// How a convolution of one image is cut for threads to share: `channels` pieces by `parts` pieces.
struct Cuts {
  int64_t units;      // of channels: register tiles of entries, or groups of outputs
  int64_t all_parts;  // rows, pixels or tiles
  int64_t channels, parts;

  int64_t count() const { return channels * parts; }
  Piece at(int64_t index) const {
    const int64_t share = index / parts % channels, part = index % parts;
    return {share * units / channels, (share + 1) * units / channels, part * all_parts / parts,
            (part + 1) * all_parts / parts};
  }
};

// A 3x3 convolution of stride 1 in Winograd's tiles, or by direct sums if `tile` is 0.
struct GatedTiles {
  int64_t tile = 0;  // outputs a side
  int64_t tiles = 0;
  int32_t dtype = SL_F32;
  int64_t in_channels = 0, out_channels = 0;

  // With fewer channels, some of them closed, the transforms cost more than the products that they save.
  static constexpr int32_t fewest_channels = 32;

  GatedTiles(const GatedLayer& layer, int32_t batch);

  const GatedWinogradKernels& kernels() const {
    return dtype == SL_BF16 ? gated_winograd_bf16() : gated_winograd_f32(tile);
  }
  int64_t at_once(int64_t images) const;
  int64_t scratch_floats(int64_t images) const;
  // `units` of channels, among which few tiles are cut.
  Cuts cuts(size_t images, int threads, int64_t units) const;

 private:
  int64_t floats(int64_t tile_count) const {
    return gated_winograd_floats(tile, tile_count, dtype == SL_BF16 ? in_channels / 2 : in_channels, out_channels);
  }
};

// What an OpeningLayer reads of one image: `pitch` elements a pixel, of which `inputs` take part.
struct LayerInput {
  const void* values;
  int64_t pitch;
  InputRuns inputs;
};

// Writes a map of open channels: 3x3, or 1x1 of stride 1. It reads an activation, or a map of open channels if lists
// hold vectors.
class OpeningLayer {
 public:
  OpeningLayer(const GatedLayer& layer, int32_t batch)
      : layer_(layer),
        batch_(batch),
        tiles_(layer, batch),
        all_inputs_{0, 0, static_cast<int32_t>(layer.in_channels)} {}

  int64_t packed_floats() const { return sluice::packed_floats(layer_, batch_, tiles_.tile); }
  void pack(sl_context* context, const float* weights, float* packed) const;
  int64_t scratch_floats(int64_t images) const { return tiles_.scratch_floats(images); }

  bool has_tiles() const { return tiles_.tile != 0; }
  int64_t tiles() const { return tiles_.tiles; }

  // Whether kernels compute vectors of outputs, because the gates open whole vectors.
  bool takes_vectors() const {
    return (layer_.kernel == 3 || layer_.dtype == SL_BF16) && layer_.group != 0 && layer_.group % gated_vector == 0 &&
           gated_vectors_supported(layer_.dtype);
  }

  // All channels of an image of the call.
  LayerInput all_of(const GatedCall& call, int64_t image) const {
    return {call.x_at(image * layer_.in_pixels() * layer_.in_channels),
            layer_.in_channels,
            {&all_inputs_, 1, layer_.in_channels, false}};
  }

  // `zeros`: one for each input channel.
  OpeningConvolution image(const GatedOperands& operands, const LayerInput& from, const GatedChannels& outputs,
                           HiddenMap to, const void* zeros) const;

  // All of the images, on one thread.
  void run(const std::vector<OpeningConvolution>& images, float* scratch) const;
  // A piece of one image.
  Cuts cuts(const std::vector<OpeningConvolution>& images, int threads) const;
  void run(const OpeningConvolution& image, const Piece& piece, float* scratch) const;

 private:
  // Entries that a kernel computes together.
  int64_t unit() const { return takes_vectors() ? gated_vector : gated_kernels().opening_channels; }
  void run_rows(const OpeningConvolution& image, int64_t open_begin, int64_t open_end, int64_t row_begin,
                int64_t row_end) const;
  void run_pixels(const OpeningConvolution& image, int64_t open_begin, int64_t open_end, int64_t pixel_begin,
                  int64_t pixel_end) const;

  GatedLayer layer_;
  int32_t batch_;
  GatedTiles tiles_;
  VectorRun all_inputs_;
};

// One image in a BetweenLayer.
struct BetweenConvolution {
  OpeningConvolution all;  // of all its weights, from a map of open channels to a map of open channels
  WantedInputs wanted;
  const int32_t* in_order;  // 0, 1, ... for every output
  float* gathered;          // Winograd's weights [position][open output][open input]
};

// Reads a map of open channels and writes a map of open channels, channels one by one: 3x3 of any stride.
class BetweenLayer {
 public:
  explicit BetweenLayer(const GatedLayer& layer);

  // Winograd's weights are gathered anew for each image, so that the batch does not matter.
  int64_t packed_floats() const { return sluice::packed_floats(layer_, 1, tile_); }
  void pack(sl_context* context, const float* weights, float* packed) const {
    pack_rows(context, layer_, 1, tile_, weights, packed);
  }
  int64_t in_pitch(int64_t open_inputs) const;
  int64_t out_pitch(int64_t open_outputs) const;
  int64_t image_floats() const;    // lists and gathered weights
  int64_t scratch_floats() const;  // of a thread

  // `memory` has image_floats. Fills the padding of `from` with zeros.
  BetweenConvolution image(const float* packed, const GatedChannels& inputs, HiddenMap from,
                           const GatedChannels& outputs, HiddenMap to, const int32_t* in_order, float* memory) const;

  // All of the images, on one thread.
  void run(const std::vector<BetweenConvolution>& images, float* scratch) const;
  // A piece of one image, once its weights at every position are gathered.
  Cuts cuts(const std::vector<BetweenConvolution>& images, int threads) const;
  int64_t positions() const { return tile_ == 0 ? 0 : (tile_ + 2) * (tile_ + 2); }
  void gather(const BetweenConvolution& image, int64_t position) const;
  void run(const BetweenConvolution& image, const Piece& piece, float* scratch) const;

 private:
  int64_t tiles() const { return pieces(layer_.out_height, tile_) * pieces(layer_.out_width, tile_); }
  int64_t gathered_floats() const { return positions() * padded(layer_.out_channels) * padded(layer_.in_channels); }
  void run_rows(const BetweenConvolution& image, int64_t open_begin, int64_t open_end, int64_t row_begin,
                int64_t row_end, float* scratch) const;
  void run_tiles(const BetweenConvolution& image, int64_t begin, int64_t end, float* scratch) const;

  GatedLayer layer_;
  int64_t tile_;  // outputs a side of Winograd's tiles, 0 for direct sums
};

// Reads a map of open channels and writes all outputs with the residual: 3x3 or 1x1, of stride 1.
class ClosingLayer {
 public:
  ClosingLayer(const GatedLayer& layer, int32_t batch)
      : layer_(layer), batch_(batch), tiles_(layer, batch), pool_(layer.out_pixels(), layer.out_channels) {}

  int64_t packed_floats() const { return sluice::packed_floats(layer_, batch_, tiles_.tile); }
  void pack(sl_context* context, const float* weights, float* packed) const;
  int64_t in_pitch(int64_t open_inputs) const { return layer_.kernel == 1 ? open_inputs : padded(open_inputs); }
  int64_t scratch_floats(int64_t images) const {
    return std::max(tiles_.scratch_floats(images), pool_.scratch_floats());
  }
  int64_t tiles() const { return tiles_.tiles; }

  ClosingConvolution image(const GatedCall& call, int64_t image, const GatedOperands& operands, HiddenMap from,
                           const GatedChannels& inputs) const;

  // All of the images, on one thread.
  void run(const std::vector<ClosingConvolution>& images, float* scratch) const;
  // The mean over the pixels of an image that is complete.
  void pool(const ClosingConvolution& image, float* scratch) const;
  // A piece of one image.
  Cuts cuts(size_t images, int threads) const;
  void run(const ClosingConvolution& image, const Piece& piece, float* scratch) const;

 private:
  // Outputs that a kernel computes together.
  int64_t group() const {
    if (tiles_.tile != 0) return channel_group(layer_.out_channels);
    return layer_.dtype == SL_BF16 ? gated_vector : gated_group;
  }
  int64_t groups() const { return pieces(layer_.out_channels, group()); }
  void run_pixels(const ClosingConvolution& image, int64_t group_begin, int64_t group_end, int64_t pixel_begin,
                  int64_t pixel_end) const;

  GatedLayer layer_;
  int32_t batch_;
  GatedTiles tiles_;
  GlobalPool pool_;
};

}  // namespace sluice
