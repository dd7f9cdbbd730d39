// Products of columns of bf16 tiles.
#pragma once

#include "../../common/bf16.h"
#include "../tiles.h"

namespace sluice {

// A column of tiles of one operand: the first, and the elements from 32 pixels to the next 32.
struct TileColumn {
  const bf16* first;
  int64_t next;

  TileColumn beside(int64_t blocks) const { return {first + blocks * tile_elements, next}; }
};

// Adds the products of Rows columns of w and Columns columns of v, both 1 or 2, to sums [16 * Rows][16 * Columns],
// whose rows lie `row` floats apart. Two by two read each tile once for two products.
template <int Rows, int Columns, typename Tiles>
void multiply_tiles(Tiles& tiles, TileColumn w, TileColumn v, int64_t pixels, float* sums, int64_t row) {
  const int64_t row_bytes = row * static_cast<int64_t>(sizeof(float));
  float* const below = sums + tile_rows * row;
  tiles.template load<0>(sums, row_bytes);
  if constexpr (Columns == 2) tiles.template load<1>(sums + tile_lanes, row_bytes);
  if constexpr (Rows == 2) tiles.template load<2>(below, row_bytes);
  if constexpr (Rows == 2 && Columns == 2) tiles.template load<3>(below + tile_lanes, row_bytes);
  for (int64_t pixel = 0; pixel < pixels; pixel += tile_depth) {
    tiles.template load<4>(w.first, tile_row_bytes);
    tiles.template load<6>(v.first, tile_row_bytes);
    tiles.template multiply_add<0, 4, 6>();
    if constexpr (Columns == 2) {
      tiles.template load<7>(v.first + tile_elements, tile_row_bytes);
      tiles.template multiply_add<1, 4, 7>();
    }
    if constexpr (Rows == 2) {
      tiles.template load<5>(w.first + tile_elements, tile_row_bytes);
      tiles.template multiply_add<2, 5, 6>();
    }
    if constexpr (Rows == 2 && Columns == 2) tiles.template multiply_add<3, 5, 7>();
    w.first += w.next;
    v.first += v.next;
  }
  tiles.template store<0>(sums, row_bytes);
  if constexpr (Columns == 2) tiles.template store<1>(sums + tile_lanes, row_bytes);
  if constexpr (Rows == 2) tiles.template store<2>(below, row_bytes);
  if constexpr (Rows == 2 && Columns == 2) tiles.template store<3>(below + tile_lanes, row_bytes);
}

// Adds the products of Rows columns of w and all columns of v to sums [16 * Rows][input channel].
template <int Rows, typename Tiles>
void multiply_tile_rows(Tiles& tiles, TileColumn w, TileColumn v, int64_t pixels, int64_t in_channels, float* sums) {
  int64_t block = 0;
  for (; block + 2 <= in_channels / tile_lanes; block += 2)
    multiply_tiles<Rows, 2>(tiles, w, v.beside(block), pixels, sums + block * tile_lanes, in_channels);
  if (block < in_channels / tile_lanes)
    multiply_tiles<Rows, 1>(tiles, w, v.beside(block), pixels, sums + block * tile_lanes, in_channels);
}

}  // namespace sluice
