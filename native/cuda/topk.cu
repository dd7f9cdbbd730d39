// The k largest entries of each row.
#include <cstring>

#include "../common/topk_checks.h"
#include "launch.h"

namespace sluice {
namespace {

// Orders the entries of a row: larger values first, ties to the lower column. All ranks of a row differ, and none is 0.
using Rank = uint64_t;

// -0 equals +0; NaN ranks below every number.
__device__ inline Rank rank_of(float value, int64_t column) {
  const float plain = value + 0.0f;
  uint32_t bits;
  memcpy(&bits, &plain, sizeof bits);
  uint32_t key = (bits >> 31) != 0 ? ~bits : bits | 0x80000000u;
  if (value != value) key = 0;
  return Rank{key} << 32 | ~static_cast<uint32_t>(column);
}

__device__ inline int64_t column_of(Rank rank) { return ~static_cast<uint32_t>(rank); }

// The largest ranks that a warp has seen, in descending order. Lane l holds the places l, l + 32, ...
template <int slots>
struct Best {
  Rank held[slots];
  Rank last;  // the k-th largest rank: lower ranks are ignored

  __device__ void clear() {
    for (int slot = 0; slot < slots; ++slot) held[slot] = 0;
    last = 0;
  }

  // Every lane must call it, with the same rank.
  __device__ void insert(Rank rank, int k) {
    const int lane = threadIdx.x % warp_threads;
    int place = 0;
    for (int slot = 0; slot < slots; ++slot) place += __popc(__ballot_sync(whole_warp, held[slot] > rank));
    Rank carried = 0;  // from the last lane of a slot to the first of the next
    for (int slot = 0; slot < slots; ++slot) {
      Rank before = __shfl_up_sync(whole_warp, held[slot], 1);
      if (lane == 0) before = carried;
      carried = __shfl_sync(whole_warp, held[slot], warp_threads - 1);
      const int own = slot * warp_threads + lane;
      if (own == place) held[slot] = rank;
      if (own > place) held[slot] = before;
    }
    // Selected by masks: an index that is known only at run time would move `held` out of registers.
    Rank own_last = 0;
    for (int slot = 0; slot < slots; ++slot) own_last |= held[slot] & (slot == (k - 1) / warp_threads ? ~Rank{0} : 0);
    last = __shfl_sync(whole_warp, own_last, (k - 1) % warp_threads);
  }

