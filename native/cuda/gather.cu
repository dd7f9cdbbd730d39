// Gathers rows of a matrix by index; the backward adds the rows back.
#include "../common/gather_checks.h"
#include "launch.h"

namespace sluice {
namespace {

struct alignas(16) Sixteen {
  uint32_t words[4];
};

// A row has `units` units. `lanes` neighbouring threads share a row, and blockIdx.y divides long rows.
template <typename Unit>
__global__ void gather_kernel(int64_t rows, int64_t units, int64_t count, int lanes, const Unit* x,
                              const int32_t* indices, Unit* y, int32_t* fault) {
  const int rows_per_block = static_cast<int>(blockDim.x) / lanes;
  const int row = static_cast<int>(threadIdx.x) / lanes, lane = static_cast<int>(threadIdx.x) % lanes;
  const int64_t stride = static_cast<int64_t>(gridDim.x) * rows_per_block;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * rows_per_block + row; i < count; i += stride) {
    const int64_t index = indices[i];
    const bool inside = index >= 0 && index < rows;
    if (!inside) *fault = fault_gather_index;
    for (int64_t j = static_cast<int64_t>(blockIdx.y) * lanes + lane; j < units;
         j += static_cast<int64_t>(gridDim.y) * lanes) {
      y[i * units + j] = inside ? x[index * units + j] : Unit{};
    }
  }
}

template <typename Unit>
int32_t gather(const sl_context* context, int64_t rows, int64_t bytes, int64_t count, const void* x,
               const int32_t* indices, void* y) {
  constexpr int64_t units_per_thread = 8;
  const int64_t units = bytes / static_cast<int64_t>(sizeof(Unit));
  int lanes = 1;
  while (lanes < block_threads && lanes < units) lanes *= 2;
  dim3 blocks = blocks_for(context, count, block_threads / lanes);
  blocks.y = static_cast<unsigned>(std::min<int64_t>(std::max<int64_t>(1, units / (lanes * units_per_thread)), 65535));
  return launch(context, "sl_gather_rows", blocks, block_threads, gather_kernel<Unit>, rows, units, count, lanes,
                static_cast<const Unit*>(x), indices, static_cast<Unit*>(y), context->fault);
}

// Each block owns some rows of dx, and the columns of its blockIdx.y, and reads all indices. So every sum follows the
// order of i, for any number of blocks.
__global__ void scatter_add_kernel(int64_t rows, int64_t columns, int64_t count, const float* dy,
                                   const int32_t* indices, float* dx, int32_t* fault) {
  __shared__ int found_in_warp[block_threads / warp_threads];
  __shared__ int32_t sources[block_threads],
      targets[block_threads];  // those of the loaded indices that belong to this block
  const int64_t begin = rows * blockIdx.x / gridDim.x, end = rows * (blockIdx.x + int64_t{1}) / gridDim.x;
  const int warp = threadIdx.x / warp_threads, lane = threadIdx.x % warp_threads;
  for (int64_t first = 0; first < count; first += block_threads) {
    const int64_t i = first + threadIdx.x;
    const int64_t index = i < count ? indices[i] : begin;
    if (index < 0 || index >= rows) *fault = fault_scatter_index;
    const bool ours = i < count && index >= begin && index < end;
    const unsigned in_warp = __ballot_sync(whole_warp, ours);
    if (lane == 0) found_in_warp[warp] = __popc(in_warp);
    __syncthreads();
    int found = 0, place = __popc(in_warp & ((1u << lane) - 1u));
    for (int other = 0; other < block_threads / warp_threads; ++other) {
      if (other < warp) place += found_in_warp[other];
      found += found_in_warp[other];
    }
    if (ours) {
      sources[place] = static_cast<int32_t>(threadIdx.x);
      targets[place] = static_cast<int32_t>(index);
    }
    __syncthreads();
    for (int next = 0; next < found; ++next) {
      const float* const source = dy + (first + sources[next]) * columns;
      float* const target = dx + targets[next] * columns;
      // The same thread always takes a column, so that its sums need no barrier.
      for (int64_t j = static_cast<int64_t>(blockIdx.y) * block_threads + threadIdx.x; j < columns;
           j += static_cast<int64_t>(gridDim.y) * block_threads) {
        target[j] += source[j];
      }
    }
  }
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_gather_rows(sl_context* context, int32_t dtype, int64_t rows, int64_t columns, int64_t count,
                              const void* x, const int32_t* indices, void* y) {
  SL_ENTER("sl_gather_rows", context);
  SL_TRY(check_gather_sizes(dtype, rows, columns, count, indices));
  SL_TRY(check_gather_buffers(columns, count, x, y));
  if (count == 0) return SL_OK;
  const int64_t bytes = element_bytes(dtype) * columns;
  // Takes the widest unit that divides rows and addresses. The indices are checked even if rows have no columns.
  const uintptr_t divided =
      static_cast<uintptr_t>(bytes) | reinterpret_cast<uintptr_t>(x) | reinterpret_cast<uintptr_t>(y);
  if (divided % 16 == 0) return gather<Sixteen>(context, rows, bytes, count, x, indices, y);
  if (divided % 8 == 0) return gather<uint64_t>(context, rows, bytes, count, x, indices, y);
  if (divided % 4 == 0) return gather<uint32_t>(context, rows, bytes, count, x, indices, y);
  if (divided % 2 == 0) return gather<uint16_t>(context, rows, bytes, count, x, indices, y);
  return gather<uint8_t>(context, rows, bytes, count, x, indices, y);
}

SL_API int32_t sl_scatter_add_rows(sl_context* context, int32_t dtype, int64_t rows, int64_t columns, int64_t count,
                                   const void* dy, const int32_t* indices, void* dx, int32_t accumulate) {
  SL_ENTER("sl_scatter_add_rows", context);
  SL_TRY(check_scatter_add_sizes(dtype, rows, columns, count, indices));
  SL_TRY(check_scatter_add_buffers(rows, columns, count, dy, dx));
  const int64_t n = rows * columns;
  if (n > 0 && accumulate == 0) {
    SL_CUDA("sl_scatter_add_rows", cudaMemsetAsync(dx, 0, static_cast<size_t>(n) * sizeof(float), context->stream));
  }
  if (count == 0) return SL_OK;
  constexpr int64_t columns_per_thread = 4, blocks_per_multiprocessor = 8, most_parts = 64;
  const int64_t parts = std::min(std::max<int64_t>(1, columns / (block_threads * columns_per_thread)), most_parts);
  const int64_t owners =
      std::max<int64_t>(1, std::min(rows, blocks_per_multiprocessor * context->multiprocessors / parts));
  return launch(context, "sl_scatter_add_rows", dim3(static_cast<unsigned>(owners), static_cast<unsigned>(parts)),
                block_threads, scatter_add_kernel, rows, columns, count, static_cast<const float*>(dy), indices,
                static_cast<float*>(dx), context->fault);
}
