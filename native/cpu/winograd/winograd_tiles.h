// The tiles of Winograd's convolution in AVX-512: their places and their transforms, 16 channels at a time.
#pragma once

#include "winograd_kernels.h"
#include "winograd_products.h"
#include "winograd_transforms.h"

namespace sluice {
namespace {

// The place of a tile.
struct TilePlace {
  int64_t image, row, column;

  TilePlace(const WinogradGeometry& g, int64_t index) {
    const int64_t columns = g.tile_columns(), per_image = columns * g.tile_rows();
    image = index / per_image;
    row = index % per_image / columns;
    column = index % columns;
  }
  void advance(const WinogradGeometry& g) {
    if (++column < g.tile_columns()) return;
    column = 0;
    if (++row < g.tile_rows()) return;
    row = 0;
    ++image;
  }
};

// A square of Side x Side pixels that may reach beyond the image.
template <typename Op, int Side>
struct Window {
  using T = typename Op::Element;
  static constexpr uint64_t all = (uint64_t{1} << (Side * Side)) - 1;

  const T* corner;  // the first pixel, which may lie outside the image
  int64_t row_stride, channels;
  uint64_t inside;  // a bit for each pixel

  Window(const T* images, int64_t image, int64_t top, int64_t left, int64_t height, int64_t width, int64_t channels_)
      : corner(images + ((image * height + top) * width + left) * channels_),
        row_stride(width * channels_),
        channels(channels_),
        inside(0) {
    if (top >= 0 && left >= 0 && top + Side <= height && left + Side <= width) {
      inside = all;
      return;
    }
    for (int i = 0; i < Side; ++i)
      for (int j = 0; j < Side; ++j) {
        const bool in = top + i >= 0 && top + i < height && left + j >= 0 && left + j < width;
        inside |= static_cast<uint64_t>(in) << (i * Side + j);
      }
  }

  // Loads 16 channels of the pixels of a column.
  template <bool whole>
  SLUICE_SIMD __attribute__((always_inline)) inline void column(int j, int64_t channel, __m512 (&d)[Side]) const {
#pragma GCC unroll 6
    for (int i = 0; i < Side; ++i) {
      d[i] = _mm512_setzero_ps();
      const T* const pixel = corner + i * row_stride + j * channels;
      if (whole || (inside >> (i * Side + j) & 1) != 0) d[i] = Op::load(pixel + channel);
    }
  }
};

constexpr __mmask16 every_lane = 0xffff;

// Stores 16 channels of outputs at inference: relu(scale * y + shift + residual).
template <typename Op, bool has_residual>
struct StoreFollowed {
  using T = typename Op::Element;
  T* corner;
  const T* residual;
  int64_t row_stride, channels;
  __m512 scale, shift;
  __mmask16 open;  // lanes of open channels; the others become 0

  SLUICE_SIMD __attribute__((always_inline)) inline void operator()(int i, int j, __m512 y) const {
    const int64_t at = i * row_stride + j * channels;
    __m512 value = _mm512_fmadd_ps(y, scale, shift);
    if (has_residual) value = _mm512_add_ps(value, Op::load(residual + at));
    // max returns its second operand if either is NaN: NaN stays.
    Op::store(corner + at, _mm512_maskz_max_ps(open, _mm512_setzero_ps(), value));
  }
};

// The windows of tiles of Tile x Tile outputs, and their transforms, 16 channels at a time.
template <typename Op, int Tile>
struct WinogradTiles {
  using T = typename Op::Element;
  using Transform = WinogradTransform<Tile>;
  static constexpr int side = Tile + 2, positions = side * side;

  static Window<Op, side> input_window(const WinogradGeometry& g, const T* x, const TilePlace& at) {
    return {x,       g.in_image(at.image), Tile * at.row - g.padding, Tile * at.column - g.padding, g.height,
            g.width, g.in_channels};
  }

  static Window<Op, Tile> gradient_window(const WinogradGeometry& g, const T* dy, const TilePlace& at) {
    return {dy, at.image, Tile * at.row, Tile * at.column, g.out_height, g.out_width, g.out_channels};
  }

  // Transforms 16 channels of a window, along columns, then along rows.
  template <bool whole>
  SLUICE_SIMD_INLINE void transform_input(const Window<Op, side>& window, int64_t channel, __m512 (&v)[side][side]) {
#pragma GCC unroll 6
    for (int j = 0; j < side; ++j) {
      __m512 d[side], t[side];
      window.template column<whole>(j, channel, d);
      Transform::input(d, t);
#pragma GCC unroll 6
      for (int i = 0; i < side; ++i) v[i][j] = t[i];
    }
#pragma GCC unroll 6
    for (int i = 0; i < side; ++i) {
      __m512 t[side];
      Transform::input(v[i], t);
#pragma GCC unroll 6
      for (int j = 0; j < side; ++j) v[i][j] = t[j];
    }
  }

