// How the sums of a tile's products are taken: on the processors' ordinary units, or on tensor cores, where operands
// are rounded.
#pragma once

#include <mma.h>

#include "gated_reader.h"

namespace sluice {
namespace {

// The type that operands are rounded to.
enum class Multiply { f32, tf32, bf16 };

using Sums = float[lane_rows][most_chunks][lane_columns];

// The first row and column, of the tile's first chunk, that this thread computes.
__device__ inline int own_row() {
  const int lane = threadIdx.x % warp_threads, warp = threadIdx.x / warp_threads;
  return warp * warp_rows + lane / warp_lanes_across * lane_rows;
}
__device__ inline int own_column() { return threadIdx.x % warp_lanes_across * lane_columns; }

// Calls `visit` with the place of each of a thread's sums.
template <typename Visit>
__device__ void each_sum(const Visit& visit) {
  for (int i = 0; i < lane_rows; ++i) {
    for (int chunk = 0; chunk < most_chunks; ++chunk) {
      for (int j = 0; j < lane_columns; ++j) visit(i, chunk, j);
    }
  }
}

// Calls `add` with the number of chunks as a constant, so that sums stay in registers.
template <typename Add>
__device__ void with_chunks(int chunks, const Add& add) {
  switch (chunks) {
    case 1: return add(std::integral_constant<int, 1>());
    case 2: return add(std::integral_constant<int, 2>());
    case 3: return add(std::integral_constant<int, 3>());
    default: return add(std::integral_constant<int, 4>());
  }
}

// The sums that a thread, or its warp, takes of a tile: `add` adds the terms of a step to those of the segment, and
// `close` adds the segment to the total. `take_segment` and `take_total` give each thread its own sums, and may use the
// place of the terms.
template <Multiply multiply>
class Accumulator;

// Exact products in f32, added in order.
template <>
class Accumulator<Multiply::f32> {
 public:
  using Operand = float;

  __device__ void add(const Terms<float>& terms, int half, int chunks) {
    with_chunks(chunks, [&](auto count) { add_chunks<decltype(count)::value>(terms, half); });
  }

  __device__ void close() {
    each_sum([&](int i, int chunk, int j) {
      total_[i][chunk][j] += segment_[i][chunk][j];
      segment_[i][chunk][j] = 0.0f;
    });
  }

  __device__ void take_segment(Shared<float>&, int, Sums& sums) {
    each_sum([&](int i, int chunk, int j) {
      sums[i][chunk][j] = segment_[i][chunk][j];
      segment_[i][chunk][j] = 0.0f;
    });
  }

  __device__ void take_total(Shared<float>&, int, Sums& sums) const {
    each_sum([&](int i, int chunk, int j) { sums[i][chunk][j] = total_[i][chunk][j]; });
  }

 private:
  template <int chunks>
  __device__ void add_chunks(const Terms<float>& terms, int half) {
    for (int term = 0; term < tile_depth; ++term) {
      const Four left = *reinterpret_cast<const Four*>(&terms.rows[half][term][own_row()]);
      for (int chunk = 0; chunk < chunks; ++chunk) {
        const Two right =
            *reinterpret_cast<const Two*>(&terms.columns[half][term][chunk * chunk_columns + own_column()]);
        for (int i = 0; i < lane_rows; ++i) {
          for (int j = 0; j < lane_columns; ++j) {
            segment_[i][chunk][j] = fmaf(left.at[i], right.at[j], segment_[i][chunk][j]);
          }
        }
      }
    }
  }

  Sums segment_{}, total_{};
};

// The types of a fragment, of shared memory and of the step along the terms.
template <Multiply multiply>
struct TensorCore;
template <>
struct TensorCore<Multiply::tf32> {
  using Operand = float;
  using Stored = float;
  using Type = nvcuda::wmma::precision::tf32;
  static constexpr int depth = 8;
};
template <>
struct TensorCore<Multiply::bf16> {
  using Operand = bf16;
  using Stored = __nv_bfloat16;
  using Type = __nv_bfloat16;
  static constexpr int depth = 16;
};

// Products of rounded operands on tensor cores, 16 rows and columns at a time: a warp holds the sums of its rows.
template <Multiply multiply>
class Accumulator {
  using Core = TensorCore<multiply>;
  static constexpr int side = 16, depth = Core::depth;
  static_assert(warp_rows == side && chunk_columns == side && tile_depth % depth == 0);

