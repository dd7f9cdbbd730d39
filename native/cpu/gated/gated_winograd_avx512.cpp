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

// Products read their operands as floats, or as pairs of bf16, whose bits pass for floats. `in_words` counts them.
template <typename Op, int Tile>
struct GatedWinograd : WinogradTiles<Op, Tile> {
  using Tiles = WinogradTiles<Op, Tile>;
  using T = typename Op::Element;
  using Tiles::side, Tiles::positions;
  static constexpr int64_t joined = Op::joined;

  static int64_t in_words(const OpeningConvolution& a) { return a.in_channels / joined; }
  static int64_t weight_words(const OpeningConvolution& a) {
    return (a.in_vectors ? a.inputs.channels : a.in_channels) / joined;
  }
  static int64_t hidden_words(const ClosingConvolution& a) { return a.hidden_channels / joined; }

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

  // Where the rows of an image's tiles begin, and the floats from one row to the next.
  struct TileRows {
    int64_t from, from_row, to, to_row;
  };

  template <typename Convolution>
  static bool opens(const Convolution& a, int64_t vector) {
    return a.before[vector] < a.before[vector + 1];
  }

  // Queues the tiles of every image that is wanted. rows_of(image) says where its rows lie in v and in m, where image
  // follows image.
  template <typename Queue, typename Convolution, typename Wanted, typename RowsOf>
  static void push_images(Queue& queue, const Convolution* images, int64_t count, int64_t tiles, const float* v,
                          float* m, const Wanted& wanted, const RowsOf& rows_of) {
    for (int64_t i = 0; i < count; ++i) {
      const Convolution& a = images[i];
      const TileRows rows = rows_of(a);
      const bool is_wanted = wanted(a);
      for (int64_t t = 0; is_wanted && t < tiles; ++t)
        queue.push(v + t * rows.from_row + rows.from, m + t * rows.to_row + rows.to);
      v += tiles * rows.from_row;
      m += tiles * rows.to_row;
    }
    queue.finish();
  }

  // m of an image at one position, for lists in vectors: two vectors at a time.
  static void multiply_pairs(const OpeningConvolution& a, int64_t tiles, Span entries, const float* weights,
                             const float* v, float* m) {
    const auto multiply = [&](auto vectors, int64_t entry) {
      constexpr int count = decltype(vectors)::value;
      const int64_t words = weight_words(a);
      QueuedRows<8, count> rows{{}, a.inputs, lanes, words, nullptr};
      for (int i = 0; i < count; ++i) rows.weights[i] = weights + int64_t{a.open[entry + i * lanes]} * words;
      const int64_t next = std::min(entry + count * lanes, a.open_count - lanes);
      rows.ahead = weights + int64_t{a.open[next]} * words;
      RowQueue<Op, 8, count, false> queue(rows, lanes * words);
      for (int64_t t = 0; t < tiles; ++t) queue.push(v + t * in_words(a), m + t * a.hidden_channels + entry);
      queue.finish();
    };
    int64_t entry = entries.begin;
    for (; entry + 2 * lanes <= entries.end; entry += 2 * lanes) multiply(std::integral_constant<int, 2>(), entry);
    if (entry < entries.end) multiply(std::integral_constant<int, 1>(), entry);
  }

  // m of the wanted images at one position, for `Vectors` vectors of outputs, which they all open.
  template <int Vectors, typename Wanted>
  static void multiply_shared(const OpeningConvolution* images, int64_t count, int64_t tiles, int64_t vector,
                              const float* weights, const float* v, float* m, const Wanted& wanted) {
    const OpeningConvolution& any = images[0];
    const int64_t floats = lanes * weight_words(any);
    const float* const own = weights + vector * floats;
    QueuedRows<8, Vectors> rows{{}, any.inputs, lanes, weight_words(any), own + Vectors * floats};
    for (int i = 0; i < Vectors; ++i) rows.weights[i] = own + i * floats;
    RowQueue<Op, 8, Vectors, false> queue(rows, Vectors * floats);
    push_images(queue, images, count, tiles, v, m, wanted, [=](const OpeningConvolution& a) {
      return TileRows{0, in_words(a), a.before[vector], a.hidden_channels};
    });
  }

