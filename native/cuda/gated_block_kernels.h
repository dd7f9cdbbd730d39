// The two convolutions of the gated block as products of tiles: rows are output pixels, columns are channels, and sums
// run over the nine taps and the channels of each. For gated_block.cu.
#pragma once

#include "gated_block_lists.h"

namespace sluice {
namespace {

// A tile's columns come in chunks, of which a block computes only as many as there are channels. Each warp has 16 rows
// of all chunks, so that warps have equal work however few channels are open; each of its lanes has four rows by two
// columns of every chunk.
constexpr int taps = 9;
constexpr int tile_columns = 64;
constexpr int chunk_columns = 16;
constexpr int most_chunks = tile_columns / chunk_columns;
constexpr int lane_rows = 4;
constexpr int lane_columns = 2;
constexpr int warp_lanes_across = chunk_columns / lane_columns;
constexpr int warp_rows = warp_threads / warp_lanes_across * lane_rows;
constexpr int tile_threads = tile_rows / warp_rows * warp_threads;
constexpr int tile_depth = 16;  // terms of every sum that are in shared memory at a time
constexpr int four = 4;
constexpr int fours_deep = tile_depth / four;
constexpr int reads = tile_rows * fours_deep / tile_threads;  // of a thread, for the rows and again for the columns
static_assert(tile_rows == tile_columns && reads * tile_threads == tile_rows * fours_deep);

// What is read and written with one access.
struct alignas(16) Four {
  float at[four];
};
struct alignas(8) Two {
  float at[lane_columns];
};

// One of the two convolutions, for the images of a chunk.
struct Pass {
  Groups groups;
  const float* input;    // of the first: x; of the second: the hidden maps
  const float* weights;  // packed
  const float* scale;
  const float* shift;
  const float* residual;     // of the second
  float* output;             // of the first: the hidden maps; of the second: y
  int64_t height, width;     // of the input
  int32_t depth;             // channels of x
  int32_t stride;
  int64_t out_width;
  int32_t column_tiles;      // for every channel, open or not
  bool pairs;                // of the second: whether two channels are one access to residual and y
};

// A hidden map is [pixels, open channels], padded, at the beginning of room for [pixels, channels].
__device__ inline int64_t hidden_floats(const Pass& pass) { return pass.groups.pixels * padded(pass.groups.channels); }

struct Shared {
  alignas(16) float rows[2][tile_depth][tile_rows + four];  // the padding spreads what is stored down a column
  alignas(16) float columns[2][tile_depth][tile_columns + four];
  int64_t input_at[tile_rows];   // where the first tap of a row is, or would be
  int64_t output_at[tile_rows];  // where its outputs begin; below 0 past the group's rows
  uint32_t inside[tile_rows];    // a bit for each tap that is within the map
};

// Finds the pixels of the tile's rows, a thread each. `depth` is that of the input, `open` the number of open channels.
template <bool first>
__device__ void find_rows(const Pass& pass, const RowTile& tile, int32_t depth, int32_t open, Shared& shared) {
  if (threadIdx.x >= tile_rows) return;
  const int64_t row = int64_t{tile.tile} * tile_rows + threadIdx.x, pixels = pass.groups.pixels;
  int64_t input_at = 0, output_at = -1;
  uint32_t inside = 0;
  if (row < tile.images * pixels) {
    const int64_t image = pass.groups.members[tile.first + row / pixels], pixel = row % pixels;
    const int64_t top = pixel / pass.out_width * pass.stride - 1, left = pixel % pass.out_width * pass.stride - 1;
    for (int tap = 0; tap < taps; ++tap) {
      const int64_t y = top + tap / 3, x = left + tap % 3;
      if (y >= 0 && y < pass.height && x >= 0 && x < pass.width) inside |= 1u << tap;
    }
    const int64_t image_floats = first ? pass.height * pass.width * depth : hidden_floats(pass);
    input_at = image * image_floats + (top * pass.width + left) * depth;
    output_at = first ? image * hidden_floats(pass) + pixel * padded(open)
                      : (image * pixels + pixel) * pass.groups.channels;
  }
  shared.input_at[threadIdx.x] = input_at;
  shared.output_at[threadIdx.x] = output_at;
  shared.inside[threadIdx.x] = inside;
}

// A term's place in the order of every sum: tap by tap, of each the channels. Past the end the tap is `taps`.
struct Term {
  int tap;
  int32_t channel;

