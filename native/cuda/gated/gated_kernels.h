// Gated convolutions as products of tiles.
#pragma once

#include "gated_reader.h"

namespace sluice {
namespace {

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

// The norms of two columns; 0 past the last channel.
struct Norm {
  Two scale, shift;
};

// Columns are entries of the list.
__device__ inline Norm norm_of_entries(const Pass& pass, const Opened& outputs, int32_t entry) {
  Norm norm{};
  for (int j = 0; j < lane_columns; ++j) {
    if (entry + j >= outputs.count) continue;
    norm.scale.at[j] = pass.scale[outputs.list[entry + j]];
    norm.shift.at[j] = pass.shift[outputs.list[entry + j]];
  }
  return norm;
}

// Columns are channels.
__device__ inline Norm norm_of_channels(const Pass& pass, int32_t channel) {
  Norm norm{};
  for (int j = 0; j < lane_columns; ++j) {
    if (channel + j >= pass.out_channels) continue;
    norm.scale.at[j] = pass.scale[channel + j];
    norm.shift.at[j] = pass.shift[channel + j];
  }
  return norm;
}

// Writes two hidden channels of a pixel. The padding becomes 0, even if an infinite input made its sums NaN.
__device__ inline void write_hidden(const Pass& pass, int32_t open, int32_t entry, int64_t at, const Norm& norm,
                                    const float (&sums)[lane_columns]) {
  if (entry >= padded(open)) return;
  Two result{};
  for (int j = 0; j < lane_columns; ++j) {
    if (entry + j < open) result.at[j] = relu(fmaf(norm.scale.at[j], sums[j], norm.shift.at[j]));
  }
  *reinterpret_cast<Two*>(pass.output + at + entry) = result;
}

// Writes two outputs of a pixel.
__device__ inline void write_output(const Pass& pass, int32_t channel, int64_t at, const Norm& norm,
                                    const float (&sums)[lane_columns]) {
  const auto value = [&](int j, float residual) {
    return relu(fmaf(norm.scale.at[j], sums[j], norm.shift.at[j]) + residual);
  };
  if (!pass.pairs) {
    for (int j = 0; j < lane_columns; ++j) {
      if (channel + j < pass.out_channels) {
        pass.output[at + channel + j] = value(j, pass.residual[at + channel + j]);
      }
    }
  } else if (channel < pass.out_channels) {
    const Two residual = *reinterpret_cast<const Two*>(pass.residual + at + channel);
    Two result{};
    for (int j = 0; j < lane_columns; ++j) result.at[j] = value(j, residual.at[j]);
    *reinterpret_cast<Two*>(pass.output + at + channel) = result;
  }
}

// One block a tile. `fours`: whether four channels of the input are read with one access, as in hidden maps. Tiles
// whose columns are all closed, and tiles of rows that no group needs, end at once.
template <typename Kind, bool fours>
__global__ void __launch_bounds__(tile_threads) gated_convolution_kernel(const Pass pass) {
  __shared__ Shared shared;
  const int32_t block = static_cast<int32_t>(blockIdx.x);
  const RowTile tile = pass.groups.tiles[block / pass.column_tiles];
  if (tile.leader < 0) return;
  const Opened inputs = opened<Kind::inputs>(pass, tile.leader), outputs = opened<Kind::outputs>(pass, tile.leader);
  const int32_t first_column = block % pass.column_tiles * tile_columns;
  const int32_t columns = (Kind::hidden_output ? outputs.count : pass.out_channels) - first_column;
  if (columns <= 0) return;
  const int chunks = columns >= tile_columns ? most_chunks : (columns + chunk_columns - 1) / chunk_columns;
  const int32_t depth = Kind::hidden_input ? static_cast<int32_t>(padded(inputs.count)) : pass.in_channels;

  find_rows<Kind>(pass, tile, depth, Kind::hidden_output ? padded(outputs.count) : pass.out_channels, shared);
  __syncthreads();
  Reader<Kind, fours> reader(pass, shared, depth, inputs, outputs, first_column);
  Sums sums{};
  const int64_t steps = (int64_t{Kind::taps} * depth + tile_depth - 1) / tile_depth;
  // The terms of the next step are read while those of this step are added.
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
    const Norm norm = Kind::hidden_output ? norm_of_entries(pass, outputs, column) : norm_of_channels(pass, column);
    for (int i = 0; i < lane_rows; ++i) {
      const int64_t at = shared.output_at[own_row() + i];
      if (at < 0) continue;
      if constexpr (Kind::hidden_output) {
        write_hidden(pass, outputs.count, column, at, norm, sums[i][chunk]);
      } else {
        write_output(pass, column, at, norm, sums[i][chunk]);
      }
    }
  }
}

inline bool is_aligned(const void* pointer, size_t bytes) { return reinterpret_cast<uintptr_t>(pointer) % bytes == 0; }

// Whether two channels of the residual and of the output are read and written with one access.
inline bool can_pair(const Pass& pass) {
  return pass.out_channels % lane_columns == 0 && is_aligned(pass.residual, sizeof(Two)) &&
         is_aligned(pass.output, sizeof(Two));
}

// Queues a convolution for the images of a chunk.
template <typename Kind>
int32_t convolve(const sl_context* context, const char* name, Pass pass) {
  const Groups& groups = pass.groups;
  pass.column_tiles = static_cast<int32_t>(pieces(pass.out_channels, tile_columns));
  const dim3 blocks = grid_of(groups.images * int64_t{groups.tiles_an_image} * pass.column_tiles);
  if constexpr (!Kind::hidden_input) {
    const bool fours = pass.in_channels % four == 0 && is_aligned(pass.input, sizeof(Four));
    if (!fours) return launch(context, name, blocks, tile_threads, gated_convolution_kernel<Kind, false>, pass);
  }
  return launch(context, name, blocks, tile_threads, gated_convolution_kernel<Kind, true>, pass);
}

}  // namespace
}  // namespace sluice