  // m of all images at one position, for lists in vectors. Of few tiles, those of different images share the weights of
  // a vector, or of two.
  static void multiply_vectors(const OpeningConvolution* images, int64_t count, int64_t tiles, Span entries,
                               const float* weights, const float* v, float* m) {
    const OpeningConvolution& any = images[0];
    if (count == 1) return multiply_pairs(any, tiles, entries, weights, v, m);
    if (tiles > gated_few_tiles || any.inputs.listed) {
      for (int64_t i = 0; i < count; ++i) {
        multiply_pairs(images[i], tiles, {0, images[i].open_count}, weights, v, m);
        v += tiles * in_words(images[i]);
        m += tiles * images[i].hidden_channels;
      }
      return;
    }
    const int64_t vectors = any.channels / lanes;
    for (int64_t first = 0; first < vectors; first += 2) {
      const auto opens_both = [=](const OpeningConvolution& a) {
        return first + 1 < vectors && opens(a, first) && opens(a, first + 1);
      };
      if (first + 1 < vectors) multiply_shared<2>(images, count, tiles, first, weights, v, m, opens_both);
      for (int64_t vector = first; vector < std::min(first + 2, vectors); ++vector)
        multiply_shared<1>(images, count, tiles, vector, weights, v, m,
                           [=](const OpeningConvolution& a) { return !opens_both(a) && opens(a, vector); });
    }
  }

  // m of all images at one position, channels one by one, in pieces of the weights.
  static void multiply_channels(const OpeningConvolution* images, int64_t count, int64_t tiles, Span,
                                const float* weights, const float* v, float* m) {
    const OpeningConvolution& any = images[0];
    const int64_t piece = channels_at_once(any.channels, any.in_channels);
    for (int64_t channel = 0; channel < any.channels; channel += piece) {
      float* to = m;
      for (int64_t i = 0; i < count; ++i) {
        const OpeningConvolution& a = images[i];
        multiply_opening(a, tiles, weights, v + i * tiles * any.in_channels, a.entry_of(channel),
                         a.entry_of(channel + piece), to);
        to += tiles * a.hidden_channels;
      }
    }
  }

  SLUICE_SIMD static void store_hidden(const OpeningConvolution& a, const WinogradGeometry& g, int64_t first,
                                       int64_t tiles, Span entries, int64_t plane, const float* m) {
    const int64_t row_stride = a.out_width * a.hidden_channels;
    TilePlace at(g, first);
    for (int64_t t = 0; t < tiles; ++t, at.advance(g)) {
      const int64_t row = Tile * at.row, column = Tile * at.column;
      T* const corner = static_cast<T*>(a.hidden) + (row * a.out_width + column) * a.hidden_channels;
      for (int64_t entry = entries.begin; entry < entries.end; entry += lanes)
        Tiles::transform_output(
            m + t * a.hidden_channels + entry, plane, a.out_height - row, a.out_width - column,
            StoreFollowed<Op, false>{corner + entry, nullptr, row_stride, a.hidden_channels,
                                     _mm512_loadu_ps(a.scale + entry), _mm512_loadu_ps(a.shift + entry),
                                     a.lanes[entry / gated_vector]});
    }
  }

  SLUICE_SIMD static void store_sums(const ClosingConvolution& a, const WinogradGeometry& g, int64_t first,
                                     int64_t tiles, int64_t channel_begin, int64_t group, int64_t plane,
                                     const float* m) {
    const int64_t row_stride = a.width * a.channels;
    const T* const residuals = static_cast<const T*>(a.residual);
    T* const outputs = static_cast<T*>(a.y);
    TilePlace at(g, first);
    for (int64_t t = 0; t < tiles; ++t, at.advance(g)) {
      const int64_t row = Tile * at.row, column = Tile * at.column;
      const int64_t corner = (row * a.width + column) * a.channels + channel_begin;
      for (int64_t channel = 0; channel < group; channel += lanes) {
        // Prefetches the output and the residual of the tile after next.
        for (int i = 0; i < Tile; ++i)
          for (int j = 0; j < Tile; ++j) {
            const int64_t ahead = corner + i * row_stride + (2 * Tile + j) * a.channels + channel;
            __builtin_prefetch(outputs + ahead, 1);
            __builtin_prefetch(residuals + ahead);
          }
        const int64_t column_of = channel_begin + channel;
        Tiles::transform_output(m + t * group + channel, plane, a.height - row, a.width - column,
                                StoreFollowed<Op, true>{outputs + corner + channel, residuals + corner + channel,
                                                        row_stride, a.channels, _mm512_loadu_ps(a.scale + column_of),
                                                        _mm512_loadu_ps(a.shift + column_of), every_lane});
      }
    }
  }

