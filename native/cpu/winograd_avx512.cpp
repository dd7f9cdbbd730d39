// Winograd's convolution in AVX-512: tiles are transformed, multiplied and transformed back sixteen channels at a time.
#include "winograd_kernels.h"
#include "winograd_products.h"
#include "winograd_transforms.h"

namespace sluice {
namespace {

// Where a tile lies.
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

// A square of Side x Side pixels of which some lie outside the image.
template <typename Op, int Side>
struct Window {
  using T = typename Op::Element;
  static constexpr uint64_t all = (uint64_t{1} << (Side * Side)) - 1;

  const T* corner;  // of the first pixel, which may lie outside
  int64_t row_stride, channels;
  uint64_t inside;  // one bit a pixel

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

  // Sixteen channels of the pixels of one column.
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

template <typename Op, int Tile>
struct Winograd {
  using T = typename Op::Element;
  using Transform = WinogradTransform<Tile>;
  static constexpr int side = Tile + 2, positions = side * side;

  static Window<Op, side> input_window(const WinogradGeometry& g, const T* x, const TilePlace& at) {
    return {x,        at.image, Tile * at.row - g.padding, Tile * at.column - g.padding, g.height,
            g.width,  g.in_channels};
  }

  static Window<Op, Tile> gradient_window(const WinogradGeometry& g, const T* dy, const TilePlace& at) {
    return {dy, at.image, Tile * at.row, Tile * at.column, g.out_height, g.out_width, g.out_channels};
  }

  // The transform of sixteen channels of a window, along columns, then along rows.
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

  // As above, of a window that may reach outside.
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

  SLUICE_SIMD_INLINE void transform_gradient(const Window<Op, Tile>& window, int64_t channel,
                                             __m512 (&w)[side][side]) {
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
      // The pixels that the tile after next adds to the right: rows follow each other too far apart for the processor
      // to foresee them.
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

  // v [position][tile][channel] of `count` tiles, then zeros up to `rows` tiles.
  SLUICE_SIMD static void transform_inputs(const WinogradGeometry& g, const T* x, int64_t first, int64_t count,
                                           int64_t rows, T* v) {
    const int64_t plane = rows * g.in_channels;
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
      std::fill(v + i * plane + count * g.in_channels, v + (i + 1) * plane, T{});
  }

  // m [position][tile][column of the group] of `rows` tiles.
  template <int Rows, int Vectors>
  SLUICE_SIMD static void multiply_group(const WinogradGeometry& g, int64_t rows, const T* v, const T* packed,
                                         float* m) {
    const int64_t depth = g.in_channels / Op::joined, group = Vectors * lanes;
    for (int64_t i = 0; i < positions; ++i) {
      const float* const a = reinterpret_cast<const float*>(v + i * rows * g.in_channels);
      const float* const b = reinterpret_cast<const float*>(packed + i * g.in_channels * group);
      if (Vectors == 1 && g.in_channels == lanes) {
        multiply_shallow<Op, lanes / Op::joined, 8>(rows, a, b, m + i * rows * group);
        continue;
      }
      for (int64_t t = 0; t < rows; t += Rows)
        multiply_tile<Op, Rows, Vectors, false>(depth, a + t * depth, depth, 1, b, group, m + (i * rows + t) * group,
                                                group);
    }
  }

  // Outputs of sixteen channels of one tile, `down` by `right` of them inside the image.
  template <bool accumulate>
  SLUICE_SIMD_INLINE void transform_output(const float* m, int64_t plane, T* corner, int64_t row_stride,
                                           int64_t channels, int64_t down, int64_t right) {
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
        T* const p = corner + i * row_stride + j * channels;
        Op::store(p, accumulate ? _mm512_add_ps(Op::load(p), y[j]) : y[j]);
      }
    }
  }

  template <bool accumulate>
  SLUICE_SIMD static void transform_outputs(const WinogradGeometry& g, int64_t first, int64_t count, int64_t rows,
                                            const float* m, int64_t group, int64_t first_channel, T* output) {
    const int64_t row_stride = g.out_width * g.out_channels;
    TilePlace at(g, first);
    for (int64_t t = 0; t < count; ++t, at.advance(g)) {
      const int64_t row = Tile * at.row, column = Tile * at.column;
      T* const corner =
          output + ((at.image * g.out_height + row) * g.out_width + column) * g.out_channels + first_channel;
      for (int64_t channel = 0; channel < group; channel += lanes) {
        // Where the tile after next goes.
        for (int i = 0; i < Tile; ++i)
          for (int j = 0; j < Tile; ++j)
            __builtin_prefetch(corner + i * row_stride + (2 * Tile + j) * g.out_channels + channel, 1);
        transform_output<accumulate>(m + t * group + channel, rows * group, corner + channel, row_stride,
                                     g.out_channels, g.out_height - row, g.out_width - column);
      }
    }
  }

