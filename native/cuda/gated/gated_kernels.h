// Gated convolutions as products of tiles.
#pragma once

#include "gated_sums.h"

namespace sluice {
namespace {

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

// What of a tile is to be computed. No columns if they are all closed, or if no group needs the rows.
template <typename Kind>
struct Tile {
  RowTile rows;
  Opened inputs{}, outputs{};
  int32_t first_column = 0, columns = 0, depth = 0, steps = 0;

  __device__ Tile(const Pass& pass, int32_t number) : rows(pass.groups.tiles[number / pass.column_tiles]) {
    if (rows.leader < 0) return;
    inputs = opened<Kind::inputs>(pass, rows.leader);
    outputs = opened<Kind::outputs>(pass, rows.leader);
    first_column = number % pass.column_tiles * tile_columns;
    columns = (Kind::hidden_output ? outputs.count : pass.out_channels) - first_column;
    depth = Kind::hidden_input ? static_cast<int32_t>(padded(inputs.count)) : pass.in_channels;
    steps = (Kind::taps * depth + tile_depth - 1) / tile_depth;
  }

  __device__ int chunks() const {
    return columns >= tile_columns ? most_chunks : (columns + chunk_columns - 1) / chunk_columns;
  }
  __device__ int32_t segments() const { return (steps + segment_steps - 1) / segment_steps; }
  __device__ int64_t out_depth(const Pass& pass) const {
    return Kind::hidden_output ? padded(outputs.count) : pass.out_channels;
  }
};

// Writes a thread's sums as channels of the output.
template <typename Kind, typename T>
__device__ void write_sums(const Pass& pass, const Tile<Kind>& tile, const Shared<T>& shared, const Sums& sums) {
  for (int chunk = 0; chunk < most_chunks; ++chunk) {
    if (chunk >= tile.chunks()) continue;
    const int32_t column = tile.first_column + chunk * chunk_columns + own_column();
    const Norm norm =
        Kind::hidden_output ? norm_of_entries(pass, tile.outputs, column) : norm_of_channels(pass, column);
    for (int i = 0; i < lane_rows; ++i) {
      const int64_t at = shared.output_at[own_row() + i];
      if (at < 0) continue;
      if constexpr (Kind::hidden_output) {
        write_hidden(pass, tile.outputs.count, column, at, norm, sums[i][chunk]);
      } else {
        write_output(pass, column, at, norm, sums[i][chunk]);
      }
    }
  }
}

constexpr int64_t partial_floats = int64_t{tile_rows} * tile_columns;  // of a segment

// Where this thread's sums of a segment begin. The threads' sums lie side by side.
__device__ inline float* partial_of(const Pass& pass, int32_t tile, int32_t segment) {
  return pass.partials + (int64_t{tile} * pass.segments + segment) * partial_floats + threadIdx.x;
}
__device__ inline int place_of_sum(int i, int chunk, int j) {
  return ((i * most_chunks + chunk) * lane_columns + j) * tile_threads;
}

// Blocks that a processor should run at once: then a thread may have 128 registers.
constexpr int blocks_at_once = 4;

// One block a tile, or several that share its segments and write their sums. `fours`: whether four channels of the
// input are read with one access, as in hidden maps.
template <typename Kind, bool fours, Multiply multiply>
__global__ void __launch_bounds__(tile_threads, blocks_at_once) gated_convolution_kernel(const Pass pass) {
  using Operand = typename Accumulator<multiply>::Operand;
  __shared__ Shared<Operand> shared;
  const int32_t number = static_cast<int32_t>(blockIdx.x) / pass.splits;
  const int32_t split = static_cast<int32_t>(blockIdx.x) % pass.splits;
  const Tile<Kind> tile(pass, number);
  if (tile.columns <= 0) return;
  const int chunks = tile.chunks();
  const int32_t begin = tile.segments() * split / pass.splits * segment_steps;
  const int32_t last = tile.segments() * (split + 1) / pass.splits * segment_steps;
  const int32_t end = last < tile.steps ? last : tile.steps;

  find_rows<Kind>(pass, tile.rows, tile.depth, tile.out_depth(pass), shared);
  __syncthreads();
  Reader<Kind, fours, Operand> reader(pass, shared, tile.depth, tile.inputs, tile.outputs, tile.first_column, begin);
  Accumulator<multiply> accumulator;
  Sums sums;
  // The terms of the next step are read while those of this step are added.
  if (begin < end) {
    reader.read();
    reader.store(shared, 0);
  }
  for (int32_t step = begin; step < end; ++step) {
    const int half = (step - begin) % 2;
    __syncthreads();
    if (step + 1 < end) reader.read();
    accumulator.add(shared.terms, half, chunks);
    if ((step + 1) % segment_steps == 0 || step + 1 == end) {
      if (pass.splits == 1) {
        accumulator.close();
      } else {
        accumulator.take_segment(shared, chunks, sums);
        float* const partial = partial_of(pass, number, step / segment_steps);
        each_sum([&](int i, int chunk, int j) { partial[place_of_sum(i, chunk, j)] = sums[i][chunk][j]; });
      }
    }
    if (step + 1 < end) reader.store(shared, 1 - half);
  }
  if (pass.splits > 1) return;
  accumulator.take_total(shared, chunks, sums);
  write_sums(pass, tile, shared, sums);
}

// One block a tile: adds its segments, in the order in which one block would have.
template <typename Kind>
__global__ void __launch_bounds__(tile_threads) gated_segments_kernel(const Pass pass) {
  __shared__ Shared<float> shared;
  const int32_t number = static_cast<int32_t>(blockIdx.x);
  const Tile<Kind> tile(pass, number);
  if (tile.columns <= 0) return;
  find_rows<Kind>(pass, tile.rows, tile.depth, tile.out_depth(pass), shared);
  __syncthreads();
  Sums sums{};
  for (int32_t segment = 0; segment < tile.segments(); ++segment) {
    const float* const partial = partial_of(pass, number, segment);
    each_sum([&](int i, int chunk, int j) { sums[i][chunk][j] += partial[place_of_sum(i, chunk, j)]; });
  }
  write_sums(pass, tile, shared, sums);
}

inline bool is_aligned(const void* pointer, size_t bytes) { return reinterpret_cast<uintptr_t>(pointer) % bytes == 0; }

// Whether two channels of the residual and of the output are read and written with one access.
inline bool can_pair(const Pass& pass) {
  return pass.out_channels % lane_columns == 0 && is_aligned(pass.residual, sizeof(Two)) &&
         is_aligned(pass.output, sizeof(Two));
}

// Queues a convolution for the images of a chunk.
template <typename Kind, Multiply multiply>
int32_t convolve(sl_context* context, const char* name, Pass pass) {
  const Groups& groups = pass.groups;
  pass.column_tiles = static_cast<int32_t>(pieces(pass.out_channels, tile_columns));
  const int64_t tiles = groups.images * int64_t{groups.tiles_an_image} * pass.column_tiles;
  const int64_t most_steps = pieces(Kind::taps * padded(pass.in_channels), tile_depth);
  pass.segments = static_cast<int32_t>(std::max<int64_t>(1, pieces(most_steps, segment_steps)));
  const int64_t wanted = tiles == 0 ? 1 : pieces(context->multiprocessors, tiles);
  pass.splits = static_cast<int32_t>(std::min<int64_t>(pass.segments, wanted));
  const int64_t bytes = pass.splits == 1 ? 0 : tiles * pass.segments * partial_floats * int64_t{sizeof(float)};
  const Scratch partials(context->allocator, bytes);
  if (bytes > 0 && !partials) return out_of_memory(name, context->allocator, bytes);
  pass.partials = partials.get<float>();
  const auto start = [&](auto fours) {
    const auto kernel = gated_convolution_kernel<Kind, decltype(fours)::value, multiply>;
    return launch(context, name, grid_of(tiles * pass.splits), tile_threads, kernel, pass);
  };
  if constexpr (Kind::hidden_input) {
    SL_TRY(start(std::true_type()));
  } else {
    const bool aligned = pass.in_channels % four == 0 && is_aligned(pass.input, sizeof(Four));
    SL_TRY(aligned ? start(std::true_type()) : start(std::false_type()));
  }
  if (pass.splits == 1) return SL_OK;
  return launch(context, name, grid_of(tiles), tile_threads, gated_segments_kernel<Kind>, pass);
}

// Queues a convolution with operands of one of the types.
template <typename Kind>
int32_t convolve(sl_context* context, const char* name, const Pass& pass, Multiply multiply) {
  switch (multiply) {
    case Multiply::f32: return convolve<Kind, Multiply::f32>(context, name, pass);
    case Multiply::tf32: return convolve<Kind, Multiply::tf32>(context, name, pass);
    default: return convolve<Kind, Multiply::bf16>(context, name, pass);
  }
}

}  // namespace
}  // namespace sluice
