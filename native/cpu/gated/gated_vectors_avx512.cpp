// A gated block's opening convolution in AVX-512 if its gates open whole vectors of channels.
#include "gated_rows.h"

namespace sluice {
namespace {

constexpr int most_pixels = 8, most_vectors = 2;

// hidden of `Vectors` vectors of channels, the entries from `entry` on, for `Pixels` pixels from `pixel` on.
template <typename Op, int Vectors, int Pixels>
SLUICE_SIMD void vector_tile(const OpeningConvolution& a, int64_t entry, int64_t pixel) {
  using T = typename Op::Element;
  const int64_t depth = a.in_channels / Op::joined;  // of floats, or of pairs of bf16
  int64_t tops[Pixels], lefts[Pixels];
  for (int p = 0; p < Pixels; ++p) {
    tops[p] = (pixel + p) / a.out_width * a.stride - 1;
    lefts[p] = (pixel + p) % a.out_width * a.stride - 1;
  }
  const float* weights[Vectors];
  for (int v = 0; v < Vectors; ++v)
    weights[v] = static_cast<const float*>(a.weights) + int64_t{a.open[entry + v * gated_vector]} * 9 * depth;
  __m512 sums[Pixels][Vectors];
#pragma GCC unroll 8
  for (int p = 0; p < Pixels; ++p)
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) sums[p][v] = _mm512_setzero_ps();
  for (int64_t tap = 0; tap < 9; ++tap) {
    // A pixel outside the map reads zeros, whatever the tile's other pixels read.
    const float* from[Pixels];
    for (int p = 0; p < Pixels; ++p) {
      const int64_t row = tops[p] + tap / 3, column = lefts[p] + tap % 3;
      const bool inside = row >= 0 && row < a.height && column >= 0 && column < a.width;
      from[p] = inside ? static_cast<const float*>(a.x) + (row * a.width + column) * depth
                       : static_cast<const float*>(a.zeros);
    }
    add_products<Op, Pixels, Vectors>(from, weights, gated_vector, depth, weights[0] + gated_vector * depth, sums);
    for (int v = 0; v < Vectors; ++v) weights[v] += gated_vector * depth;
  }
#pragma GCC unroll 2
  for (int v = 0; v < Vectors; ++v) {
    const int64_t at = entry + v * gated_vector;
    const __m512 scale = _mm512_loadu_ps(a.scale + at), shift = _mm512_loadu_ps(a.shift + at);
    const __mmask16 open = a.lanes[at / gated_vector];
#pragma GCC unroll 8
    for (int p = 0; p < Pixels; ++p) {
      // max returns its second operand if either is NaN: NaN stays.
      const __m512 value = _mm512_maskz_max_ps(open, _mm512_setzero_ps(), _mm512_fmadd_ps(sums[p][v], scale, shift));
      Op::store(static_cast<T*>(a.hidden) + (pixel + p) * a.hidden_channels + at, value);
    }
  }
}

using VectorTile = void (*)(const OpeningConvolution&, int64_t, int64_t);

// The tile of v vectors by p pixels is element (v - 1) * most_pixels + p - 1.
template <typename Op, size_t... Index>
constexpr std::array<VectorTile, sizeof...(Index)> vector_tiles(std::index_sequence<Index...>) {
  return {{&vector_tile<Op, Index / most_pixels + 1, Index % most_pixels + 1>...}};
}

template <typename Op>
void opening_vectors(const OpeningConvolution& a, int64_t open_begin, int64_t open_end, int64_t row_begin,
                     int64_t row_end) {
  static constexpr auto tiles = vector_tiles<Op>(std::make_index_sequence<most_vectors * most_pixels>());
  for_pieces((open_end - open_begin) / gated_vector, most_vectors, [&](int64_t vector, int64_t vectors) {
    const int64_t entry = open_begin + vector * gated_vector;
    for_pieces((row_end - row_begin) * a.out_width, most_pixels, [&](int64_t pixel, int64_t pixels) {
      tiles[static_cast<size_t>((vectors - 1) * most_pixels + pixels - 1)](a, entry, row_begin * a.out_width + pixel);
    });
  });
}

}  // namespace

void gated_opening_vectors_f32(const OpeningConvolution& a, int64_t open_begin, int64_t open_end, int64_t row_begin,
                               int64_t row_end) {
  opening_vectors<F32>(a, open_begin, open_end, row_begin, row_end);
}

void gated_opening_vectors_bf16(const OpeningConvolution& a, int64_t open_begin, int64_t open_end, int64_t row_begin,
                                int64_t row_end) {
  opening_vectors<Bf16>(a, open_begin, open_end, row_begin, row_end);
}

}  // namespace sluice
