// The convolutions of a gated block by Winograd's filtering in AVX-512.
#include <array>
#include <utility>

#include "../winograd/winograd_tiles.h"
#include "gated_winograd.h"

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

// m [tile][channel of the group] = the products over the open channels of v [tile][entry] and their rows of weights.
template <int Tiles, int Vectors>
SLUICE_SIMD static void outer_tile(const int32_t* open, int64_t count, const float* v, int64_t v_row,
                                   const float* weights, float* m) {
  constexpr int64_t group = Vectors * lanes;
  __m512 sums[Tiles][Vectors];
#pragma GCC unroll 12
  for (int t = 0; t < Tiles; ++t)
#pragma GCC unroll 4
    for (int u = 0; u < Vectors; ++u) sums[t][u] = _mm512_setzero_ps();
  for (int64_t entry = 0; entry < count; ++entry) {
    const float* const row = weights + open[entry] * group;
    const float* const ahead = weights + open[entry + gated_ahead] * group;
    __m512 columns[Vectors];
#pragma GCC unroll 4
    for (int u = 0; u < Vectors; ++u) {
      __builtin_prefetch(ahead + u * lanes);
      columns[u] = _mm512_loadu_ps(row + u * lanes);
    }
#pragma GCC unroll 12
    for (int t = 0; t < Tiles; ++t) {
      const __m512 value = _mm512_set1_ps(v[t * v_row + entry]);
#pragma GCC unroll 4
      for (int u = 0; u < Vectors; ++u) sums[t][u] = _mm512_fmadd_ps(value, columns[u], sums[t][u]);
    }
  }
#pragma GCC unroll 12
  for (int t = 0; t < Tiles; ++t)
#pragma GCC unroll 4
    for (int u = 0; u < Vectors; ++u) _mm512_storeu_ps(m + t * group + u * lanes, sums[t][u]);
}

using OuterTile = void (*)(const int32_t*, int64_t, const float*, int64_t, const float*, float*);

template <int Vectors, size_t... Index>
constexpr std::array<OuterTile, sizeof...(Index)> outer_tiles(std::index_sequence<Index...>) {
  return {{&outer_tile<Index + 1, Vectors>...}};
}

// outer_tile over all tiles, `Most` at a time.
template <int Vectors, int Most>
void outer_tiles_of(const int32_t* open, int64_t count, const float* v, int64_t v_row, const float* weights,
                    int64_t tiles, float* m) {
  static constexpr auto kernels = outer_tiles<Vectors>(std::make_index_sequence<Most>());
  for_pieces(tiles, Most, [&](int64_t first, int64_t length) {
    kernels[length - 1](open, count, v + first * v_row, v_row, weights, m + first * Vectors * lanes);
  });
}

struct StoreHidden {
  float* corner;
  int64_t row_stride, channels;
  __m512 scale, shift;

  SLUICE_SIMD __attribute__((always_inline)) inline void operator()(int i, int j, __m512 y) const {
    // max returns its second operand if either is NaN: NaN stays.
    const __m512 value = _mm512_max_ps(_mm512_setzero_ps(), _mm512_fmadd_ps(y, scale, shift));
    _mm512_storeu_ps(corner + i * row_stride + j * channels, value);
  }
};

struct StoreSum {
  float* corner;
  const float* residual;
  int64_t row_stride, channels;
  __m512 scale, shift;

  SLUICE_SIMD __attribute__((always_inline)) inline void operator()(int i, int j, __m512 y) const {
    const int64_t at = i * row_stride + j * channels;
    const __m512 value = _mm512_add_ps(_mm512_fmadd_ps(y, scale, shift), _mm512_loadu_ps(residual + at));
    _mm512_storeu_ps(corner + at, _mm512_max_ps(_mm512_setzero_ps(), value));
  }
};

template <int Tile>
struct GatedWinograd : WinogradTiles<F32, Tile> {
  using Tiles = WinogradTiles<F32, Tile>;
  using Tiles::side, Tiles::positions;

