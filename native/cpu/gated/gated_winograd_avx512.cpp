// The convolutions of a gated block by Winograd's filtering in AVX-512.
#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "../winograd/winograd_tiles.h"
#include "gated_rows.h"
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

// With so few tiles a weight is multiplied only a few times for each image. Tiles of several images then share it.
constexpr int64_t few_tiles = 4;

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
// weights; they are added to m if `begin` is not 0. Weights are prefetched unless they are `near`.
template <int Tiles, int Vectors, bool near>
SLUICE_SIMD static void outer_tile(const int32_t* open, int64_t begin, int64_t end, const float* v, int64_t v_row,
                                   const float* weights, float* m) {
  constexpr int64_t group = Vectors * lanes;
  __m512 sums[Tiles][Vectors];
#pragma GCC unroll 12
  for (int t = 0; t < Tiles; ++t)
#pragma GCC unroll 4
    for (int u = 0; u < Vectors; ++u)
      sums[t][u] = begin == 0 ? _mm512_setzero_ps() : _mm512_loadu_ps(m + t * group + u * lanes);
  for (int64_t entry = begin; entry < end; ++entry) {
    const float* const row = weights + open[entry] * group;
    const float* const ahead = weights + open[entry + gated_ahead] * group;
    __m512 columns[Vectors];
#pragma GCC unroll 4
    for (int u = 0; u < Vectors; ++u) {
      if (!near) __builtin_prefetch(ahead + u * lanes);
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

using OuterTile = void (*)(const int32_t*, int64_t, int64_t, const float*, int64_t, const float*, float*);

template <int Vectors, bool near, size_t... Index>
constexpr std::array<OuterTile, sizeof...(Index)> outer_tiles(std::index_sequence<Index...>) {
  return {{&outer_tile<Index + 1, Vectors, near>...}};
}

// outer_tile over all tiles, `Most` at a time.
template <int Vectors, int Most, bool near>
void outer_tiles_of(const int32_t* open, int64_t begin, int64_t end, const float* v, int64_t v_row,
                    const float* weights, int64_t tiles, float* m) {
  static constexpr auto kernels = outer_tiles<Vectors, near>(std::make_index_sequence<Most>());
  for_pieces(tiles, Most, [&](int64_t first, int64_t length) {
    kernels[length - 1](open, begin, end, v + first * v_row, v_row, weights, m + first * Vectors * lanes);
  });
}

// Prefetches the share of one of `count` images of the weights that all of them read next.
inline void prefetch_share(const float* weights, int64_t floats, int64_t image, int64_t count) {
  constexpr int64_t line = 16;
  const int64_t lines = floats / line, end = (image + 1) * lines / count;
  for (int64_t at = image * lines / count; at < end; ++at) __builtin_prefetch(weights + at * line);
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

  // m of an image at one position, for lists in vectors: two vectors at a time.
  static void multiply_pairs(const OpeningConvolution& a, int64_t tiles, const float* weights, const float* v,
                             float* m) {
    const auto multiply = [&](auto vectors, int64_t entry) {
      constexpr int count = decltype(vectors)::value;
      Rows<8, count> rows{{}, lanes, a.in_channels, weights};
      for (int i = 0; i < count; ++i) rows.weights[i] = weights + int64_t{a.open[entry + i * lanes]} * a.in_channels;
      RowQueue<8, count, false> queue(rows, 0);
      for (int64_t t = 0; t < tiles; ++t) queue.push(v + t * a.in_channels, m + t * a.hidden_channels + entry);
      queue.finish();
    };
    int64_t entry = 0;
    for (; entry + 2 * lanes <= a.open_count; entry += 2 * lanes) multiply(std::integral_constant<int, 2>(), entry);
    if (entry < a.open_count) multiply(std::integral_constant<int, 1>(), entry);
  }

  // m of all images at one position, for lists in vectors: tiles of different images share the weights of a vector.
  static void multiply_vectors(const OpeningConvolution* images, int64_t count, int64_t tiles, const float* weights,
                               const float* v, float* m) {
    const OpeningConvolution& any = images[0];
    const int64_t floats = lanes * any.in_channels;
    for (int64_t vector = 0; vector * lanes < any.channels; ++vector) {
      const float* const own = weights + vector * floats;
      RowQueue<8, 1, false> queue({{own}, lanes, any.in_channels, own + floats}, floats);
      const float* from = v;
      float* to = m;
      for (int64_t i = 0; i < count; ++i) {
        const OpeningConvolution& a = images[i];
        if (a.before[vector] < a.before[vector + 1]) {
          for (int64_t t = 0; t < tiles; ++t)
            queue.push(from + t * a.in_channels, to + t * a.hidden_channels + a.before[vector]);
        }
        from += tiles * a.in_channels;
        to += tiles * a.hidden_channels;
      }
      queue.finish();
    }
  }

  SLUICE_SIMD static void store_hidden(const OpeningConvolution& a, const WinogradGeometry& g, int64_t first,
                                       int64_t tiles, int64_t plane, const float* m) {
    const int64_t row_stride = a.out_width * a.hidden_channels;
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
                                     int64_t tiles, int64_t channel_begin, int64_t group, int64_t plane,
                                     const float* m) {
    const int64_t row_stride = a.width * a.channels;
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
    int64_t m_row = 0;
    for (int64_t i = 0; i < count; ++i) m_row += images[i].hidden_channels;
    const int64_t v_plane = plane_of(count * tiles * any.in_channels, 4), m_plane = plane_of(tiles * m_row, 4);
    float* const v = scratch;
    float* const m = v + positions * v_plane;
    for (int64_t i = 0; i < count; ++i)
      Tiles::transform_inputs(g, images[i].x, begin, tiles, tiles, v_plane, v + i * tiles * any.in_channels);
    const int64_t piece = channels_at_once(any.channels, any.in_channels);
    for (int64_t position = 0; position < positions; ++position) {
      const float* const values = v + position * v_plane;
      float* const sums = m + position * m_plane;
      const float* const weights = any.weights + position * any.channels * any.in_channels;
      if (any.in_vectors && tiles <= few_tiles) {
        multiply_vectors(images, count, tiles, weights, values, sums);
        continue;
      }
      // Without pieces, a list in vectors is taken whole.
      for (int64_t channel = 0; channel < any.channels; channel += any.in_vectors ? any.channels : piece) {
        float* to = sums;
        for (int64_t i = 0; i < count; ++i) {
          const OpeningConvolution& a = images[i];
          const float* const from = values + i * tiles * any.in_channels;
          if (any.in_vectors) {
            multiply_pairs(a, tiles, weights, from, to);
          } else {
            multiply_opening(a, tiles, weights, from, a.entry_of(channel), a.entry_of(channel + piece), to);
          }
          to += tiles * a.hidden_channels;
        }
      }
    }
    const float* sums = m;
    for (int64_t i = 0; i < count; ++i) {
      store_hidden(images[i], g, begin, tiles, m_plane, sums);
      sums += tiles * images[i].hidden_channels;
    }
  }

  // The entries [begin, end) of the list of open channels, for a group of outputs and all tiles at one position.
  template <bool near>
  static void multiply_closing(const ClosingConvolution& a, int64_t begin, int64_t end, int64_t tiles, int64_t group,
                               const float* weights, const float* v, float* m) {
    if (group == 64) {
      outer_tiles_of<4, 6, near>(a.open, begin, end, v, a.hidden_channels, weights, tiles, m);
    } else if (group == 32) {
      outer_tiles_of<2, 12, near>(a.open, begin, end, v, a.hidden_channels, weights, tiles, m);
    } else {
      outer_tiles_of<1, 12, near>(a.open, begin, end, v, a.hidden_channels, weights, tiles, m);
    }
  }

  // m of all images at one position, for a group of outputs and lists in vectors: tiles of different images share the
  // weights of a vector of inputs.
  template <int Vectors, int Most>
  static void multiply_inputs(const ClosingConvolution* images, int64_t count, int64_t tiles, const float* weights,
                              const float* v, float* m) {
    constexpr int64_t group = Vectors * lanes, floats = group * lanes;
    std::fill_n(m, count * tiles * group, 0.0f);
    for (int64_t vector = 0; vector * lanes < images[0].in_channels; ++vector) {
      const float* const own = weights + vector * floats;
      Rows<Most, Vectors> rows{{}, group, lanes, own + floats};
      for (int i = 0; i < Vectors; ++i) rows.weights[i] = own + i * lanes;
      RowQueue<Most, Vectors, true> queue(rows, floats);
      const float* from = v;
      float* to = m;
      for (int64_t i = 0; i < count; ++i) {
        const ClosingConvolution& a = images[i];
        if (a.before[vector] < a.before[vector + 1]) {
          for (int64_t t = 0; t < tiles; ++t)
            queue.push(from + t * a.hidden_channels + a.before[vector], to + t * group);
        }
        from += tiles * a.hidden_channels;
        to += tiles * group;
      }
      queue.finish();
    }
  }

  static void multiply_inputs(const ClosingConvolution* images, int64_t count, int64_t tiles, int64_t group,
                              const float* weights, const float* v, float* m) {
    if (group == 64) {
      multiply_inputs<4, 6>(images, count, tiles, weights, v, m);
    } else if (group == 32) {
      multiply_inputs<2, 8>(images, count, tiles, weights, v, m);
    } else {
      multiply_inputs<1, 8>(images, count, tiles, weights, v, m);
    }
  }

  static void closing(const ClosingConvolution* images, int64_t count, int64_t begin, int64_t end, float* scratch) {
    const ClosingConvolution& any = images[0];
    const WinogradGeometry all = geometry(any.height, any.width, any.in_channels, any.channels);
    const int64_t tiles = end - begin, group = channel_group(any.channels);
    int64_t v_row = 0;
    for (int64_t i = 0; i < count; ++i) v_row += images[i].hidden_channels;
    const int64_t v_plane = plane_of(tiles * v_row, 4), m_plane = plane_of(count * tiles * group, 4);
    float* const v = scratch;
    float* const m = v + positions * v_plane;
    float* to = v;
    for (int64_t i = 0; i < count; ++i) {
      const WinogradGeometry g = geometry(any.height, any.width, images[i].hidden_channels, any.channels);
      Tiles::transform_inputs(g, images[i].hidden, begin, tiles, tiles, v_plane, to);
      to += tiles * images[i].hidden_channels;
    }
    const bool together = count > 1 && tiles <= few_tiles;
    // Weights in blocks stay in the first-level cache while all of the images pass over them.
    const bool in_blocks = together && !any.in_vectors;
    const int64_t blocks = in_blocks ? (any.in_channels + gated_block - 1) / gated_block : 1;
    constexpr int64_t vectors = gated_block / gated_vector;
    const int64_t all_vectors = any.in_channels / gated_vector;
    for (int64_t channel = 0; channel < any.channels; channel += group) {
      for (int64_t position = 0; position < positions; ++position) {
        const float* const weights = any.packed + (channel * positions + position * group) * any.in_channels;
        if (together && any.in_vectors) {
          multiply_inputs(images, count, tiles, group, weights, v + position * v_plane, m + position * m_plane);
          continue;
        }
        for (int64_t block = 0; block < blocks; ++block) {
          const float* from = v + position * v_plane;
          float* sums = m + position * m_plane;
          const float* const next = weights + (block + 1) * gated_block * group;
          for (int64_t i = 0; i < count; ++i) {
            const ClosingConvolution& a = images[i];
            if (in_blocks) {
              prefetch_share(next, gated_block * group, i, count);
              const int64_t first = a.before[block * vectors],
                            last = a.before[std::min((block + 1) * vectors, all_vectors)];
              if (first < last || block == 0) multiply_closing<true>(a, first, last, tiles, group, weights, from, sums);
            } else {
              multiply_closing<false>(a, 0, a.open_count, tiles, group, weights, from, sums);
            }
            from += tiles * a.hidden_channels;
            sums += tiles * group;
          }
        }
      }
      for (int64_t i = 0; i < count; ++i)
        store_sums(images[i], all, begin, tiles, channel, group, m_plane, m + i * tiles * group);
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