  static void convolve(const WinogradGeometry& g, const void* input, const void* packed, void* output, bool accumulate,
                       int64_t first, int64_t count, int64_t channel_begin, int64_t channel_end, float* scratch) {
    const int64_t group = channel_group(g.out_channels), step = winograd_tile_step(group);
    const int64_t rows = (count + step - 1) / step * step;
    float* const m = scratch;
    T* const v = reinterpret_cast<T*>(scratch + positions * winograd_block(g) * group);
    transform_inputs(g, static_cast<const T*>(input), first, count, rows, v);
    for (int64_t channel = channel_begin; channel < channel_end; channel += group) {
      const T* const weights = static_cast<const T*>(packed) + positions * channel * g.in_channels;
      if (group == 64) {
        multiply_group<6, 4>(g, rows, v, weights, m);
      } else if (group == 32) {
        multiply_group<12, 2>(g, rows, v, weights, m);
      } else {
        multiply_group<12, 1>(g, rows, v, weights, m);
      }
      (accumulate ? transform_outputs<true> : transform_outputs<false>)(g, first, count, rows, m, group, channel,
                                                                        static_cast<T*>(output));
    }
  }

  // Transforms one tile (f32) or two (bf16) of the weights' gradient.
  SLUICE_SIMD static void transform_operands(const WinogradGeometry& g, const Window<Op, side> (&in)[2],
                                             const Window<Op, Tile> (&out)[2], const GradientOperands& operands, T* v,
                                             T* w) {
    const int64_t v_plane = operands.tiles * g.in_channels, w_plane = operands.tiles * g.out_channels;
    for (int64_t channel = 0; channel < g.in_channels; channel += lanes) {
      __m512 even[side][side], odd[side][side];
      transform_input(in[0], channel, even);
      if constexpr (Op::joined == 2) transform_input(in[1], channel, odd);
      store_joined(v + channel * Op::joined, v_plane, even, odd);
    }
    for (int64_t channel = 0; channel < g.out_channels; channel += lanes) {
      __m512 even[side][side], odd[side][side];
      transform_gradient(out[0], channel, even);
      if constexpr (Op::joined == 2) transform_gradient(out[1], channel, odd);
      store_joined(w + channel * Op::joined, w_plane, even, odd);
    }
  }

  SLUICE_SIMD_INLINE void store_joined(T* to, int64_t plane, const __m512 (&even)[side][side],
                                       const __m512 (&odd)[side][side]) {
    if constexpr (Op::joined == 2) {
#pragma GCC unroll 36
      for (int i = 0; i < positions; ++i)
        Op::store_pairs(to + i * plane, even[i / side][i % side], odd[i / side][i % side]);
    } else {
      store_positions(to, plane, even);
    }
  }

  static void transform(const WinogradGeometry& g, const void* x, const void* dy, int64_t first, int64_t begin,
                        int64_t end, const GradientOperands& operands) {
    const T* const inputs = static_cast<const T*>(x);
    const T* const gradients = static_cast<const T*>(dy);
    const int64_t total = g.tiles();
    for (int64_t t = begin; t < end; t += Op::joined) {
      // A tile beyond the last one is the last one's window, without pixels.
      const int64_t index[2] = {first + t, first + t + Op::joined - 1};
      const TilePlace places[2] = {{g, std::min(index[0], total - 1)}, {g, std::min(index[1], total - 1)}};
      Window<Op, side> in[2] = {input_window(g, inputs, places[0]), input_window(g, inputs, places[1])};
      Window<Op, Tile> out[2] = {gradient_window(g, gradients, places[0]), gradient_window(g, gradients, places[1])};
      for (int i = 0; i < 2; ++i) {
        if (index[i] < total) continue;
        in[i].inside = 0;
        out[i].inside = 0;
      }
      transform_operands(g, in, out, operands, static_cast<T*>(operands.v) + t * g.in_channels,
                         static_cast<T*>(operands.w) + t * g.out_channels);
    }
  }

  static void multiply(const WinogradGeometry& g, const GradientOperands& operands, int64_t tiles, int64_t position,
                       int64_t channel, float* sums) {
    const T* const v = static_cast<const T*>(operands.v) + position * operands.tiles * g.in_channels;
    const T* const w = static_cast<const T*>(operands.w) + position * operands.tiles * g.out_channels;
    multiply_gradient<Op>(v, w, g.in_channels, g.out_channels, tiles, channel,
                          sums + (position * g.out_channels + channel) * g.in_channels);
  }

  static constexpr WinogradKernels kernels{convolve, transform, multiply};
};

}  // namespace

const WinogradKernels& winograd_avx512_f32(int64_t tile) {
  if (tile == 4) return Winograd<F32, 4>::kernels;
  return tile == 3 ? Winograd<F32, 3>::kernels : Winograd<F32, 2>::kernels;
}

const WinogradKernels& winograd_avx512_bf16() { return Winograd<Bf16, 2>::kernels; }

}  // namespace sluice