  static WinogradGeometry geometry(int64_t height, int64_t width, int64_t in_channels, int64_t channels) {
    return {1, height, width, in_channels, height, width, channels, 1, Tile};
  }

  // Channels in one piece of a position's weights. A core's own cache holds the piece while all images pass over it.
  static int64_t channels_at_once(int64_t channels, int64_t in_channels) {
    constexpr int64_t cached_floats = int64_t{1} << 17;
    const int64_t pieces = (channels * in_channels + cached_floats - 1) / cached_floats;
    return (channels + pieces - 1) / pieces;
  }

  // Entries [begin, end) of all tiles at one position.
  SLUICE_SIMD static void multiply_opening(const OpeningConvolution& a, int64_t tiles, const float* weights,
                                           const float* v, int64_t begin, int64_t end, float* m) {
    constexpr int64_t most = 3;
    for (int64_t entry = begin; entry < end; entry += entries_together) {
      // Rows past the end repeat the last one; their sums are not stored.
      const float* rows[entries_together];
      for (int64_t r = 0; r < entries_together; ++r)
        rows[r] = weights + a.open[std::min(entry + r, end - 1)] * a.in_channels;
      const int64_t left = std::min<int64_t>(end - entry, entries_together);
      const __mmask8 wanted = static_cast<__mmask8>((1u << left) - 1);
      for (int64_t tile = 0; tile < tiles; tile += most) {
        const float* const from = v + tile * a.in_channels;
        float* const to = m + tile * a.hidden_channels + entry;
        if (tiles - tile >= most) {
          dot_tile<most>(rows, a.in_channels, from, wanted, to, a.hidden_channels);
        } else if (tiles - tile == 2) {
          dot_tile<2>(rows, a.in_channels, from, wanted, to, a.hidden_channels);
        } else {
          dot_tile<1>(rows, a.in_channels, from, wanted, to, a.hidden_channels);
        }
      }
    }
  }

  SLUICE_SIMD static void store_hidden(const OpeningConvolution& a, const WinogradGeometry& g, int64_t first,
                                       int64_t tiles, const float* m) {
    const int64_t row_stride = a.out_width * a.hidden_channels, plane = plane_of(tiles * a.hidden_channels, 4);
    TilePlace at(g, first);
    for (int64_t t = 0; t < tiles; ++t, at.advance(g)) {
      const int64_t row = Tile * at.row, column = Tile * at.column;
      float* const corner = a.hidden + (row * a.out_width + column) * a.hidden_channels;
      for (int64_t entry = 0; entry < a.hidden_channels; entry += lanes)
        Tiles::transform_output(m + t * a.hidden_channels + entry, plane, a.out_height - row, a.out_width - column,
                                StoreHidden{corner + entry, row_stride, a.hidden_channels,
                                            _mm512_loadu_ps(a.scale + entry), _mm512_loadu_ps(a.shift + entry)});
    }
  }

  SLUICE_SIMD static void store_sums(const ClosingConvolution& a, const WinogradGeometry& g, int64_t first,
                                     int64_t tiles, int64_t channel_begin, int64_t group, const float* m) {
    const int64_t row_stride = a.width * a.channels, plane = plane_of(tiles * group, 4);
    TilePlace at(g, first);
    for (int64_t t = 0; t < tiles; ++t, at.advance(g)) {
      const int64_t row = Tile * at.row, column = Tile * at.column;
      const int64_t corner = (row * a.width + column) * a.channels + channel_begin;
      for (int64_t channel = 0; channel < group; channel += lanes) {
        // Prefetches the output and the residual of the tile after next.
        for (int i = 0; i < Tile; ++i)
          for (int j = 0; j < Tile; ++j) {
            const int64_t ahead = corner + i * row_stride + (2 * Tile + j) * a.channels + channel;
            __builtin_prefetch(a.y + ahead, 1);
            __builtin_prefetch(a.residual + ahead);
          }
        const int64_t column_of = channel_begin + channel;
        Tiles::transform_output(m + t * group + channel, plane, a.height - row, a.width - column,
                                StoreSum{a.y + corner + channel, a.residual + corner + channel, row_stride, a.channels,
                                         _mm512_loadu_ps(a.scale + column_of), _mm512_loadu_ps(a.shift + column_of)});
      }
    }
  }

