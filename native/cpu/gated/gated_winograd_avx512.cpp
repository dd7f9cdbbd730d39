// The convolutions of a gated block by Winograd's filtering in AVX-512.
#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "../winograd/winograd_tiles.h"
#include "gated_products.h"
#include "gated_rows.h"
#include "gated_winograd.h"

namespace sluice {
namespace {

struct StoreHidden {
  float* corner;
  int64_t row_stride, channels;
  __m512 scale, shift;
  __mmask16 open;  // lanes of open channels; the others become 0

  SLUICE_SIMD __attribute__((always_inline)) inline void operator()(int i, int j, __m512 y) const {
    // max returns its second operand if either is NaN: NaN stays.
    const __m512 value = _mm512_maskz_max_ps(open, _mm512_setzero_ps(), _mm512_fmadd_ps(y, scale, shift));
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
      QueuedRows<8, count> rows{{}, lanes, a.in_channels, nullptr};
      for (int i = 0; i < count; ++i) rows.weights[i] = weights + int64_t{a.open[entry + i * lanes]} * a.in_channels;
      const int64_t next = std::min(entry + count * lanes, a.open_count - lanes);
      rows.ahead = weights + int64_t{a.open[next]} * a.in_channels;
      RowQueue<8, count, false> queue(rows, lanes * a.in_channels);
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
        Tiles::transform_output(
            m + t * a.hidden_channels + entry, plane, a.out_height - row, a.out_width - column,
            StoreHidden{corner + entry, row_stride, a.hidden_channels, _mm512_loadu_ps(a.scale + entry),
                        _mm512_loadu_ps(a.shift + entry), a.lanes[entry / gated_vector]});
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
      if (any.in_vectors && tiles <= gated_few_tiles) {
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
      QueuedRows<Most, Vectors> rows{{}, group, lanes, own + floats};
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
    const bool together = count > 1 && tiles <= gated_few_tiles;
    // Weights in blocks of inputs, which are whole vectors, stay in the first-level cache while all of the images pass
    // over them.
    constexpr int64_t inputs_at_once = 64;
    const bool in_blocks = together && !any.in_vectors;
    const int64_t blocks = in_blocks ? (any.in_channels + inputs_at_once - 1) / inputs_at_once : 1;
    constexpr int64_t vectors = inputs_at_once / gated_vector;
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
          const float* const next = weights + (block + 1) * inputs_at_once * group;
          for (int64_t i = 0; i < count; ++i) {
            const ClosingConvolution& a = images[i];
            if (in_blocks) {
              prefetch_share(next, inputs_at_once * group, i, count);
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
