// Sums of inputs times vectors of weights, of several rows at once in AVX-512.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "../winograd/winograd_products.h"
#include "gated_kernels.h"

namespace sluice {
namespace {

// sums[r][v] += from[r][k] * weights[v][k * step, 16 lanes], k < depth. An element is a float, or a pair of bf16. The
// sums of a row do not depend on the other rows or vectors. One cache line is prefetched from `ahead` in each step.
template <typename Op, int Count, int Vectors>
SLUICE_SIMD_INLINE void add_products(const float* const* from, const float* const (&weights)[Vectors], int64_t step,
                                     int64_t depth, const float* ahead, __m512 (&sums)[Count][Vectors]) {
  const float* rows[Count];
#pragma GCC unroll 12
  for (int r = 0; r < Count; ++r) rows[r] = from[r];
  for (int64_t k = 0; k < depth; ++k) {
    __builtin_prefetch(ahead + k * gated_vector);
    __m512 columns[Vectors];
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) columns[v] = _mm512_loadu_ps(weights[v] + k * step);
#pragma GCC unroll 12
    for (int r = 0; r < Count; ++r) {
      const __m512 value = _mm512_set1_ps(rows[r][k]);
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) sums[r][v] = Op::multiply_add(sums[r][v], value, columns[v]);
    }
  }
}

// Adds the products of all runs of inputs. weights[v] [input][16 lanes] has the inputs of closed channels too.
template <typename Op, int Count, int Vectors>
SLUICE_SIMD_INLINE void add_runs(const InputRuns& inputs, const float* const* from,
                                 const float* const (&weights)[Vectors], int64_t step, const float* ahead,
                                 __m512 (&sums)[Count][Vectors]) {
  for (int64_t i = 0; i < inputs.count; ++i) {
    const int64_t entry = inputs.runs[i].entry / Op::joined, at = inputs.runs[i].channel / Op::joined;
    const float *rows[Count], *columns[Vectors];
#pragma GCC unroll 12
    for (int r = 0; r < Count; ++r) rows[r] = from[r] + entry;
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) columns[v] = weights[v] + at * step;
    add_products<Op, Count, Vectors>(rows, columns, step, inputs.runs[i].length / Op::joined, ahead + at * step, sums);
  }
}

// Rows that meet the same vectors of weights: to[r] [Vectors][16] = the products of the runs of from[r].
template <int Most, int Vectors>
struct QueuedRows {
  const float* weights[Vectors];
  InputRuns inputs;
  int64_t step, depth;  // depth: of the weights, in elements of a lane
  const float* ahead;   // weights that are read next
  const float* from[Most] = {};
  float* to[Most] = {};
};

// `add`: the products are added to what lies in `to`.
template <typename Op, int Count, bool add, int Most, int Vectors>
SLUICE_SIMD void multiply_queued(const QueuedRows<Most, Vectors>& rows) {
  __m512 sums[Count][Vectors];
#pragma GCC unroll 12
  for (int r = 0; r < Count; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v)
      sums[r][v] = add ? _mm512_loadu_ps(rows.to[r] + v * gated_vector) : _mm512_setzero_ps();
  add_runs<Op, Count, Vectors>(rows.inputs, rows.from, rows.weights, rows.step, rows.ahead, sums);
#pragma GCC unroll 12
  for (int r = 0; r < Count; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) _mm512_storeu_ps(rows.to[r] + v * gated_vector, sums[r][v]);
}

// Collects rows that meet the same weights, and multiplies them `Most` at a time.
template <typename Op, int Most, int Vectors, bool add>
class RowQueue {
 public:
  // `ahead`: the weights that are read next, prefetched once.
  RowQueue(const QueuedRows<Most, Vectors>& rows, int64_t ahead_floats)
      : rows_(rows), ahead_end_(rows.ahead + ahead_floats) {}

  void push(const float* from, float* to) {
    rows_.from[count_] = from;
    rows_.to[count_] = to;
    if (++count_ == Most) finish();
  }

  // Multiplies the rows that wait.
  void finish() {
    static constexpr auto kernels = all_kernels(std::make_index_sequence<Most>());
    if (count_ == 0) return;
    kernels[count_ - 1](rows_);
    count_ = 0;
    rows_.ahead += rows_.depth * gated_vector;
    if (rows_.ahead >= ahead_end_) rows_.ahead = rows_.weights[0];
  }

 private:
  using Kernel = void (*)(const QueuedRows<Most, Vectors>&);

  template <size_t... Index>
  static constexpr std::array<Kernel, sizeof...(Index)> all_kernels(std::index_sequence<Index...>) {
    return {{&multiply_queued<Op, Index + 1, add, Most, Vectors>...}};
  }

  QueuedRows<Most, Vectors> rows_;
  const float* ahead_end_;
  size_t count_ = 0;
};

}  // namespace
}  // namespace sluice