  // The same for a window that may reach beyond the image.
  SLUICE_SIMD_INLINE void transform_input(const Window<Op, side>& window, int64_t channel, __m512 (&v)[side][side]) {
    if (window.inside == window.all) {
      transform_input<true>(window, channel, v);
    } else {
      transform_input<false>(window, channel, v);
    }
  }

  template <bool whole>
  SLUICE_SIMD_INLINE void transform_gradient(const Window<Op, Tile>& window, int64_t channel, __m512 (&w)[side][side]) {
    __m512 rows[side][Tile];
#pragma GCC unroll 6
    for (int j = 0; j < Tile; ++j) {
      __m512 g[Tile], t[side];
      window.template column<whole>(j, channel, g);
      Transform::gradient(g, t);
#pragma GCC unroll 6
      for (int i = 0; i < side; ++i) rows[i][j] = t[i];
    }
#pragma GCC unroll 6
    for (int i = 0; i < side; ++i) Transform::gradient(rows[i], w[i]);
  }

  SLUICE_SIMD_INLINE void transform_gradient(const Window<Op, Tile>& window, int64_t channel, __m512 (&w)[side][side]) {
    if (window.inside == window.all) {
      transform_gradient<true>(window, channel, w);
    } else {
      transform_gradient<false>(window, channel, w);
    }
  }

  SLUICE_SIMD_INLINE void store_positions(T* to, int64_t plane, const __m512 (&v)[side][side]) {
#pragma GCC unroll 36
    for (int i = 0; i < positions; ++i) Op::store(to + i * plane, v[i / side][i % side]);
  }

  template <bool whole>
  SLUICE_SIMD_INLINE void transform_tile(const WinogradGeometry& g, const Window<Op, side>& window, int64_t plane,
                                         T* to) {
    for (int64_t channel = 0; channel < g.in_channels; channel += lanes) {
      // Prefetches the pixels that the tile after next adds on the right: the rows are too far apart for the
      // processor's own prefetching.
      if (whole) {
#pragma GCC unroll 6
        for (int i = 0; i < side; ++i)
#pragma GCC unroll 4
          for (int j = 0; j < Tile; ++j)
            __builtin_prefetch(window.corner + i * window.row_stride + (side + Tile + j) * window.channels + channel);
      }
      __m512 v[side][side];
      transform_input<whole>(window, channel, v);
      store_positions(to + channel, plane, v);
    }
  }

  // Writes v [position][tile][channel] for `count` tiles, then zeros up to `rows` tiles. `plane` elements a position.
  SLUICE_SIMD static void transform_inputs(const WinogradGeometry& g, const T* x, int64_t first, int64_t count,
                                           int64_t rows, int64_t plane, T* v) {
    TilePlace at(g, first);
    for (int64_t t = 0; t < count; ++t, at.advance(g)) {
      const Window<Op, side> window = input_window(g, x, at);
      T* const to = v + t * g.in_channels;
      if (window.inside == window.all) {
        transform_tile<true>(g, window, plane, to);
      } else {
        transform_tile<false>(g, window, plane, to);
      }
    }
    for (int64_t i = 0; i < positions; ++i)
      std::fill(v + i * plane + count * g.in_channels, v + i * plane + rows * g.in_channels, T{});
  }

  // Computes 16 channels of the outputs of a tile; calls sink(i, j, y) for its first `down` rows and `right` columns.
  template <typename Sink>
  SLUICE_SIMD_INLINE void transform_output(const float* m, int64_t plane, int64_t down, int64_t right,
                                           const Sink& sink) {
    __m512 columns[Tile][side];
#pragma GCC unroll 6
    for (int j = 0; j < side; ++j) {
      __m512 p[side], t[Tile];
#pragma GCC unroll 6
      for (int i = 0; i < side; ++i) p[i] = _mm512_loadu_ps(m + (i * side + j) * plane);
      Transform::output(p, t);
#pragma GCC unroll 4
      for (int i = 0; i < Tile; ++i) columns[i][j] = t[i];
    }
#pragma GCC unroll 4
    for (int i = 0; i < Tile; ++i) {
      if (i >= down) break;
      __m512 y[Tile];
      Transform::output(columns[i], y);
#pragma GCC unroll 4
      for (int j = 0; j < Tile; ++j) {
        if (j >= right) break;
        sink(i, j, y[j]);
      }
    }
  }
};

}  // namespace
}  // namespace sluice