  // Every lane must call it, with its own rank or 0.
  __device__ void offer(Rank rank, int k) {
    unsigned waiting = __ballot_sync(whole_warp, rank > last);
    for (; waiting != 0; waiting &= waiting - 1) {
      const int first = __popc(~waiting & (waiting - 1));  // the zeros below the lowest set bit
      const Rank offered = __shfl_sync(whole_warp, rank, first);
      if (offered > last) insert(offered, k);
    }
  }
};

// For small k: one scan, in which each warp keeps its best ranks; then the first warp goes through the ranks of the
// other warps. Most entries are below the k-th rank so far and cost one comparison.
template <int slots>
__global__ void scan_kernel(int64_t rows, int64_t columns, int k, const float* x, float* values, int32_t* indices) {
  constexpr int capacity = slots * warp_threads, loads = 4;
  __shared__ Rank of_warps[block_threads / warp_threads][capacity];
  const int warp = threadIdx.x / warp_threads, lane = threadIdx.x % warp_threads;
  const int warps = static_cast<int>(blockDim.x) / warp_threads;
  for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    const float* const line = x + row * columns;
    Best<slots> best;
    best.clear();
    for (int64_t first = warp * warp_threads; first < columns; first += loads * blockDim.x) {
      Rank ranks[loads];
      for (int load = 0; load < loads; ++load) {
        const int64_t column = first + load * static_cast<int64_t>(blockDim.x) + lane;
        ranks[load] = column < columns ? rank_of(line[column], column) : 0;
      }
      for (int load = 0; load < loads; ++load) best.offer(ranks[load], k);
    }
    for (int slot = 0; slot < slots; ++slot) of_warps[warp][slot * warp_threads + lane] = best.held[slot];
    __syncthreads();
    if (warp == 0) {
      for (int other = 1; other < warps; ++other) {
        for (int slot = 0; slot < slots; ++slot) best.offer(of_warps[other][slot * warp_threads + lane], k);
      }
      for (int slot = 0; slot < slots; ++slot) {
        const int place = slot * warp_threads + lane;
        if (place < k) {
          const int64_t column = column_of(best.held[slot]);
          indices[row * k + place] = static_cast<int32_t>(column);
          values[row * k + place] = line[column];
        }
      }
    }
    __syncthreads();
  }
}

// The number of ranks of a row that are at least `least`, for every thread of the block.
__device__ int count_from(const float* line, int64_t columns, Rank least) {
  __shared__ int sums[block_threads / warp_threads];
  __shared__ int total;
  int own = 0;
  for (int64_t column = threadIdx.x; column < columns; column += blockDim.x) {
    if (rank_of(line[column], column) >= least) ++own;
  }
  const int sum = block_sum(own, sums);
  if (threadIdx.x == 0) total = sum;
  __syncthreads();
  const int result = total;
  __syncthreads();
  return result;
}

// A threshold that exactly k ranks of a row reach, found bit by bit from the highest.
__device__ Rank kth_rank(const float* line, int64_t columns, int k) {
  Rank least = 0;
  for (int bit = 63; bit >= 0; --bit) {
    const Rank higher = least | Rank{1} << bit;
    const int count = count_from(line, columns, higher);
    if (count >= k) least = higher;
    if (count == k) break;
  }
  return least;
}

// Writes the ranks of a row that are at least `least` to `chosen`, in any order.
__device__ void collect(const float* line, int64_t columns, Rank least, Rank* chosen) {
  __shared__ int counts[block_threads];
  int own = 0;
  for (int64_t column = threadIdx.x; column < columns; column += blockDim.x) {
    if (rank_of(line[column], column) >= least) ++own;
  }
  counts[threadIdx.x] = own;
  __syncthreads();
  int64_t place = 0;
  for (unsigned other = 0; other < threadIdx.x; ++other) place += counts[other];
  for (int64_t column = threadIdx.x; column < columns; column += blockDim.x) {
    const Rank rank = rank_of(line[column], column);
    if (rank >= least) chosen[place++] = rank;
  }
  __syncthreads();
}

// Sorts `size` ranks, a power of two, in descending order (bitonic sort).
__device__ void sort_descending(Rank* ranks, int64_t size) {
  for (int64_t span = 2; span <= size; span *= 2) {
    for (int64_t step = span / 2; step > 0; step /= 2) {
      for (int64_t pair = threadIdx.x; pair < size / 2; pair += blockDim.x) {
        const int64_t low = 2 * pair - (pair & (step - 1)), high = low + step;
        const Rank a = ranks[low], b = ranks[high];
        if ((a < b) == ((low & span) == 0)) {
          ranks[low] = b;
          ranks[high] = a;
        }
      }
      __syncthreads();
    }
  }
}

// For large k: finds the k-th rank, then sorts the k largest. Each block has room for `size` ranks in `all_chosen`.
__global__ void select_kernel(int64_t rows, int64_t columns, int k, int64_t size, const float* x, Rank* all_chosen,
                              float* values, int32_t* indices) {
  Rank* const chosen = all_chosen + blockIdx.x * size;
  for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    const float* const line = x + row * columns;
    for (int64_t place = k + static_cast<int64_t>(threadIdx.x); place < size; place += blockDim.x) chosen[place] = 0;
    collect(line, columns, kth_rank(line, columns, k), chosen);
    sort_descending(chosen, size);
    for (int64_t place = threadIdx.x; place < k; place += blockDim.x) {
      const int64_t column = column_of(chosen[place]);
      indices[row * k + place] = static_cast<int32_t>(column);
      values[row * k + place] = line[column];
    }
    __syncthreads();
  }
}

template <int slots>
int32_t scan(const sl_context* context, int64_t rows, int64_t columns, int32_t k, const float* x, float* values,
             int32_t* indices) {
  constexpr int64_t warp_limit = 1024;  // up to this many columns, a warp does the work
  return launch(context, "sl_topk", blocks_for(context, rows, 1), columns <= warp_limit ? warp_threads : block_threads,
                scan_kernel<slots>, rows, columns, k, x, values, indices);
}

int32_t select(sl_context* context, int64_t rows, int64_t columns, int32_t k, const float* x, float* values,
               int32_t* indices) {
  constexpr int64_t blocks_per_multiprocessor = 4;  // each needs its own memory for sorting
  const int64_t blocks = std::min(rows, blocks_per_multiprocessor * context->multiprocessors);
  int64_t size = 1;
  while (size < k) size *= 2;
  const int64_t bytes = blocks * size * static_cast<int64_t>(sizeof(Rank));
  const Scratch scratch(context->allocator, bytes);
  if (!scratch) return out_of_memory("sl_topk", context->allocator, bytes);
  return launch(context, "sl_topk", dim3(static_cast<unsigned>(blocks)), block_threads, select_kernel, rows, columns, k,
                size, x, scratch.get<Rank>(), values, indices);
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_topk(sl_context* context, int64_t rows, int64_t columns, int32_t k, const float* x, float* values,
                       int32_t* indices) {
  SL_BEGIN
  SL_ENTER("sl_topk", context);
  SL_TRY(check_topk(rows, columns, k, x, values, indices));
  if (rows * columns == 0) return SL_OK;
  if (k <= warp_threads) return scan<1>(context, rows, columns, k, x, values, indices);
  if (k <= 2 * warp_threads) return scan<2>(context, rows, columns, k, x, values, indices);
  if (k <= 8 * warp_threads) return scan<8>(context, rows, columns, k, x, values, indices);
  return select(context, rows, columns, k, x, values, indices);
  SL_END("sl_topk")
}
