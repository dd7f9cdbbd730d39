// Sums of products of f32 or bf16 operands in AVX-512: the innermost loops of Winograd's algorithm.
#pragma once

#include <algorithm>

#include "../bf16.h"
#include "../gradient_sums.h"

// All functions have the bf16 instructions in their target, because functions of different targets cannot be inlined
// into each other. Only those of Bf16 use them.
#define SLUICE_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma"
#include "../avx512.h"

namespace sluice {
namespace {

constexpr int64_t lanes = 16;

// f32 operands: a product takes one element of each operand.
struct F32 {
  using Element = float;
  static constexpr int64_t joined = 1;  // elements of an operand that a lane multiplies at once

  SLUICE_SIMD_INLINE __m512 load(const float* p) { return _mm512_loadu_ps(p); }
  SLUICE_SIMD_INLINE void store(float* p, __m512 a) { _mm512_storeu_ps(p, a); }
  SLUICE_SIMD_INLINE __m512 multiply_add(__m512 sum, __m512 a, __m512 b) { return _mm512_fmadd_ps(a, b, sum); }
};

// bf16 operands: a product takes two elements of each operand, and sums are f32.
struct Bf16 {
  using Element = bf16;
  static constexpr int64_t joined = 2;

  SLUICE_SIMD_INLINE __m512 load(const bf16* p) {
    const __m256i narrow = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(narrow), 16));
  }
  SLUICE_SIMD_INLINE __m256i narrow(__m512 a) { return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(a)); }
  SLUICE_SIMD_INLINE void store(bf16* p, __m512 a) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), narrow(a)); }
  SLUICE_SIMD_INLINE void store_pairs(bf16* p, __m512 even, __m512 odd) {
    // Joins 16 elements of `even` and 16 of `odd`, then interleaves them.
    const __m512i both = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(odd, even));
    const __m512i first = _mm512_set_epi32(0x001f000f, 0x001e000e, 0x001d000d, 0x001c000c, 0x001b000b, 0x001a000a,
                                           0x00190009, 0x00180008, 0x00170007, 0x00160006, 0x00150005, 0x00140004,
                                           0x00130003, 0x00120002, 0x00110001, 0x00100000);
    _mm512_storeu_si512(p, _mm512_permutexvar_epi16(first, both));
  }
  SLUICE_SIMD_INLINE __m512 multiply_add(__m512 sum, __m512 a, __m512 b) {
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
  }
};

// Sets sums[row][column] to the products of `depth` steps, or adds them. At step s, row r reads the 32 bits at
// a[r * a_row + s * a_step], and the columns read the 512 * Vectors bits at b[s * b_step].
template <typename Op, int Rows, int Vectors, bool add>
SLUICE_SIMD_INLINE void multiply_tile(int64_t depth, const float* a, int64_t a_row, int64_t a_step, const float* b,
                                      int64_t b_step, float* sums, int64_t row) {
  __m512 acc[Rows][Vectors];
#pragma GCC unroll 32
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) acc[r][v] = _mm512_setzero_ps();
  for (int64_t step = 0; step < depth; ++step) {
    __m512 columns[Vectors];
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) columns[v] = _mm512_loadu_ps(b + v * lanes);
#pragma GCC unroll 32
    for (int r = 0; r < Rows; ++r) {
      const __m512 value = _mm512_set1_ps(a[r * a_row]);
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) acc[r][v] = Op::multiply_add(acc[r][v], value, columns[v]);
    }
    a += a_step;
    b += b_step;
  }
#pragma GCC unroll 32
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) {
      float* const p = sums + r * row + v * lanes;
      _mm512_storeu_ps(p, add ? _mm512_add_ps(_mm512_loadu_ps(p), acc[r][v]) : acc[r][v]);
    }
}

// Sets sums [row][16 columns] to the products of `Depth` steps, so few that the columns stay in registers for all rows.
template <typename Op, int Depth, int Rows>
SLUICE_SIMD_INLINE void multiply_shallow(int64_t rows, const float* a, const float* b, float* sums) {
  __m512 columns[Depth];
#pragma GCC unroll 16
  for (int step = 0; step < Depth; ++step) columns[step] = _mm512_loadu_ps(b + step * lanes);
  for (int64_t row = 0; row < rows; row += Rows) {
    __m512 acc[Rows];
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) acc[r] = _mm512_setzero_ps();
#pragma GCC unroll 16
    for (int step = 0; step < Depth; ++step)
#pragma GCC unroll 8
      for (int r = 0; r < Rows; ++r)
        acc[r] = Op::multiply_add(acc[r], _mm512_set1_ps(a[r * Depth + step]), columns[step]);
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) _mm512_storeu_ps(sums + r * lanes, acc[r]);
    a += Rows * Depth;
    sums += Rows * lanes;
  }
}

// Adds w' v over `steps` steps to sums [row][column], in runs of steps that fit into the first-level cache.
template <typename Op, int Rows, int Vectors>
SLUICE_SIMD_INLINE void multiply_rows(const float* v, int64_t v_row, const float* w, int64_t w_row, int64_t in_channels,
                                      int64_t steps, int64_t rows, float* sums) {
  constexpr int64_t run = 128;
  for (int64_t step = 0; step < steps; step += run)
    for (int64_t column = 0; column < in_channels; column += Vectors * lanes)
      for (int64_t row = 0; row < rows; row += Rows)
        multiply_tile<Op, Rows, Vectors, true>(std::min(run, steps - step), w + step * w_row + row, 1, w_row,
                                               v + step * v_row + column, v_row, sums + row * in_channels + column,
                                               in_channels);
}

// Adds the products of `tiles` tiles, at one position of each operand, to sums [output channel of a group][input
// channel], for the group of output channels that begins at `channel`.
template <typename Op>
SLUICE_SIMD static void multiply_gradient(const GradientOperands& operands, int64_t v_position, int64_t w_position,
                                          int64_t in_channels, int64_t out_channels, int64_t tiles, int64_t channel,
                                          float* sums) {
  using T = typename Op::Element;
  const T* const v = static_cast<const T*>(operands.v) + v_position * operands.v_plane;
  const T* const w = static_cast<const T*>(operands.w) + w_position * operands.w_plane;
  const float* const from_v = reinterpret_cast<const float*>(v);
  const float* const from_w = reinterpret_cast<const float*>(w) + channel;
  const int64_t v_row = operands.v_row / Op::joined, w_row = operands.w_row / Op::joined;  // in floats
  const int64_t steps = (tiles + Op::joined - 1) / Op::joined;
  const int64_t columns = channel_group(in_channels), rows = channel_group(out_channels);
  if (columns == 64) {
    multiply_rows<Op, 4, 4>(from_v, v_row, from_w, w_row, in_channels, steps, rows, sums);
  } else if (columns == 32) {
    multiply_rows<Op, 8, 2>(from_v, v_row, from_w, w_row, in_channels, steps, rows, sums);
  } else {
    multiply_rows<Op, 16, 1>(from_v, v_row, from_w, w_row, in_channels, steps, rows, sums);
  }
}

}  // namespace
}  // namespace sluice
