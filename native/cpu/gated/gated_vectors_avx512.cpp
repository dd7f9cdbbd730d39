// The convolutions of a gated block by direct sums in AVX-512, if its gates open whole vectors of channels.
#include "gated_rows.h"

namespace sluice {
namespace {

constexpr int most_pixels = 8, most_vectors = 2;

// hidden of `Vectors` vectors of channels, the entries from `entry` on, for `Pixels` pixels from `pixel` on.
template <typename Op, int Kernel, int Vectors, int Pixels>
SLUICE_SIMD void opening_tile(const OpeningConvolution& a, int64_t entry, int64_t pixel) {
  using T = typename Op::Element;
  // Of floats, or of pairs of bf16.
  const int64_t depth = a.in_channels / Op::joined, terms = a.inputs.channels / Op::joined;
  constexpr int64_t padding = Kernel / 2;
  int64_t tops[Pixels], lefts[Pixels];
  for (int p = 0; p < Pixels; ++p) {
    tops[p] = (pixel + p) / a.out_width * a.stride - padding;
    lefts[p] = (pixel + p) % a.out_width * a.stride - padding;
  }
  const float* weights[Vectors];
  for (int v = 0; v < Vectors; ++v)
    weights[v] =
        static_cast<const float*>(a.weights) + int64_t{a.open[entry + v * gated_vector]} * Kernel * Kernel * terms;
  __m512 sums[Pixels][Vectors];
#pragma GCC unroll 8
  for (int p = 0; p < Pixels; ++p)
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) sums[p][v] = _mm512_setzero_ps();
  for (int64_t tap = 0; tap < Kernel * Kernel; ++tap) {
    // A pixel outside the map reads zeros, whatever the tile's other pixels read.
    const float* from[Pixels];
    for (int p = 0; p < Pixels; ++p) {
      const int64_t row = tops[p] + tap / Kernel, column = lefts[p] + tap % Kernel;
      const bool inside = row >= 0 && row < a.height && column >= 0 && column < a.width;
      from[p] = inside ? static_cast<const float*>(a.x) + (row * a.width + column) * depth
                       : static_cast<const float*>(a.zeros);
    }
    add_runs<Op, Pixels, Vectors>(a.inputs, from, weights, gated_vector, weights[0] + gated_vector * terms, sums);
    for (int v = 0; v < Vectors; ++v) weights[v] += gated_vector * terms;
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

// y of `Vectors` vectors of outputs from `vector` on, for `Pixels` pixels from `pixel` on.
template <typename Op, int Vectors, int Pixels>
SLUICE_SIMD void closing_tile(const ClosingConvolution& a, int64_t vector, int64_t pixel) {
  using T = typename Op::Element;
  const int64_t depth = a.hidden_channels / Op::joined, terms = a.inputs.channels / Op::joined;
  const float *from[Pixels], *weights[Vectors];
  for (int p = 0; p < Pixels; ++p) from[p] = static_cast<const float*>(a.hidden) + (pixel + p) * depth;
  for (int v = 0; v < Vectors; ++v)
    weights[v] = static_cast<const float*>(a.packed) + (vector + v) * gated_vector * terms;
  __m512 sums[Pixels][Vectors];
#pragma GCC unroll 8
  for (int p = 0; p < Pixels; ++p)
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) sums[p][v] = _mm512_setzero_ps();
  add_runs<Op, Pixels, Vectors>(a.inputs, from, weights, gated_vector, weights[0] + Vectors * gated_vector * terms,
                                sums);
#pragma GCC unroll 2
  for (int v = 0; v < Vectors; ++v) {
    const int64_t at = (vector + v) * gated_vector;
    const __m512 scale = _mm512_loadu_ps(a.scale + at), shift = _mm512_loadu_ps(a.shift + at);
#pragma GCC unroll 8
    for (int p = 0; p < Pixels; ++p) {
      const int64_t place = (pixel + p) * a.channels + at;
      const __m512 residual = Op::load(static_cast<const T*>(a.residual) + place);
      const __m512 value = _mm512_add_ps(_mm512_fmadd_ps(sums[p][v], scale, shift), residual);
      Op::store(static_cast<T*>(a.y) + place, _mm512_max_ps(_mm512_setzero_ps(), value));
    }
  }
}

template <typename Convolution>
using VectorTile = void (*)(const Convolution&, int64_t, int64_t);

// The tile of v vectors by p pixels is element (v - 1) * most_pixels + p - 1.
template <typename Op, int Kernel, size_t... Index>
constexpr std::array<VectorTile<OpeningConvolution>, sizeof...(Index)> opening_tiles(std::index_sequence<Index...>) {
  return {{&opening_tile<Op, Kernel, Index / most_pixels + 1, Index % most_pixels + 1>...}};
}
template <typename Op, size_t... Index>
constexpr std::array<VectorTile<ClosingConvolution>, sizeof...(Index)> closing_tiles(std::index_sequence<Index...>) {
  return {{&closing_tile<Op, Index / most_pixels + 1, Index % most_pixels + 1>...}};
}

constexpr size_t all_tiles = most_vectors * most_pixels;

// Calls the kernels of tiles for vectors [begin, end) and pixels [pixel_begin, pixel_end). Vectors begin `step` apart.
template <typename Convolution>
void for_tiles(const std::array<VectorTile<Convolution>, all_tiles>& tiles, const Convolution& a, int64_t first,
               int64_t vectors, int64_t step, int64_t pixel_begin, int64_t pixel_end) {
  for_pieces(vectors, most_vectors, [&](int64_t vector, int64_t some) {
    for_pieces(pixel_end - pixel_begin, most_pixels, [&](int64_t pixel, int64_t pixels) {
      tiles[static_cast<size_t>((some - 1) * most_pixels + pixels - 1)](a, first + vector * step, pixel_begin + pixel);
    });
  });
}

template <typename Op, int Kernel>
void opening_vectors(const OpeningConvolution& a, int64_t open_begin, int64_t open_end, int64_t pixel_begin,
                     int64_t pixel_end) {
  static constexpr auto tiles = opening_tiles<Op, Kernel>(std::make_index_sequence<all_tiles>());
  for_tiles(tiles, a, open_begin, (open_end - open_begin) / gated_vector, gated_vector, pixel_begin, pixel_end);
}

}  // namespace

void gated_opening_vectors_f32(const OpeningConvolution& a, int64_t open_begin, int64_t open_end, int64_t row_begin,
                               int64_t row_end) {
  opening_vectors<F32, 3>(a, open_begin, open_end, row_begin * a.out_width, row_end * a.out_width);
}

void gated_opening_vectors_bf16(const OpeningConvolution& a, int64_t open_begin, int64_t open_end, int64_t row_begin,
                                int64_t row_end) {
  opening_vectors<Bf16, 3>(a, open_begin, open_end, row_begin * a.out_width, row_end * a.out_width);
}

void gated_opening_pixels_bf16(const OpeningConvolution& a, int64_t open_begin, int64_t open_end, int64_t pixel_begin,
                               int64_t pixel_end) {
  opening_vectors<Bf16, 1>(a, open_begin, open_end, pixel_begin, pixel_end);
}

void gated_closing_pixels_bf16(const ClosingConvolution& a, int64_t group_begin, int64_t group_end, int64_t pixel_begin,
                               int64_t pixel_end) {
  static constexpr auto tiles = closing_tiles<Bf16>(std::make_index_sequence<all_tiles>());
  for_tiles(tiles, a, group_begin, group_end - group_begin, 1, pixel_begin, pixel_end);
}

}  // namespace sluice
