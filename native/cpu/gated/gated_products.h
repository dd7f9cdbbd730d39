// Sums over the open channels of one image in Winograd's tiles, channels one by one, in AVX-512.
#pragma once

#include <array>
#include <utility>

#include "../winograd/winograd_products.h"
#include "gated_kernels.h"

#include "../avx512_sums.h"

namespace sluice {
namespace {

// The sums of the lanes of eight registers.
SLUICE_SIMD_INLINE __m256 lane_sums(const __m512 (&a)[8]) {
  const __m512 low = quarter_sums(a[0], a[1], a[2], a[3]), high = quarter_sums(a[4], a[5], a[6], a[7]);
  const __m512 pairs = _mm512_add_ps(_mm512_shuffle_f32x4(low, high, _MM_SHUFFLE(2, 0, 2, 0)),
                                     _mm512_shuffle_f32x4(low, high, _MM_SHUFFLE(3, 1, 3, 1)));
  const __m512 ordered = _mm512_shuffle_f32x4(pairs, pairs, _MM_SHUFFLE(3, 1, 2, 0));
  return _mm256_add_ps(_mm512_castps512_ps256(ordered), _mm512_extractf32x8_ps(ordered, 1));
}

constexpr int entries_together = 8;

// m [tile][entry] = dot products of `depth` elements of v [tile][in_channel] and of the open channels' rows of weights,
// for eight entries and `Tiles` tiles; only the wanted entries are stored. No weight is gathered, and no weight of a
// closed channel is read.
template <int Tiles>
SLUICE_SIMD static void dot_tile(const float* const (&rows)[entries_together], int64_t depth, const float* v,
                                 __mmask8 wanted, float* m, int64_t m_row) {
  __m512 sums[Tiles][entries_together];
#pragma GCC unroll 4
  for (int t = 0; t < Tiles; ++t)
#pragma GCC unroll 8
    for (int r = 0; r < entries_together; ++r) sums[t][r] = _mm512_setzero_ps();
  for (int64_t k = 0; k < depth; k += lanes) {
    __m512 values[Tiles];
#pragma GCC unroll 4
    for (int t = 0; t < Tiles; ++t) values[t] = _mm512_loadu_ps(v + t * depth + k);
#pragma GCC unroll 8
    for (int r = 0; r < entries_together; ++r) {
      const __m512 weights = _mm512_loadu_ps(rows[r] + k);
#pragma GCC unroll 4
      for (int t = 0; t < Tiles; ++t) sums[t][r] = _mm512_fmadd_ps(values[t], weights, sums[t][r]);
    }
  }
#pragma GCC unroll 4
  for (int t = 0; t < Tiles; ++t) _mm256_mask_storeu_ps(m + t * m_row, wanted, lane_sums(sums[t]));
}

// m [tile][channel of the group] = the products over the entries [begin, end) of v [tile][entry] and their rows of
// weights; they are added to m if `begin` is not 0. Weights are prefetched unless they are `near`. In bf16, v and
// weights are pairs, and open channels come in pairs, too; v_row counts pairs.
template <typename Op, int Tiles, int Vectors, bool near>
SLUICE_SIMD static void outer_tile(const int32_t* open, int64_t begin, int64_t end, const float* v, int64_t v_row,
                                   const float* weights, float* m) {
  constexpr int64_t group = Vectors * lanes;
  __m512 sums[Tiles][Vectors];
#pragma GCC unroll 12
  for (int t = 0; t < Tiles; ++t)
#pragma GCC unroll 4
    for (int u = 0; u < Vectors; ++u)
      sums[t][u] = begin == 0 ? _mm512_setzero_ps() : _mm512_loadu_ps(m + t * group + u * lanes);
  for (int64_t entry = begin; entry < end; entry += Op::joined) {
    const float* const row = weights + open[entry] / Op::joined * group;
    const float* const ahead = weights + open[entry + gated_ahead] / Op::joined * group;
    __m512 columns[Vectors];
#pragma GCC unroll 4
    for (int u = 0; u < Vectors; ++u) {
      if (!near) __builtin_prefetch(ahead + u * lanes);
      columns[u] = _mm512_loadu_ps(row + u * lanes);
    }
#pragma GCC unroll 12
    for (int t = 0; t < Tiles; ++t) {
      const __m512 value = _mm512_set1_ps(v[t * v_row + entry / Op::joined]);
#pragma GCC unroll 4
      for (int u = 0; u < Vectors; ++u) sums[t][u] = Op::multiply_add(sums[t][u], value, columns[u]);
    }
  }
#pragma GCC unroll 12
  for (int t = 0; t < Tiles; ++t)
#pragma GCC unroll 4
    for (int u = 0; u < Vectors; ++u) _mm512_storeu_ps(m + t * group + u * lanes, sums[t][u]);
}

using OuterTile = void (*)(const int32_t*, int64_t, int64_t, const float*, int64_t, const float*, float*);

template <typename Op, int Vectors, bool near, size_t... Index>
constexpr std::array<OuterTile, sizeof...(Index)> outer_tiles(std::index_sequence<Index...>) {
  return {{&outer_tile<Op, Index + 1, Vectors, near>...}};
}

// outer_tile over all tiles, `Most` at a time.
template <typename Op, int Vectors, int Most, bool near>
void outer_tiles_of(const int32_t* open, int64_t begin, int64_t end, const float* v, int64_t v_row,
                    const float* weights, int64_t tiles, float* m) {
  static constexpr auto kernels = outer_tiles<Op, Vectors, near>(std::make_index_sequence<Most>());
  for_pieces(tiles, Most, [&](int64_t first, int64_t length) {
    kernels[length - 1](open, begin, end, v + first * v_row, v_row, weights, m + first * Vectors * lanes);
  });
}

// Prefetches the share of one of `count` images of the weights that all of them read next.
inline void prefetch_share(const float* weights, int64_t floats, int64_t image, int64_t count) {
  const int64_t lines = floats / lanes, end = (image + 1) * lines / count;
  for (int64_t at = image * lines / count; at < end; ++at) __builtin_prefetch(weights + at * lanes);
}

}  // namespace
}  // namespace sluice
