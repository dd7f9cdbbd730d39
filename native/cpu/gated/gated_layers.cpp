// The opening and the closing convolution of a gated block, and the tiles that both may use.
#include "gated_layers.h"

#include "../winograd/winograd.h"
#include "gated_cuts.h"

namespace sluice {

sl_conv_shape as_convolution(const GatedLayer& layer, int32_t batch) {
  return {batch,
          static_cast<int32_t>(layer.in_height),
          static_cast<int32_t>(layer.in_width),
          static_cast<int32_t>(layer.in_channels),
          static_cast<int32_t>(layer.out_channels),
          layer.kernel,
          layer.kernel,
          layer.stride,
          layer.padding,
          layer.dtype};
}

int64_t packed_floats(const GatedLayer& layer, int32_t batch, int64_t tile) {
  if (tile != 0) return winograd_packed_bytes(as_convolution(layer, batch), SL_CONV_FORWARD) / int64_t{sizeof(float)};
  return layer.taps() * layer.in_channels * layer.out_channels * element_bytes(layer.dtype) / int64_t{sizeof(float)};
}

void pack_rows(sl_context* context, const GatedLayer& layer, int32_t batch, int64_t tile, const float* weights,
               float* packed) {
  if (tile != 0) return winograd_pack_rows(context, as_convolution(layer, batch), weights, packed);
  pack_gated_rows(context, packed_floats(layer, batch, tile), weights, packed);
}

// ---- Winograd's tiles

GatedTiles::GatedTiles(const GatedLayer& layer, int32_t batch)
    : dtype(layer.dtype), in_channels(layer.in_channels), out_channels(layer.out_channels) {
  if (dtype == SL_BF16) {
    // Transforms of tiles as small as these pay for any number of channels and tiles.
    if (layer.kernel != 3 || layer.stride != 1) return;
    tile = gated_bf16_tile;
  } else {
    const bool worthwhile = std::min(in_channels, out_channels) >= fewest_channels;
    if (!worthwhile || !winograd_suits(as_convolution(layer, batch))) return;
    tile = winograd_tile(SL_F32, layer.in_height, layer.in_width);
  }
  tiles = pieces(layer.in_height, tile) * pieces(layer.in_width, tile);
}

// Tiles of each image to take at a time: all if there are several images, else as many as leave their operands in a
// core's cache, but at least what one register tile multiplies.
int64_t GatedTiles::at_once(int64_t images) const {
  if (images > 1) return tiles;
  constexpr int64_t cached_floats = int64_t{1} << 15, fewest = 6;
  return std::min(tiles, std::max(fewest, pieces(tiles, pieces(floats(tiles), cached_floats))));
}

int64_t GatedTiles::scratch_floats(int64_t images) const { return tile == 0 ? 0 : floats(images * at_once(images)); }

// Tiles share their transforms over all channels, and pieces of tiles read all weights: they are cut into as few pieces
// as threads and caches allow. With few tiles, reading the weights costs more than repeating the transforms, so threads
// share channels first.
Cuts GatedTiles::cuts(size_t images, int threads, int64_t units) const {
  if (tiles <= gated_few_tiles) return cut(wanted_pieces(images, threads), units, tiles);
  const int64_t cached = pieces(tiles, at_once(1)), wanted = pieces(threads, static_cast<int64_t>(images));
  return {units, tiles, 1, std::min(tiles, pieces(cached, wanted) * wanted)};
}

// ---- opening

void OpeningLayer::pack(sl_context* context, const float* weights, float* packed) const {
  if (!takes_vectors()) return pack_rows(context, layer_, batch_, tiles_.tile, weights, packed);
  if (tiles_.tile != 0) return winograd_pack_vectors(context, as_convolution(layer_, batch_), weights, packed);
  const int64_t terms = layer_.taps() * layer_.in_channels;
  if (layer_.dtype == SL_BF16)
    return pack_gated_groups(context, layer_.out_channels, terms, gated_vector, weights,
                             reinterpret_cast<bf16*>(packed));
  pack_gated_groups(context, layer_.out_channels, terms, gated_vector, weights, packed);
}

OpeningConvolution OpeningLayer::image(const GatedOperands& operands, const LayerInput& from,
                                       const GatedChannels& outputs, HiddenMap to, const void* zeros) const {
  // Kernels of 1x1 take the map as one row of pixels.
  const bool rows = layer_.kernel != 1;
  return {from.values,
          rows ? layer_.in_height : 1,
          rows ? layer_.in_width : layer_.in_pixels(),
          from.pitch,
          layer_.stride,
          rows ? layer_.out_height : 1,
          rows ? layer_.out_width : layer_.out_pixels(),
          layer_.out_channels,
          operands.packed,
          outputs.scale,
          outputs.shift,
          outputs.open,
          outputs.count,
          to.values,
          to.pitch,
          outputs.lanes,
          outputs.in_vectors,
          outputs.before,
          zeros,
          from.inputs};
}

void OpeningLayer::run(const std::vector<OpeningConvolution>& images, float* scratch) const {
  const int64_t count = static_cast<int64_t>(images.size());
  if (tiles_.tile != 0) {
    const int64_t step = tiles_.at_once(count);
    for (int64_t tile = 0; tile < tiles_.tiles; tile += step)
      tiles_.kernels().opening(images.data(), count, {tile, std::min(tile + step, tiles_.tiles)},
                               {0, images[0].hidden_channels}, scratch);
    return;
  }
  // Maps in f32 that a 1x1 kernel reads are larger than pieces of its weights: images share nothing.
  constexpr int64_t cached_floats = 192 << 10;  // fits a core's own cache, 1 MiB or more on recent processors
  const int64_t channels = layer_.out_channels;
  const bool shares = layer_.kernel != 1 || takes_vectors();
  // Whole vectors, for lists that hold them.
  const int64_t step =
      shares ? padded(units_at_once(images.size(), channels, packed_floats(), cached_floats)) : channels;
  for (int64_t channel = 0; channel < channels; channel += step)
    for (const OpeningConvolution& image : images) {
      const int64_t begin = image.entry_of(channel), end = image.entry_of(channel + step);
      if (layer_.kernel == 1) {
        run_pixels(image, begin, end, 0, layer_.in_pixels());
      } else {
        run_rows(image, begin, end, 0, layer_.out_height);
      }
    }
}

Cuts OpeningLayer::cuts(const std::vector<OpeningConvolution>& images, int threads) const {
  int64_t most = 0;
  for (const OpeningConvolution& image : images) most = std::max(most, image.open_count);
  const int64_t units = std::max<int64_t>(pieces(most, unit()), 1);
  if (tiles_.tile != 0) return tiles_.cuts(images.size(), threads, takes_vectors() ? units : 1);
  const int64_t wanted = wanted_pieces(images.size(), threads);
  if (layer_.kernel == 1) return cut(wanted, units, layer_.in_pixels(), most >= layer_.in_pixels());
  return cut(wanted, units, layer_.out_height);
}

void OpeningLayer::run(const OpeningConvolution& image, const Piece& piece, float* scratch) const {
  const auto entry = [&](int64_t units) { return std::min(units * unit(), image.open_count); };
  if (tiles_.tile != 0) {
    const Span entries = takes_vectors() ? Span{entry(piece.begin), entry(piece.end)} : Span{0, image.hidden_channels};
    if (entries.begin == entries.end) return;
    tiles_.kernels().opening(&image, 1, {piece.part_begin, piece.part_end}, entries, scratch);
  } else if (layer_.kernel == 1) {
    run_pixels(image, entry(piece.begin), entry(piece.end), piece.part_begin, piece.part_end);
  } else {
    run_rows(image, entry(piece.begin), entry(piece.end), piece.part_begin, piece.part_end);
  }
}

void OpeningLayer::run_rows(const OpeningConvolution& image, int64_t open_begin, int64_t open_end, int64_t row_begin,
                            int64_t row_end) const {
  const auto vectors = layer_.dtype == SL_BF16 ? gated_opening_vectors_bf16 : gated_opening_vectors_f32;
  const auto kernel = takes_vectors() ? vectors : gated_kernels().opening;
  kernel(image, open_begin, open_end, row_begin, row_end);
}

void OpeningLayer::run_pixels(const OpeningConvolution& image, int64_t open_begin, int64_t open_end,
                              int64_t pixel_begin, int64_t pixel_end) const {
  const auto kernel = takes_vectors() ? gated_opening_pixels_bf16 : gated_kernels().opening_of_pixels;
  kernel(image, open_begin, open_end, pixel_begin, pixel_end);
}

// ---- closing

void ClosingLayer::pack(sl_context* context, const float* weights, float* packed) const {
  if (tiles_.tile != 0) {
    return winograd_pack(context, as_convolution(layer_, batch_), SL_CONV_FORWARD, weights, packed);
  }
  const int64_t terms = layer_.taps() * layer_.in_channels;
  if (layer_.dtype == SL_BF16)
    return pack_gated_groups(context, layer_.out_channels, terms, group(), weights, reinterpret_cast<bf16*>(packed));
  pack_gated_groups(context, layer_.out_channels, terms, group(), weights, packed);
}

void ClosingLayer::run_pixels(const ClosingConvolution& image, int64_t group_begin, int64_t group_end,
                              int64_t pixel_begin, int64_t pixel_end) const {
  const auto kernel = layer_.dtype == SL_BF16 ? gated_closing_pixels_bf16 : gated_kernels().closing_of_pixels;
  kernel(image, group_begin, group_end, pixel_begin, pixel_end);
}

ClosingConvolution ClosingLayer::image(const GatedCall& call, int64_t image, const GatedOperands& operands,
                                       HiddenMap from, const GatedChannels& inputs) const {
  const int64_t at = image * layer_.out_pixels() * layer_.out_channels;
  // Kernels of 1x1 take the map as one row of pixels.
  const bool rows = layer_.kernel != 1;
  return {from.values,
          from.pitch,
          inputs.open,
          inputs.count,
          inputs.before,
          inputs.in_vectors,
          rows ? layer_.out_height : 1,
          rows ? layer_.out_width : layer_.out_pixels(),
          layer_.in_channels,
          layer_.out_channels,
          operands.packed,
          operands.scale,
          operands.shift,
          call.residual_at(at),
          call.y_at(at),
          call.pooled == nullptr ? nullptr : call.pooled + image * layer_.out_channels,
          inputs.as_inputs(layer_.in_channels)};
}

void ClosingLayer::run(const std::vector<ClosingConvolution>& images, float* scratch) const {
  const int64_t count = static_cast<int64_t>(images.size());
  if (tiles_.tile != 0) {
    const int64_t step = tiles_.at_once(count);
    for (int64_t tile = 0; tile < tiles_.tiles; tile += step)
      tiles_.kernels().closing(images.data(), count, {tile, std::min(tile + step, tiles_.tiles)}, {0, groups()},
                               scratch);
    return;
  }
  const int64_t direct = count == 1 ? groups() : 1;
  const int64_t step = layer_.kernel == 1 ? units_at_once(images.size(), groups(), packed_floats()) : direct;
  for (int64_t group = 0; group < groups(); group += step)
    for (const ClosingConvolution& image : images) {
      const int64_t end = std::min(group + step, groups());
      if (layer_.kernel == 1) {
        run_pixels(image, group, end, 0, layer_.out_pixels());
      } else {
        gated_kernels().closing(image, group, end, 0, layer_.out_height);
      }
    }
}

void ClosingLayer::pool(const ClosingConvolution& image, float* scratch) const {
  pool_.image(layer_.dtype, image.y, scratch, image.pooled);
}

Cuts ClosingLayer::cuts(size_t images, int threads) const {
  if (tiles_.tile != 0) return tiles_.cuts(images, threads, groups());
  const int64_t parts = layer_.kernel == 1 ? layer_.out_pixels() : layer_.out_height;
  return cut(wanted_pieces(images, threads), groups(), parts);
}

void ClosingLayer::run(const ClosingConvolution& image, const Piece& piece, float* scratch) const {
  if (tiles_.tile != 0) {
    tiles_.kernels().closing(&image, 1, {piece.part_begin, piece.part_end}, {piece.begin, piece.end}, scratch);
  } else if (layer_.kernel == 1) {
    run_pixels(image, piece.begin, piece.end, piece.part_begin, piece.part_end);
  } else {
    gated_kernels().closing(image, piece.begin, piece.end, piece.part_begin, piece.part_end);
  }
}

}  // namespace sluice
