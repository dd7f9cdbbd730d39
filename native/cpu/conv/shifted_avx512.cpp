// The copies of shifted pixels, and their products, in AVX-512.
#include "../winograd/winograd_products.h"
#include "pixel_pairs.h"
#include "shifted_kernels.h"

namespace sluice {
namespace {

SLUICE_SIMD_INLINE void copy_channels(int64_t channels, const float* const (&from)[1], float* to) {
  for (int64_t channel = 0; channel < channels; channel += lanes) {
    const __m512 values = from[0] == nullptr ? _mm512_setzero_ps() : _mm512_loadu_ps(from[0] + channel);
    _mm512_storeu_ps(to + channel, values);
  }
}

SLUICE_SIMD_INLINE void copy_channels(int64_t channels, const bf16* const (&from)[2], bf16* to) {
  for (int64_t channel = 0; channel < channels; channel += lanes)
    _mm512_storeu_si512(to + 2 * channel, pixel_pairs(from[0], from[1], channel));
}

template <typename Op>
struct Shifted {
  using T = typename Op::Element;
  static constexpr int64_t joined = Op::joined;

  SLUICE_SIMD static void gather(const ConvGeometry& g, const void* x, const void* dy, int64_t first, int64_t begin,
                                 int64_t end, const GradientOperands& operands) {
    T* const v = static_cast<T*>(operands.v);
    T* const w = static_cast<T*>(operands.w);
    OutputPixel pixel(g, first + begin);
    for (int64_t index = begin; index < end; index += joined) {
      const OutputPixel pixels[2] = {pixel, pixel.next()};
      const T* from[joined];
      T* to = v + index / joined * operands.v_row;
      for (int64_t row = 0; row < g.kernel_height; ++row)
        for (int64_t column = 0; column < g.kernel_width; ++column) {
          for (int64_t i = 0; i < joined; ++i) from[i] = pixels[i].input(static_cast<const T*>(x), row, column);
          copy_channels(g.in_channels, from, to);
          to += operands.v_plane;
        }
      for (int64_t i = 0; i < joined; ++i) from[i] = pixels[i].output(static_cast<const T*>(dy));
      copy_channels(g.out_channels, from, w + index / joined * operands.w_row);
      pixel = pixels[joined - 1].next();
    }
  }

  static void multiply(const ConvGeometry& g, const GradientOperands& operands, int64_t pixels, int64_t tap,
                       int64_t channel, float* sums) {
    multiply_gradient<Op>(operands, tap, 0, g.in_channels, g.out_channels, pixels, channel,
                          sums + (tap * g.out_channels + channel) * g.in_channels);
  }
};

}  // namespace

const ShiftedKernels shifted_avx512_f32 = {Shifted<F32>::gather, Shifted<F32>::multiply};
const ShiftedKernels shifted_avx512_bf16 = {Shifted<Bf16>::gather, Shifted<Bf16>::multiply};

}  // namespace sluice
