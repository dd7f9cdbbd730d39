// Winograd's convolution in AVX-512: transforms tiles, multiplies and transforms back, 16 channels at a time.
#include "winograd_tiles.h"

namespace sluice {
namespace {

// Stores outputs, or adds them to the values in memory.
template <typename Op, bool accumulate>
struct StoreOutput {
  typename Op::Element* corner;
  int64_t row_stride, channels;

  SLUICE_SIMD __attribute__((always_inline)) inline void operator()(int i, int j, __m512 y) const {
    typename Op::Element* const p = corner + i * row_stride + j * channels;
    Op::store(p, accumulate ? _mm512_add_ps(Op::load(p), y) : y);
  }
};

template <typename Op, int Tile>
struct Winograd : WinogradTiles<Op, Tile> {
  using Tiles = WinogradTiles<Op, Tile>;
  using T = typename Op::Element;
  using Tiles::side, Tiles::positions;

  static int64_t v_plane(const WinogradGeometry& g, int64_t rows) { return plane_of(rows * g.in_channels, sizeof(T)); }
  static int64_t m_plane(int64_t rows, int64_t group) { return plane_of(rows * group, sizeof(float)); }

  // Computes m [position][tile][column of the group] for `rows` tiles.
  template <int Rows, int Vectors>
  SLUICE_SIMD static void multiply_group(const WinogradGeometry& g, int64_t rows, const T* v, const T* packed,
                                         float* m) {
    const int64_t depth = g.in_channels / Op::joined, group = Vectors * lanes;
    for (int64_t i = 0; i < positions; ++i) {
      const float* const a = reinterpret_cast<const float*>(v + i * v_plane(g, rows));
      const float* const b = reinterpret_cast<const float*>(packed + i * g.in_channels * group);
      if (Vectors == 1 && g.in_channels == lanes) {
        multiply_shallow<Op, lanes / Op::joined, 8>(rows, a, b, m + i * m_plane(rows, group));
        continue;
      }
      for (int64_t t = 0; t < rows; t += Rows)
        multiply_tile<Op, Rows, Vectors, false>(depth, a + t * depth, depth, 1, b, group,
                                                m + i * m_plane(rows, group) + t * group, group);
    }
  }

  // Where 16 channels of the outputs of a tile lie.
  struct Place {
    T* corner;
    int64_t row_stride, channel, in_image;
  };

  // Makes what stores them: the outputs alone, or what follows at inference.
  template <bool accumulate>
  struct Plain {
    int64_t channels;

    SLUICE_SIMD __attribute__((always_inline)) inline StoreOutput<Op, accumulate> at(const Place& place) const {
      return {place.corner, place.row_stride, channels};
    }
  };

  template <bool has_residual>
  struct Followed {
    const WinogradFollow& follow;
    const T* output;
    int64_t channels;

    SLUICE_SIMD __attribute__((always_inline)) inline StoreFollowed<Op, has_residual> at(const Place& place) const {
      const __m512 scale = _mm512_loadu_ps(follow.scale + place.channel);
      const __m512 shift = _mm512_loadu_ps(follow.shift + place.channel);
      __mmask16 open = every_lane;
      if (follow.mask != nullptr) {
        const __m512 mask = _mm512_loadu_ps(follow.mask + place.in_image * channels + place.channel);
        open = _mm512_cmp_ps_mask(mask, _mm512_setzero_ps(), _CMP_NEQ_UQ);
      }
      if (!has_residual) return {place.corner, nullptr, place.row_stride, channels, scale, shift, open};
      const T* const residual = static_cast<const T*>(follow.residual) + (place.corner - output);
      for (int i = 0; i < Tile; ++i)
        for (int j = 0; j < Tile; ++j) __builtin_prefetch(residual + i * place.row_stride + (2 * Tile + j) * channels);
      return {place.corner, residual, place.row_stride, channels, scale, shift, open};
    }
  };

  template <typename Sink>
  SLUICE_SIMD static void transform_outputs(const WinogradGeometry& g, int64_t first, int64_t count, int64_t rows,
                                            const float* m, int64_t group, int64_t first_channel, T* output,
                                            const Sink& sink) {
    const int64_t row_stride = g.out_width * g.out_channels;
    TilePlace at(g, first);
    for (int64_t t = 0; t < count; ++t, at.advance(g)) {
      const int64_t row = Tile * at.row, column = Tile * at.column;
      T* const corner = output +
                        ((g.out_image(at.image) * g.out_height + row) * g.out_width + column) * g.out_channels +
                        first_channel;
      for (int64_t channel = 0; channel < group; channel += lanes) {
        // Prefetches the place of the tile after next.
        for (int i = 0; i < Tile; ++i)
          for (int j = 0; j < Tile; ++j)
            __builtin_prefetch(corner + i * row_stride + (2 * Tile + j) * g.out_channels + channel, 1);
        Tiles::transform_output(m + t * group + channel, m_plane(rows, group), g.out_height - row, g.out_width - column,
                                sink.at({corner + channel, row_stride, first_channel + channel, g.in_image(at.image)}));
      }
    }
  }

