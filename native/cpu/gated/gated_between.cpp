// The convolution of a gated block that lies between two masks: both its inputs and its outputs are open channels.
#include <algorithm>

#include "../winograd/winograd.h"
#include "gated_cuts.h"

namespace sluice {
namespace {

// Winograd's weights are four times as many as the direct sums', and their memory grows with the square of the
// channels: only many tiles are worth that.
int64_t tile_of(const GatedLayer& layer) {
  constexpr int64_t fewest_pixels = 512;
  constexpr int64_t fewest_channels = 32, most_channels = 256;
  const auto [fewer, more] = std::minmax(layer.in_channels, layer.out_channels);
  const bool worthwhile = layer.in_pixels() >= fewest_pixels && fewer >= fewest_channels && more <= most_channels;
  if (!worthwhile || !winograd_suits(as_convolution(layer, 1))) return 0;
  return winograd_tile(SL_F32, layer.in_height, layer.in_width);
}

// The operands of this many floats of tiles stay in a core's cache.
constexpr int64_t cached_tiles = int64_t{1} << 17;

// Entries of the list of how many channels are open before each eight, and after them all.
int64_t eights_of(int64_t channels) { return pieces(channels, 8) + 1; }

}  // namespace

BetweenLayer::BetweenLayer(const GatedLayer& layer) : layer_(layer), tile_(tile_of(layer)) {}

// Rows of gathered weights may end in zeros, if the pixels that they meet do. Winograd's kernels read whole vectors, at
// least one. Direct sums of whole vectors are faster, since no read crosses a cache line, if that adds at most an
// eighth.
int64_t BetweenLayer::in_pitch(int64_t open_inputs) const {
  if (tile_ != 0) return std::max(padded(open_inputs), gated_vector);
  return 8 * padded(open_inputs) <= 9 * open_inputs ? padded(open_inputs) : open_inputs;
}

int64_t BetweenLayer::out_pitch(int64_t open_outputs) const {
  return tile_ == 0 ? open_outputs : std::max(padded(open_outputs), gated_vector);
}

int64_t BetweenLayer::image_floats() const { return padded(eights_of(layer_.in_channels)) + gathered_floats(); }

int64_t BetweenLayer::scratch_floats() const {
  const int64_t inputs = padded(layer_.in_channels), outputs = padded(layer_.out_channels);
  if (tile_ == 0) return gated_kernels().opening_channels * layer_.taps() * inputs;
  return std::max(cached_tiles, gated_winograd_floats(tile_, 1, inputs, outputs));
}

BetweenConvolution BetweenLayer::image(const float* packed, const GatedChannels& inputs, HiddenMap from,
                                       const GatedChannels& outputs, HiddenMap to, const int32_t* in_order,
                                       float* memory) const {
  const int64_t eights = eights_of(layer_.in_channels);
  int32_t* const before = reinterpret_cast<int32_t*>(memory);
  for (int64_t eight = 0, count = 0; eight < eights; ++eight) {
    while (count < inputs.count && inputs.open[count] < eight * 8) ++count;
    before[eight] = static_cast<int32_t>(count);
  }
  const int64_t floats = from.pitch > inputs.count ? layer_.in_pixels() * from.pitch : 0;
  for (int64_t at = inputs.count; at < floats; at += from.pitch)
    std::fill_n(static_cast<float*>(from.values) + at, from.pitch - inputs.count, 0.0f);
  const OpeningConvolution all{from.values,   layer_.in_height,  layer_.in_width,  from.pitch,
                               layer_.stride, layer_.out_height, layer_.out_width, layer_.out_channels,
                               packed,        outputs.scale,     outputs.shift,    outputs.open,
                               outputs.count, to.values,         to.pitch,         outputs.lanes};
  const WantedInputs wanted{inputs.open, inputs.count, before, layer_.in_channels};
  return {all, wanted, in_order, memory + padded(eights)};
}

void BetweenLayer::run(const std::vector<BetweenConvolution>& images, float* scratch) const {
  if (tile_ != 0) {
    for (const BetweenConvolution& image : images) {
      for (int64_t position = 0; position < positions(); ++position) gather(image, position);
      run_tiles(image, 0, tiles(), scratch);
    }
    return;
  }
  const int64_t step = units_at_once(images.size(), layer_.out_channels, packed_floats());
  for (int64_t channel = 0; channel < layer_.out_channels; channel += step)
    for (const BetweenConvolution& image : images)
      run_rows(image, image.all.entry_of(channel), image.all.entry_of(channel + step), 0, layer_.out_height, scratch);
}

Cuts BetweenLayer::cuts(const std::vector<BetweenConvolution>& images, int threads) const {
  const int64_t wanted = wanted_pieces(images.size(), threads);
  if (tile_ != 0) return cut(wanted, 1, tiles());
  int64_t most_open = 0;
  for (const BetweenConvolution& image : images) most_open = std::max(most_open, image.all.open_count);
  return cut(wanted, pieces(most_open, gated_kernels().opening_channels), layer_.out_height);
}

void BetweenLayer::run(const BetweenConvolution& image, const Piece& piece, float* scratch) const {
  if (tile_ != 0) return run_tiles(image, piece.part_begin, piece.part_end, scratch);
  const auto entry = [&](int64_t unit) {
    return std::min(unit * gated_kernels().opening_channels, image.all.open_count);
  };
  run_rows(image, entry(piece.begin), entry(piece.end), piece.part_begin, piece.part_end, scratch);
}

// The weights of the open inputs are gathered for one register tile of entries; then every tile of pixels reads them.
void BetweenLayer::run_rows(const BetweenConvolution& image, int64_t open_begin, int64_t open_end, int64_t row_begin,
                            int64_t row_end, float* scratch) const {
  const GatedKernels& kernels = gated_kernels();
  const int64_t taps = layer_.taps(), depth = image.all.in_channels;
  for_pieces(open_end - open_begin, kernels.opening_channels, [&](int64_t begin, int64_t entries) {
    const int64_t entry = open_begin + begin;
    const float* const weights = static_cast<const float*>(image.all.weights);
    for (int64_t i = 0; i < entries; ++i)
      kernels.take(image.wanted, weights + image.all.open[entry + i] * taps * layer_.in_channels, taps, depth,
                   scratch + i * taps * depth);
    OpeningConvolution some = image.all;
    some.weights = scratch;
    some.open = image.in_order;
    some.open_count = entries;
    some.scale += entry;
    some.shift += entry;
    some.hidden = static_cast<float*>(some.hidden) + entry;
    kernels.opening(some, 0, entries, row_begin, row_end);
  });
}

void BetweenLayer::gather(const BetweenConvolution& image, int64_t position) const {
  const OpeningConvolution& all = image.all;
  const float* const weights = static_cast<const float*>(all.weights);
  for (int64_t entry = 0; entry < all.open_count; ++entry)
    gated_kernels().take(image.wanted,
                         weights + (position * layer_.out_channels + all.open[entry]) * layer_.in_channels, 1,
                         all.in_channels, image.gathered + (position * all.hidden_channels + entry) * all.in_channels);
}

void BetweenLayer::run_tiles(const BetweenConvolution& image, int64_t begin, int64_t end, float* scratch) const {
  OpeningConvolution open = image.all;
  open.weights = image.gathered;
  open.open = image.in_order;
  open.channels = image.all.hidden_channels;
  int64_t most = end - begin;
  while (most > 1 && gated_winograd_floats(tile_, most, open.in_channels, open.channels) > cached_tiles) --most;
  for_pieces(end - begin, most, [&](int64_t tile, int64_t tiles) {
    gated_winograd_f32(tile_).opening(&open, 1, {begin + tile, begin + tile + tiles}, {0, open.hidden_channels},
                                      scratch);
  });
}

}  // namespace sluice