  __device__ void advance(int by, int32_t depth) {
    channel += by;
    while (tap < taps && channel >= depth) {
      channel -= depth;
      ++tap;
    }
  }
};

// What a thread reads for the block, one step of tile_depth terms after the other. Of the rows, and of the columns of
// the first convolution, lanes read four terms: neighbours the next four of the same row. Of the columns of the second,
// whose weights have output channels innermost, they read four columns of one term.
template <bool first, bool fours>
class Reader {
 public:
  // `first_column` is the tile's; columns are entries of `list` in the first convolution, channels in the second.
  __device__ Reader(const Pass& pass, const Shared& shared, int32_t depth, int32_t open, const int32_t* list,
                    int32_t first_column)
      : pass_(pass), list_(list), depth_(depth), open_(open), row_term_{0, 0} {
    const int deep = threadIdx.x % fours_deep * four, line = threadIdx.x / fours_deep;
    row_term_.advance(deep, depth);
    for (int i = 0; i < reads; ++i) {
      const int row = line + i * (tile_threads / fours_deep);
      input_at_[i] = shared.input_at[row];
      inside_[i] = shared.inside[row];
      if constexpr (first) {
        const int32_t entry = first_column + row;
        column_at_[i] = entry < open ? list[entry] * padded(int64_t{taps} * depth) + deep : -1;
      } else {
        const int64_t column = first_column + threadIdx.x % (tile_columns / four) * four;
        column_at_[i] = column < pass.groups.channels ? column : -1;
        column_terms_[i] = {0, 0};
        column_terms_[i].advance(second_line(i), depth);
      }
    }
  }

  // Reads the present step, and goes on to the next.
  __device__ void read() {
    const int64_t offset = tap_offset(row_term_);
    for (int i = 0; i < reads; ++i) rows_[i] = read_row(input_at_[i], inside_[i], offset);
    for (int i = 0; i < reads; ++i) columns_[i] = first ? read_first_column(i) : read_second_columns(i);
    row_term_.advance(tile_depth, depth_);
  }

  // Stores what was read.
  __device__ void store(Shared& shared, int half) const {
    const int deep = threadIdx.x % fours_deep * four, line = threadIdx.x / fours_deep;
    for (int i = 0; i < reads; ++i) {
      const int row = line + i * (tile_threads / fours_deep);
      for (int k = 0; k < four; ++k) shared.rows[half][deep + k][row] = rows_[i].at[k];
      if constexpr (first) {
        for (int k = 0; k < four; ++k) shared.columns[half][deep + k][row] = columns_[i].at[k];
      } else {
        const int column = threadIdx.x % (tile_columns / four) * four;
        *reinterpret_cast<Four*>(&shared.columns[half][second_line(i)][column]) = columns_[i];
      }
    }
  }

 private:
  // The term, of a step, whose weights this thread reads in the second convolution.
  static __device__ int second_line(int i) {
    constexpr int across = tile_columns / four;
    return static_cast<int>(threadIdx.x) / across + i * (tile_threads / across);
  }

  __device__ int64_t tap_offset(const Term& term) const {
    return (term.tap / 3 * pass_.width + term.tap % 3) * depth_ + term.channel;
  }

  __device__ Four read_row(int64_t input_at, uint32_t inside, int64_t offset) const {
    Four result{};
    if constexpr (fours) {
      // Four terms are of one tap. Past the last tap the bit is 0.
      if ((inside >> row_term_.tap & 1u) != 0) result = *reinterpret_cast<const Four*>(pass_.input + input_at + offset);
    } else {
      Term term = row_term_;
      for (int k = 0; k < four; ++k) {
        if ((inside >> term.tap & 1u) != 0) result.at[k] = pass_.input[input_at + tap_offset(term)];
        term.advance(1, depth_);
      }
    }
    return result;
  }

