// Sums over an axis of a matrix, with their backward.
#include "../common/reduce_checks.h"
#include "context.h"
#include "wide_rows.h"

namespace sluice {
namespace {

constexpr int64_t grain = 1 << 15;  // elements of a chunk

template <typename T>
double sum_run(const T* x, int64_t n) {
  double sum = 0.0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(to_float(x[i]));
  return sum;
}

inline void write_sum(float alpha, double sum, float* y, bool accumulate) {
  const double scaled = static_cast<double>(alpha) * sum;
  *y = static_cast<float>(accumulate ? *y + scaled : scaled);
}

// The sum of each row. A long row is cut into pieces, so that a single row keeps all threads busy.
template <typename T>
void sum_rows_each(sl_context* context, int64_t rows, int64_t columns, float alpha, const T* x, float* y,
                   bool accumulate) {
  const int64_t pieces = (columns + grain - 1) / grain;
  const RequiredScratch scratch(context, rows * pieces * static_cast<int64_t>(sizeof(double)));
  double* const partials = scratch.get<double>();
  const int64_t pieces_per_chunk = std::max<int64_t>(1, grain / columns);
  parallel_for(context->threads, rows * pieces, pieces_per_chunk, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t first = (piece % pieces) * grain;
      partials[piece] = sum_run(x + (piece / pieces) * columns + first, std::min(grain, columns - first));
    }
  });
  for (int64_t row = 0; row < rows; ++row) {
    double sum = 0.0;
    for (int64_t piece = 0; piece < pieces; ++piece) sum += partials[row * pieces + piece];
    write_sum(alpha, sum, y + row, accumulate);
  }
}

// The sum of each column, over tiles of rows and columns. The partial sums of the tiles are added in the order of rows.
template <typename T>
void sum_columns_each(sl_context* context, int64_t rows, int64_t columns, float alpha, const T* x, float* y,
                      bool accumulate) {
  constexpr int64_t tile_columns = 1024;
  const bool narrow = columns <= tile_columns;
  const WideRows wide(narrow ? columns : tile_columns, narrow ? rows : 1);
  const int64_t tile_rows = std::max<int64_t>(32, grain / std::min(columns, tile_columns));
  const int64_t row_tiles = (rows + tile_rows - 1) / tile_rows,
                column_tiles = (columns + tile_columns - 1) / tile_columns;
  const RequiredScratch scratch(context, row_tiles * columns * static_cast<int64_t>(sizeof(double)));
  const RequiredScratch lane_scratch(context, context->threads * wide.width * static_cast<int64_t>(sizeof(double)));
  double* const partials = scratch.get<double>();
  parallel_for(context->threads, row_tiles * column_tiles, 1, [&](int64_t tile, int64_t) {
    const int64_t first_row = (tile / column_tiles) * tile_rows, first_column = (tile % column_tiles) * tile_columns;
    const int64_t tile_height = std::min(tile_rows, rows - first_row);
    const int64_t tile_width = std::min(tile_columns, columns - first_column);
    double* const partial = partials + (tile / column_tiles) * columns + first_column;
    const T* const part = x + first_row * columns + first_column;
    std::fill(partial, partial + tile_width, 0.0);
    if (narrow) {
      double* const lanes = lane_scratch.get<double>() + omp_get_thread_num() * wide.width;
      std::fill(lanes, lanes + wide.width, 0.0);
      accumulate_lanes(wide.width, tile_height * columns, lanes, [part](int64_t i) { return to_float(part[i]); });
      wide.fold(lanes, partial);
      return;
    }
    for (int64_t row = 0; row < tile_height; ++row) {
      const T* const line = part + row * columns;
#pragma omp simd
      for (int64_t j = 0; j < tile_width; ++j) partial[j] += static_cast<double>(to_float(line[j]));
    }
  });
  for (int64_t j = 0; j < columns; ++j) {
    double sum = 0.0;
    for (int64_t tile = 0; tile < row_tiles; ++tile) sum += partials[tile * columns + j];
    write_sum(alpha, sum, y + j, accumulate);
  }
}

template <typename T>
void broadcast(const sl_context* context, int32_t axis, int64_t rows, int64_t columns, float alpha, const float* dy,
               T* dx, bool accumulate) {
  // A single dy serves the whole matrix, which is then one long row.
  const int64_t lines = axis == SL_AXIS_ALL ? 1 : rows;
  const int64_t length = axis == SL_AXIS_ALL ? rows * columns : columns;
  const int64_t pieces = (length + grain - 1) / grain;
  parallel_for(context->threads, lines * pieces, std::max<int64_t>(1, grain / length), [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t line = piece / pieces, first = (piece % pieces) * grain, last = std::min(length, first + grain);
      T* const target = dx + line * length + first;
      const float same = axis == SL_AXIS_ROWS ? 0.0f : alpha * dy[axis == SL_AXIS_ALL ? 0 : line];
      with_flag(axis == SL_AXIS_ROWS, [&](auto along) {
        if (!along && !accumulate) return fill_run(last - first, target, same);
        with_flag(accumulate, [&](auto add) {
          write_run(last - first, target, [=](auto kind, int64_t j) {
            const auto value = along ? kind.all(alpha) * kind.load(dy + first + j) : kind.all(same);
            return add ? kind.load(target + j) + value : value;
          });
        });
      });
    }
  });
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_reduce_sum(sl_context* context, int32_t axis, int32_t dtype, int64_t rows, int64_t columns,
                             float alpha, const void* x, float* y, int32_t accumulate) {
  SL_BEGIN
  SL_REQUIRE_POINTERS("sl_reduce_sum", context);
  SL_TRY(check_reduce_sum(axis, rows, columns, x, y));
  SL_DISPATCH(dtype, "sl_reduce_sum", [&](auto zero) {
    using T = decltype(zero);
    const T* const in = static_cast<const T*>(x);
    if (rows * columns == 0) {  // an empty sum is 0
      if (accumulate == 0) std::fill(y, y + sums_over(axis, rows, columns), 0.0f);
    } else if (axis == SL_AXIS_ROWS) {
      sum_columns_each(context, rows, columns, alpha, in, y, accumulate != 0);
    } else if (axis == SL_AXIS_COLUMNS) {
      sum_rows_each(context, rows, columns, alpha, in, y, accumulate != 0);
    } else {
      sum_rows_each(context, 1, rows * columns, alpha, in, y, accumulate != 0);
    }
  });
  return SL_OK;
  SL_END("sl_reduce_sum")
}

SL_API int32_t sl_broadcast(sl_context* context, int32_t axis, int32_t dtype, int64_t rows, int64_t columns,
                            float alpha, const float* dy, void* dx, int32_t accumulate) {
  SL_REQUIRE_POINTERS("sl_broadcast", context);
  SL_TRY(check_broadcast(axis, rows, columns, dy, dx));
  SL_DISPATCH(dtype, "sl_broadcast", [&](auto zero) {
    using T = decltype(zero);
    if (rows * columns == 0) return;
    broadcast(context, axis, rows, columns, alpha, dy, static_cast<T*>(dx), accumulate != 0);
  });
  return SL_OK;
}
