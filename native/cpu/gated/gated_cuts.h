// How the work of a gated convolution is divided: by the cache, and among threads.
#pragma once

#include <algorithm>

#include "gated_layers.h"

namespace sluice {

// Weights of this many floats stay in a core's own cache, with room for the maps that pass over them.
constexpr int64_t cached_weights = 96 << 10;

// `count` units of weights, `floats` floats in all: how many of them to take at a time. A single image reads each
// weight once; several share pieces that fit into `cache` floats.
inline int64_t units_at_once(size_t images, int64_t count, int64_t floats, int64_t cache = cached_weights) {
  return pieces(count, images == 1 ? 1 : pieces(floats + 1, cache));
}

// Pieces of each image that threads want to share. Four a thread, so that the last piece to end does not keep the other
// threads waiting for long.
inline int64_t wanted_pieces(size_t images, int threads) {
  return pieces(4 * int64_t{threads}, static_cast<int64_t>(images));
}

// Cuts into about `wanted` pieces: one side first, then the other side for the pieces that are still missing. Pieces of
// channels read all of the map, pieces of parts all of the weights.
inline Cuts cut(int64_t wanted, int64_t units, int64_t parts, bool channels_first = true) {
  const int64_t most_channels = std::max<int64_t>(units, 1);
  if (channels_first) {
    const int64_t channels = std::min(most_channels, wanted);
    return {units, parts, channels, std::min(parts, pieces(wanted, channels))};
  }
  const int64_t part_pieces = std::min(parts, wanted);
  return {units, parts, std::min(most_channels, pieces(wanted, part_pieces)), part_pieces};
}

}  // namespace sluice