 public:
  using Operand = typename Core::Operand;

  __device__ Accumulator() {
    for (int chunk = 0; chunk < most_chunks; ++chunk) {
      nvcuda::wmma::fill_fragment(segment_[chunk], 0.0f);
      nvcuda::wmma::fill_fragment(total_[chunk], 0.0f);
    }
  }

  __device__ void add(const Terms<Operand>& terms, int half, int chunks) {
    with_chunks(chunks, [&](auto count) { add_chunks<decltype(count)::value>(terms, half); });
  }

  __device__ void close() {
    for (int chunk = 0; chunk < most_chunks; ++chunk) {
      for (int i = 0; i < Held::num_elements; ++i) total_[chunk].x[i] += segment_[chunk].x[i];
      nvcuda::wmma::fill_fragment(segment_[chunk], 0.0f);
    }
  }

  __device__ void take_segment(Shared<Operand>& shared, int chunks, Sums& sums) {
    take(segment_, shared, chunks, sums);
    for (int chunk = 0; chunk < most_chunks; ++chunk) nvcuda::wmma::fill_fragment(segment_[chunk], 0.0f);
  }

  __device__ void take_total(Shared<Operand>& shared, int chunks, Sums& sums) const {
    take(total_, shared, chunks, sums);
  }

 private:
  // Terms lie line by line, so the rows' operand is column-major.
  using Left =
      nvcuda::wmma::fragment<nvcuda::wmma::matrix_a, side, side, depth, typename Core::Type, nvcuda::wmma::col_major>;
  using Right =
      nvcuda::wmma::fragment<nvcuda::wmma::matrix_b, side, side, depth, typename Core::Type, nvcuda::wmma::row_major>;
  using Held = nvcuda::wmma::fragment<nvcuda::wmma::accumulator, side, side, depth, float>;

  // Which lane holds which sum is the device's secret, so sums go through shared memory.
  static __device__ void take(const Held (&held)[most_chunks], Shared<Operand>& shared, int chunks, Sums& sums) {
    __syncthreads();
    const int row = threadIdx.x / warp_threads * warp_rows;
    for (int chunk = 0; chunk < most_chunks; ++chunk) {
      if (chunk >= chunks) continue;
      nvcuda::wmma::store_matrix_sync(&shared.sums[row][chunk * chunk_columns], held[chunk], tile_columns,
                                      nvcuda::wmma::mem_row_major);
    }
    __syncwarp();
    each_sum([&](int i, int chunk, int j) {
      const int column = chunk * chunk_columns + own_column() + j;
      sums[i][chunk][j] = chunk < chunks ? shared.sums[own_row() + i][column] : 0.0f;
    });
    __syncthreads();
  }

  template <typename Fragment>
  static __device__ void load(Fragment& fragment, const Operand* from, unsigned line) {
    nvcuda::wmma::load_matrix_sync(fragment, reinterpret_cast<const typename Core::Stored*>(from), line);
    if constexpr (multiply == Multiply::tf32) {
      for (int i = 0; i < fragment.num_elements; ++i) fragment.x[i] = nvcuda::wmma::__float_to_tf32(fragment.x[i]);
    }
  }

  template <int chunks>
  __device__ void add_chunks(const Terms<Operand>& terms, int half) {
    const int row = threadIdx.x / warp_threads * warp_rows;
    for (int term = 0; term < tile_depth; term += depth) {
      Left left;
      load(left, &terms.rows[half][term][row], Terms<Operand>::row_line);
      for (int chunk = 0; chunk < chunks; ++chunk) {
        Right right;
        load(right, &terms.columns[half][term][chunk * chunk_columns], Terms<Operand>::column_line);
        nvcuda::wmma::mma_sync(segment_[chunk], left, right, segment_[chunk]);
      }
    }
  }

  Held segment_[most_chunks], total_[most_chunks];
};

}  // namespace
}  // namespace sluice