  static void opening(const OpeningConvolution* images, int64_t count, Span part, Span entries, float* scratch) {
    const OpeningConvolution& any = images[0];
    const WinogradGeometry g = geometry(any.height, any.width, any.in_channels, any.channels);
    const int64_t tiles = part.end - part.begin;
    int64_t v_row = 0, m_row = 0;
    for (int64_t i = 0; i < count; ++i) {
      v_row += in_words(images[i]);
      m_row += images[i].hidden_channels;
    }
    const int64_t v_plane = plane_of(tiles * v_row, 4), m_plane = plane_of(tiles * m_row, 4);
    float* const v = scratch;
    float* const m = v + positions * v_plane;
    T* to = reinterpret_cast<T*>(v);
    for (int64_t i = 0; i < count; ++i) {
      const WinogradGeometry own = geometry(any.height, any.width, images[i].in_channels, any.channels);
      Tiles::transform_inputs(own, static_cast<const T*>(images[i].x), part.begin, tiles, tiles, joined * v_plane, to);
      to += tiles * images[i].in_channels;
    }
    const float* const weights = static_cast<const float*>(any.weights);
    auto* multiply = multiply_vectors;
    if constexpr (joined == 1) multiply = any.in_vectors ? multiply_vectors : multiply_channels;
    for (int64_t position = 0; position < positions; ++position)
      multiply(images, count, tiles, entries, weights + position * any.channels * weight_words(any),
               v + position * v_plane, m + position * m_plane);
    const float* sums = m;
    for (int64_t i = 0; i < count; ++i) {
      store_hidden(images[i], g, part.begin, tiles, count == 1 ? entries : Span{0, images[i].hidden_channels}, m_plane,
                   sums);
      sums += tiles * images[i].hidden_channels;
    }
  }

  // The entries [begin, end) of the list of open channels, for a group of outputs and all tiles at one position.
  template <bool near>
  static void multiply_closing(const ClosingConvolution& a, int64_t begin, int64_t end, int64_t tiles, int64_t group,
                               const float* weights, const float* v, float* m) {
    if (group == 64) {
      outer_tiles_of<Op, 4, 6, near>(a.open, begin, end, v, hidden_words(a), weights, tiles, m);
    } else if (group == 32) {
      outer_tiles_of<Op, 2, 12, near>(a.open, begin, end, v, hidden_words(a), weights, tiles, m);
    } else {
      outer_tiles_of<Op, 1, 12, near>(a.open, begin, end, v, hidden_words(a), weights, tiles, m);
    }
  }

  // Adds the products of the vectors [begin, end) of inputs to m of the wanted images, which open all of them.
  template <int Vectors, int Most, typename Wanted>
  static void add_inputs(const ClosingConvolution* images, int64_t count, int64_t tiles, Span inputs,
                         const float* weights, const float* v, float* m, const Wanted& wanted) {
    constexpr int64_t group = Vectors * lanes;
    const int64_t length = (inputs.end - inputs.begin) * lanes, depth = length / joined;
    const VectorRun run{0, 0, static_cast<int32_t>(length)};
    const float* const own = weights + inputs.begin * group * lanes / joined;
    QueuedRows<Most, Vectors> rows{{}, {&run, 1, length, false}, group, depth, own + group * depth};
    for (int i = 0; i < Vectors; ++i) rows.weights[i] = own + i * lanes;
    RowQueue<Op, Most, Vectors, true> queue(rows, group * depth);
    push_images(queue, images, count, tiles, v, m, wanted, [&](const ClosingConvolution& a) {
      return TileRows{a.before[inputs.begin] / joined, hidden_words(a), 0, group};
    });
  }

  // m of all images at one position, for a group of outputs and lists in vectors: tiles of different images share the
  // weights of a vector of inputs. Images that open all vectors of a block read and write their sums once for them.
  template <int Vectors, int Most>
  static void multiply_group(const ClosingConvolution* images, int64_t count, int64_t tiles, const float* weights,
                             const float* v, float* m) {
    constexpr int64_t group = Vectors * lanes, block = 4;
    const int64_t vectors = images[0].in_channels / lanes;
    std::fill_n(m, count * tiles * group, 0.0f);
    for (int64_t begin = 0; begin < vectors; begin += block) {
      const int64_t end = std::min(begin + block, vectors);
      const auto opens_all = [=](const ClosingConvolution& a) {
        return a.before[end] - a.before[begin] == (end - begin) * lanes;
      };
      add_inputs<Vectors, Most>(images, count, tiles, {begin, end}, weights, v, m, opens_all);
      for (int64_t vector = begin; vector < end; ++vector)
        add_inputs<Vectors, Most>(images, count, tiles, {vector, vector + 1}, weights, v, m,
                                  [=](const ClosingConvolution& a) { return !opens_all(a) && opens(a, vector); });
    }
  }

