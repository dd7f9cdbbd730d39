// Sums over an axis of a matrix, and their backward.
#include "../common/reduce_checks.h"
#include "packs.h"

namespace sluice {
namespace {

// Writes alpha * total to y[column], or adds it.
struct WriteSum {
  float alpha;
  float* y;
  bool accumulate;

  __device__ void operator()(int64_t, int64_t i, const double (&total)[1]) const {
    const double scaled = static_cast<double>(alpha) * total[0];
    y[i] = static_cast<float>(accumulate ? y[i] + scaled : scaled);
  }
};

constexpr int64_t short_row = 1024;       // columns; a warp sums such a row
constexpr int64_t piece_elements = 8192;  // a block sums a piece of a longer row

// The sum of each row, by `side` threads: a power of two, at most a warp.
template <typename T>
__global__ void sum_short_rows_kernel(int64_t rows, int64_t columns, int side, const T* x, const WriteSum write) {
  const int lane = threadIdx.x % side;
  const int64_t row = first_element() / side;
  double sum[1] = {0.0};
  if (row < rows) {
    for (int64_t j = lane; j < columns; j += side) sum[0] += static_cast<double>(to_float(x[row * columns + j]));
  }
  for (int delta = side / 2; delta > 0; delta /= 2) sum[0] += __shfl_xor_sync(whole_warp, sum[0], delta);
  if (row < rows && lane == 0) write(0, row, sum);
}

// The sum of a piece of a row, by a block: [pieces, rows]. Elements after the last full pack are added one by one.
template <int n, typename T>
__global__ void sum_pieces_kernel(int64_t rows, int64_t columns, int64_t pieces, const T* x, double* partials) {
  __shared__ double shared[block_threads / warp_threads];
  const int64_t piece = blockIdx.x % pieces, row = blockIdx.x / pieces, begin = piece * piece_elements;
  const int64_t end = begin + piece_elements < columns ? begin + piece_elements : columns;
  const int64_t packs_end = begin + (end - begin) / n * n;
  const T* const line = x + row * columns;
  double sum = 0.0;
  for (int64_t j = begin + threadIdx.x * n; j < packs_end; j += block_threads * n) {
    const auto pack = Pack<T, n>::load(line + j);
    for (int k = 0; k < n; ++k) sum += static_cast<double>(pack.get(k));
  }
  for (int64_t j = packs_end + threadIdx.x; j < end; j += block_threads) sum += static_cast<double>(to_float(line[j]));
  sum = block_sum(sum, shared);
  if (threadIdx.x == 0) partials[piece * rows + row] = sum;
}

template <typename T>
int32_t sum_rows_each(sl_context* context, int64_t rows, int64_t columns, const T* x, const WriteSum& write) {
  if (columns <= short_row) {
    int side = 1;
    while (side < warp_threads && side < columns) side *= 2;
    const int64_t rows_per_block = block_threads / side;
    return launch(context, "sl_reduce_sum", grid_of((rows + rows_per_block - 1) / rows_per_block), block_threads,
                  sum_short_rows_kernel<T>, rows, columns, side, x, write);
  }
  const int64_t pieces = (columns + piece_elements - 1) / piece_elements;
  const int64_t bytes = rows * pieces * static_cast<int64_t>(sizeof(double));
  const Scratch scratch(context->allocator, bytes);
  if (!scratch) return out_of_memory("sl_reduce_sum", context->allocator, bytes);
  double* const partials = scratch.get<double>();
  int32_t status = SL_OK;
  // A single row may end inside a pack. If there are several rows, each must begin at a pack.
  with_packs<T>(rows == 1 ? 0 : columns, {x}, [&](auto n) {
    status = launch(context, "sl_reduce_sum", grid_of(rows * pieces), block_threads,
                    sum_pieces_kernel<decltype(n)::value, T>, rows, columns, pieces, x, partials);
  });
  SL_TRY(status);
  return merge<1>(context, "sl_reduce_sum", 1, pieces, rows, PartialSums<1>{partials, pieces, rows}, write);
}

template <int n, typename T>
int32_t broadcast(const sl_context* context, int32_t axis, int64_t rows, int64_t columns, float alpha, const float* dy,
                  T* dx, bool accumulate) {
  return for_each(context, "sl_broadcast", rows * columns / n, [=] __device__(int64_t i) {
    const int64_t row = i * n / columns, column = i * n - row * columns;
    float own[n];
    if (axis == SL_AXIS_ROWS) {
      each_of<n>(dy + column, [&](int k, float gradient) { own[k] = alpha * gradient; });
    } else {
      const float same = alpha * dy[axis == SL_AXIS_COLUMNS ? row : 0];
      for (float& value : own) value = same;
    }
    Pack<T, n> pack{};
    if (accumulate) pack = Pack<T, n>::load(dx + i * n);
    for (int k = 0; k < n; ++k) pack.set(k, accumulate ? pack.get(k) + own[k] : own[k]);
    pack.store(dx + i * n);
  });
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_reduce_sum(sl_context* context, int32_t axis, int32_t dtype, int64_t rows, int64_t columns,
                             float alpha, const void* x, float* y, int32_t accumulate) {
  SL_ENTER("sl_reduce_sum", context);
  SL_BEGIN
  SL_TRY(check_reduce_sum(axis, rows, columns, x, y));
  int32_t status = SL_OK;
  const WriteSum write{alpha, y, accumulate != 0};
  SL_DISPATCH(dtype, "sl_reduce_sum", [&](auto zero) {
    using T = decltype(zero);
    const T* const in = static_cast<const T*>(x);
    if (rows * columns == 0) {  // an empty sum is 0
      if (accumulate == 0) status = sl_fill(context, SL_F32, sums_over(axis, rows, columns), 0.0f, y);
    } else if (axis == SL_AXIS_ROWS) {
      status = column_sums<double>(context, "sl_reduce_sum", 1, rows, columns, in, write);
    } else if (axis == SL_AXIS_COLUMNS) {
      status = sum_rows_each(context, rows, columns, in, write);
    } else {
      status = sum_rows_each(context, 1, rows * columns, in, write);
    }
  });
  return status;
  SL_END("sl_reduce_sum")
}

SL_API int32_t sl_broadcast(sl_context* context, int32_t axis, int32_t dtype, int64_t rows, int64_t columns,
                            float alpha, const float* dy, void* dx, int32_t accumulate) {
  SL_ENTER("sl_broadcast", context);
  SL_TRY(check_broadcast(axis, rows, columns, dy, dx));
  int32_t status = SL_OK;
  SL_DISPATCH(dtype, "sl_broadcast", [&](auto zero) {
    using T = decltype(zero);
    if (rows * columns == 0) return;
    with_packs<T>(columns, {dx, dy}, [&](auto n) {
      status =
          broadcast<decltype(n)::value>(context, axis, rows, columns, alpha, dy, static_cast<T*>(dx), accumulate != 0);
    });
  });
  return status;
}