  __device__ Four read_first_column(int i) {
    // Weights are padded with zeros to whole fours.
    if (row_term_.tap == taps || column_at_[i] < 0) return Four{};
    const Four result = *reinterpret_cast<const Four*>(pass_.weights + column_at_[i]);
    column_at_[i] += tile_depth;
    return result;
  }

  __device__ Four read_second_columns(int i) {
    Four result{};
    const Term term = column_terms_[i];
    // The hidden map's padding has no weights.
    if (term.tap < taps && term.channel < open_ && column_at_[i] >= 0) {
      const int64_t line = int64_t{term.tap} * pass_.groups.channels + list_[term.channel];
      result = *reinterpret_cast<const Four*>(pass_.weights + line * padded(pass_.groups.channels) + column_at_[i]);
    }
    column_terms_[i].advance(tile_depth, depth_);
    return result;
  }

  const Pass& pass_;
  const int32_t* const list_;
  const int32_t depth_, open_;
  Term row_term_;
  int64_t input_at_[reads];
  uint32_t inside_[reads];
  int64_t column_at_[reads];  // below 0 where there is none
  Term column_terms_[reads];
  Four rows_[reads], columns_[reads];
};

using Sums = float[lane_rows][most_chunks][lane_columns];

// The first row and column, of the tile's first chunk, that this thread computes.
__device__ inline int own_row() {
  const int lane = threadIdx.x % warp_threads, warp = threadIdx.x / warp_threads;
  return warp * warp_rows + lane / warp_lanes_across * lane_rows;
}
__device__ inline int own_column() { return threadIdx.x % warp_lanes_across * lane_columns; }

// Adds the terms in shared memory to the sums, in order.
template <int chunks>
__device__ void add_terms(const Shared& shared, int half, Sums& sums) {
  for (int term = 0; term < tile_depth; ++term) {
    const Four left = *reinterpret_cast<const Four*>(&shared.rows[half][term][own_row()]);
    for (int chunk = 0; chunk < chunks; ++chunk) {
      const Two right =
          *reinterpret_cast<const Two*>(&shared.columns[half][term][chunk * chunk_columns + own_column()]);
      for (int i = 0; i < lane_rows; ++i) {
        for (int j = 0; j < lane_columns; ++j) sums[i][chunk][j] = fmaf(left.at[i], right.at[j], sums[i][chunk][j]);
      }
    }
  }
}

__device__ inline void add_terms(const Shared& shared, int half, int chunks, Sums& sums) {
  switch (chunks) {
    case 1: return add_terms<1>(shared, half, sums);
    case 2: return add_terms<2>(shared, half, sums);
    case 3: return add_terms<3>(shared, half, sums);
    default: return add_terms<4>(shared, half, sums);
  }
}

__device__ inline float relu(float x) { return x < 0.0f ? 0.0f : x; }  // NaN stays

// The norms of two columns, 0 where there is no channel.
struct Norm {
  Two scale, shift;
};

// Columns are entries of `list`, of which `open` are channels.
__device__ inline Norm norm_of_entries(const Pass& pass, const int32_t* list, int32_t open, int32_t entry) {
  Norm norm{};
  for (int j = 0; j < lane_columns; ++j) {
    if (entry + j >= open) continue;
    norm.scale.at[j] = pass.scale[list[entry + j]];
    norm.shift.at[j] = pass.shift[list[entry + j]];
  }
  return norm;
}

// Columns are channels.
__device__ inline Norm norm_of_channels(const Pass& pass, int32_t channel) {
  Norm norm{};
  for (int j = 0; j < lane_columns; ++j) {
    if (channel + j >= pass.groups.channels) continue;
    norm.scale.at[j] = pass.scale[channel + j];
    norm.shift.at[j] = pass.shift[channel + j];
  }
  return norm;
}

// Two of a pixel's hidden channels. The padding becomes 0, even where an infinite input made its sums NaN.
__device__ inline void write_hidden(const Pass& pass, int32_t open, int32_t entry, int64_t at, const Norm& norm,
                                    const float (&sums)[lane_columns]) {
  if (entry >= padded(open)) return;
  Two result{};
  for (int j = 0; j < lane_columns; ++j) {
    if (entry + j < open) result.at[j] = relu(fmaf(norm.scale.at[j], sums[j], norm.shift.at[j]));
  }
  *reinterpret_cast<Two*>(pass.output + at + entry) = result;
}

// Two of a pixel's outputs.
__device__ inline void write_output(const Pass& pass, int32_t channel, int64_t at, const Norm& norm,
                                    const float (&sums)[lane_columns]) {
  const auto value = [&](int j, float residual) {
    return relu(fmaf(norm.scale.at[j], sums[j], norm.shift.at[j]) + residual);
  };
  if (!pass.pairs) {
    for (int j = 0; j < lane_columns; ++j) {
      if (channel + j < pass.groups.channels) {
        pass.output[at + channel + j] = value(j, pass.residual[at + channel + j]);
      }
    }
  } else if (channel < pass.groups.channels) {
    const Two residual = *reinterpret_cast<const Two*>(pass.residual + at + channel);
    Two result{};
    for (int j = 0; j < lane_columns; ++j) result.at[j] = value(j, residual.at[j]);
    *reinterpret_cast<Two*>(pass.output + at + channel) = result;
  }
}

// One block a tile. `fours`: whether four channels of the input are one access, as those of hidden maps always are.
// Tiles of columns that are all closed, and tiles of rows that no group needs, end at once.
template <bool first, bool fours>
__global__ void __launch_bounds__(tile_threads) gated_convolution_kernel(const Pass pass) {
  __shared__ Shared shared;
  const int32_t block = static_cast<int32_t>(blockIdx.x);
  const RowTile tile = pass.groups.tiles[block / pass.column_tiles];
  if (tile.leader < 0) return;
  const int32_t open = pass.groups.counts[tile.leader];
  const int32_t first_column = block % pass.column_tiles * tile_columns;
  const int32_t columns = (first ? open : pass.groups.channels) - first_column;
  if (columns <= 0) return;
  const int chunks = columns >= tile_columns ? most_chunks : (columns + chunk_columns - 1) / chunk_columns;
  const int32_t* const list = pass.groups.open + int64_t{tile.leader} * pass.groups.channels;
  const int32_t depth = first ? pass.depth : static_cast<int32_t>(padded(open));

  find_rows<first>(pass, tile, depth, open, shared);
  __syncthreads();
  Reader<first, fours> reader(pass, shared, depth, open, list, first_column);
  Sums sums{};
  const int64_t steps = (int64_t{taps} * depth + tile_depth - 1) / tile_depth;
  // While the terms of one step are added, those of the next are read.
  if (steps > 0) {
    reader.read();
    reader.store(shared, 0);
  }
  for (int64_t step = 0; step < steps; ++step) {
    const int half = static_cast<int>(step % 2);
    __syncthreads();
    if (step + 1 < steps) reader.read();
    add_terms(shared, half, chunks, sums);
    if (step + 1 < steps) reader.store(shared, 1 - half);
  }

  for (int chunk = 0; chunk < most_chunks; ++chunk) {
    if (chunk >= chunks) continue;
    const int32_t column = first_column + chunk * chunk_columns + own_column();
    const Norm norm = first ? norm_of_entries(pass, list, open, column) : norm_of_channels(pass, column);
    for (int i = 0; i < lane_rows; ++i) {
      const int64_t at = shared.output_at[own_row() + i];
      if (at < 0) continue;
      if constexpr (first) {
        write_hidden(pass, open, column, at, norm, sums[i][chunk]);
      } else {
        write_output(pass, column, at, norm, sums[i][chunk]);
      }
    }
  }
}

}  // namespace
}  // namespace sluice