  static void convolve(const WinogradGeometry& g, const void* input, const void* packed, void* output, bool accumulate,
                       const WinogradFollow* follow, int64_t first, int64_t count, int64_t channel_begin,
                       int64_t channel_end, float* scratch) {
    const int64_t group = channel_group(g.out_channels), step = winograd_tile_step(group);
    const int64_t rows = (count + step - 1) / step * step;
    float* const m = scratch;
    T* const v = reinterpret_cast<T*>(scratch + positions * m_plane(rows, group));
    Tiles::transform_inputs(g, static_cast<const T*>(input), first, count, rows, v_plane(g, rows), v);
    for (int64_t channel = channel_begin; channel < channel_end; channel += group) {
      const T* const weights = static_cast<const T*>(packed) + positions * channel * g.in_channels;
      if (group == 64) {
        multiply_group<6, 4>(g, rows, v, weights, m);
      } else if (group == 32) {
        multiply_group<12, 2>(g, rows, v, weights, m);
      } else {
        multiply_group<12, 1>(g, rows, v, weights, m);
      }
      T* const to = static_cast<T*>(output);
      if (follow != nullptr && follow->residual != nullptr) {
        transform_outputs(g, first, count, rows, m, group, channel, to, Followed<true>{*follow, to, g.out_channels});
      } else if (follow != nullptr) {
        transform_outputs(g, first, count, rows, m, group, channel, to, Followed<false>{*follow, to, g.out_channels});
      } else if (accumulate) {
        transform_outputs(g, first, count, rows, m, group, channel, to, Plain<true>{g.out_channels});
      } else {
        transform_outputs(g, first, count, rows, m, group, channel, to, Plain<false>{g.out_channels});
      }
    }
  }

  // Transforms a tile (f32) or two tiles (bf16) for the weights' gradient.
  SLUICE_SIMD static void transform_operands(const WinogradGeometry& g, const Window<Op, side> (&in)[2],
                                             const Window<Op, Tile> (&out)[2], const GradientOperands& operands, T* v,
                                             T* w) {
    for (int64_t channel = 0; channel < g.in_channels; channel += lanes) {
      __m512 even[side][side], odd[side][side];
      Tiles::transform_input(in[0], channel, even);
      if constexpr (Op::joined == 2) Tiles::transform_input(in[1], channel, odd);
      store_joined(v + channel * Op::joined, operands.v_plane, even, odd);
    }
    for (int64_t channel = 0; channel < g.out_channels; channel += lanes) {
      __m512 even[side][side], odd[side][side];
      Tiles::transform_gradient(out[0], channel, even);
      if constexpr (Op::joined == 2) Tiles::transform_gradient(out[1], channel, odd);
      store_joined(w + channel * Op::joined, operands.w_plane, even, odd);
    }
  }

  SLUICE_SIMD_INLINE void store_joined(T* to, int64_t plane, const __m512 (&even)[side][side],
                                       const __m512 (&odd)[side][side]) {
    if constexpr (Op::joined == 2) {
#pragma GCC unroll 36
      for (int i = 0; i < positions; ++i)
        Op::store_pairs(to + i * plane, even[i / side][i % side], odd[i / side][i % side]);
    } else {
      Tiles::store_positions(to, plane, even);
    }
  }

  static void transform(const WinogradGeometry& g, const void* x, const void* dy, int64_t first, int64_t begin,
                        int64_t end, const GradientOperands& operands) {
    const T* const inputs = static_cast<const T*>(x);
    const T* const gradients = static_cast<const T*>(dy);
    const int64_t total = g.tiles();
    for (int64_t t = begin; t < end; t += Op::joined) {
      // A tile beyond the last takes the last tile's window, with all pixels outside.
      const int64_t index[2] = {first + t, first + t + Op::joined - 1};
      const TilePlace places[2] = {{g, std::min(index[0], total - 1)}, {g, std::min(index[1], total - 1)}};
      Window<Op, side> in[2] = {Tiles::input_window(g, inputs, places[0]), Tiles::input_window(g, inputs, places[1])};
      Window<Op, Tile> out[2] = {Tiles::gradient_window(g, gradients, places[0]),
                                 Tiles::gradient_window(g, gradients, places[1])};
      for (int i = 0; i < 2; ++i) {
        if (index[i] < total) continue;
        in[i].inside = 0;
        out[i].inside = 0;
      }
      transform_operands(g, in, out, operands, static_cast<T*>(operands.v) + t / Op::joined * operands.v_row,
                         static_cast<T*>(operands.w) + t / Op::joined * operands.w_row);
    }
  }

  static void multiply(const WinogradGeometry& g, const GradientOperands& operands, int64_t tiles, int64_t position,
                       int64_t channel, float* sums) {
    multiply_gradient<Op>(operands, position, position, g.in_channels, g.out_channels, tiles, channel,
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