  static void opening(const OpeningConvolution* images, int64_t count, int64_t begin, int64_t end, float* scratch) {
    const OpeningConvolution& any = images[0];
    const WinogradGeometry g = geometry(any.height, any.width, any.in_channels, any.channels);
    const int64_t tiles = end - begin;
    const int64_t v_plane = plane_of(tiles * any.in_channels, 4), v_size = positions * v_plane;
    const int64_t m_size = positions * plane_of(tiles * any.channels, 4);
    const auto v = [&](int64_t image) { return scratch + image * (v_size + m_size); };
    const auto m = [&](int64_t image) { return v(image) + v_size; };
    for (int64_t i = 0; i < count; ++i) Tiles::transform_inputs(g, images[i].x, begin, tiles, tiles, v_plane, v(i));
    const int64_t piece = channels_at_once(any.channels, any.in_channels);
    for (int64_t position = 0; position < positions; ++position) {
      const float* const weights = any.weights + position * any.channels * any.in_channels;
      for (int64_t channel = 0; channel < any.channels; channel += piece) {
        for (int64_t i = 0; i < count; ++i) {
          const OpeningConvolution& a = images[i];
          multiply_opening(a, tiles, weights, v(i) + position * v_plane, a.entry_of(channel),
                           a.entry_of(channel + piece), m(i) + position * plane_of(tiles * a.hidden_channels, 4));
        }
      }
    }
    for (int64_t i = 0; i < count; ++i) store_hidden(images[i], g, begin, tiles, m(i));
  }

  static void closing(const ClosingConvolution* images, int64_t count, int64_t begin, int64_t end, float* scratch) {
    const ClosingConvolution& any = images[0];
    const WinogradGeometry all = geometry(any.height, any.width, any.in_channels, any.channels);
    const int64_t tiles = end - begin, group = channel_group(any.channels);
    const int64_t m_plane = plane_of(tiles * group, 4), m_size = positions * m_plane;
    const int64_t v_size = positions * plane_of(tiles * any.in_channels, 4);
    const auto v = [&](int64_t image) { return scratch + image * (v_size + m_size); };
    const auto m = [&](int64_t image) { return v(image) + v_size; };
    for (int64_t i = 0; i < count; ++i) {
      const WinogradGeometry g = geometry(any.height, any.width, images[i].hidden_channels, any.channels);
      const int64_t v_plane = plane_of(tiles * g.in_channels, 4);
      Tiles::transform_inputs(g, images[i].hidden, begin, tiles, tiles, v_plane, v(i));
    }
    for (int64_t channel = 0; channel < any.channels; channel += group) {
      for (int64_t position = 0; position < positions; ++position) {
        const float* const weights = any.packed + (channel * positions + position * group) * any.in_channels;
        for (int64_t i = 0; i < count; ++i) {
          const ClosingConvolution& a = images[i];
          const float* const from = v(i) + position * plane_of(tiles * a.hidden_channels, 4);
          float* const to = m(i) + position * m_plane;
          if (group == 64) {
            outer_tiles_of<4, 6>(a.open, a.open_count, from, a.hidden_channels, weights, tiles, to);
          } else if (group == 32) {
            outer_tiles_of<2, 12>(a.open, a.open_count, from, a.hidden_channels, weights, tiles, to);
          } else {
            outer_tiles_of<1, 12>(a.open, a.open_count, from, a.hidden_channels, weights, tiles, to);
          }
        }
      }
      for (int64_t i = 0; i < count; ++i) store_sums(images[i], all, begin, tiles, channel, group, m(i));
    }
  }

  static constexpr GatedWinogradKernels kernels{opening, closing};
};

}  // namespace

const GatedWinogradKernels& gated_winograd_avx512(int64_t tile) {
  if (tile == 4) return GatedWinograd<4>::kernels;
  return tile == 3 ? GatedWinograd<3>::kernels : GatedWinograd<2>::kernels;
}

}  // namespace sluice