  static void multiply_inputs(const ClosingConvolution* images, int64_t count, int64_t tiles, int64_t group,
                              const float* weights, const float* v, float* m) {
    if (group == 64) {
      multiply_group<4, 6>(images, count, tiles, weights, v, m);
    } else if (group == 32) {
      multiply_group<2, 8>(images, count, tiles, weights, v, m);
    } else {
      multiply_group<1, 8>(images, count, tiles, weights, v, m);
    }
  }

  // m of all images at one position and for a group of outputs, channels one by one, image by image.
  static void multiply_images(const ClosingConvolution* images, int64_t count, int64_t tiles, int64_t group,
                              const float* weights, const float* v, float* m) {
    for (int64_t i = 0; i < count; ++i) {
      const ClosingConvolution& a = images[i];
      multiply_closing<false>(a, 0, a.open_count, tiles, group, weights, v, m);
      v += tiles * hidden_words(a);
      m += tiles * group;
    }
  }

  // The same for few tiles: weights in blocks of inputs, which are whole vectors, stay in the first-level cache while
  // all of the images pass over them.
  static void multiply_blocks(const ClosingConvolution* images, int64_t count, int64_t tiles, int64_t group,
                              const float* weights, const float* v, float* m) {
    constexpr int64_t block = 64 / gated_vector;
    const int64_t vectors = images[0].in_channels / gated_vector;
    for (int64_t vector = 0; vector < vectors; vector += block) {
      const float* from = v;
      float* to = m;
      const float* const next = weights + (vector + block) * gated_vector * group;
      for (int64_t i = 0; i < count; ++i) {
        const ClosingConvolution& a = images[i];
        prefetch_share(next, block * gated_vector * group, i, count);
        const int64_t first = a.before[vector], last = a.before[std::min(vector + block, vectors)];
        if (first < last || vector == 0) multiply_closing<true>(a, first, last, tiles, group, weights, from, to);
        from += tiles * a.hidden_channels;
        to += tiles * group;
      }
    }
  }

  static void closing(const ClosingConvolution* images, int64_t count, Span part, Span groups, float* scratch) {
    const ClosingConvolution& any = images[0];
    const WinogradGeometry all = geometry(any.height, any.width, any.in_channels, any.channels);
    const int64_t tiles = part.end - part.begin, group = channel_group(any.channels);
    int64_t v_row = 0;
    for (int64_t i = 0; i < count; ++i) v_row += hidden_words(images[i]);
    const int64_t v_plane = plane_of(tiles * v_row, 4), m_plane = plane_of(count * tiles * group, 4);
    float* const v = scratch;
    float* const m = v + positions * v_plane;
    T* to = reinterpret_cast<T*>(v);
    for (int64_t i = 0; i < count; ++i) {
      const WinogradGeometry g = geometry(any.height, any.width, images[i].hidden_channels, any.channels);
      Tiles::transform_inputs(g, static_cast<const T*>(images[i].hidden), part.begin, tiles, tiles, joined * v_plane,
                              to);
      to += tiles * images[i].hidden_channels;
    }
    // A single image reads each weight once.
    auto* shared = multiply_inputs;
    if constexpr (joined == 1) shared = any.in_vectors ? multiply_inputs : multiply_blocks;
    const float* const weights = static_cast<const float*>(any.packed);
    const int64_t words = any.in_channels / joined;
    const auto multiply = count > 1 && tiles <= gated_few_tiles ? shared : multiply_images;
    for (int64_t channel = groups.begin * group; channel < groups.end * group; channel += group) {
      for (int64_t position = 0; position < positions; ++position)
        multiply(images, count, tiles, group, weights + (channel * positions + position * group) * words,
                 v + position * v_plane, m + position * m_plane);
      for (int64_t i = 0; i < count; ++i)
        store_sums(images[i], all, part.begin, tiles, channel, group, m_plane, m + i * tiles * group);
    }
  }

  static constexpr GatedWinogradKernels kernels{opening, closing};
};

}  // namespace

const GatedWinogradKernels& gated_winograd_f32(int64_t tile) {
  if (tile == 4) return GatedWinograd<F32, 4>::kernels;
  return tile == 3 ? GatedWinograd<F32, 3>::kernels : GatedWinograd<F32, 2>::kernels;
}

const GatedWinogradKernels& gated_winograd_bf16() { return GatedWinograd<Bf16, gated_bf16_tile>::kernels; }

}  // namespace sluice
