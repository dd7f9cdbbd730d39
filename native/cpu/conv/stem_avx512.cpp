// The stem's convolution in AVX-512. The 27 taps of 16 output channels stay in registers.
#include "../avx512.h"
#include "stem_kernels.h"

namespace sluice {
namespace {

SLUICE_SIMD_INLINE __m512 load(const float* p) { return _mm512_loadu_ps(p); }
SLUICE_SIMD_INLINE __m512 load(const bf16* p) {
  const __m256i narrow = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(narrow), 16));
}
SLUICE_SIMD_INLINE void store(float* p, __m512 a) { _mm512_storeu_ps(p, a); }
// Rounds to nearest even without the bf16 instructions. A NaN keeps its upper bits and becomes quiet.
SLUICE_SIMD_INLINE void store(bf16* p, __m512 a) {
  const __m512i bits = _mm512_castps_si512(a);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  const __m512i quiet = _mm512_or_si512(bits, _mm512_set1_epi32(0x00400000));
  const __m512i chosen = _mm512_mask_mov_epi32(rounded, _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q), quiet);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(_mm512_srli_epi32(chosen, 16)));
}

// The first of the nine values in row `ky` of a pixel's window.
SLUICE_SIMD_INLINE const float* window_row(const StemImage& g, int64_t y, int64_t x, int ky) {
  return g.padded + (y + ky) * g.row + x * stem_channels;
}

template <typename T, int Pixels>
SLUICE_SIMD_INLINE void forward_pixels(const StemImage& g, const __m512 (&taps)[stem_taps], int64_t y, int64_t x,
                                       T* to) {
  __m512 sums[Pixels];
#pragma GCC unroll 4
  for (int p = 0; p < Pixels; ++p) sums[p] = _mm512_setzero_ps();
#pragma GCC unroll 3
  for (int ky = 0; ky < 3; ++ky) {
    const float* const from = window_row(g, y, x, ky);
#pragma GCC unroll 9
    for (int i = 0; i < 9; ++i)
#pragma GCC unroll 4
      for (int p = 0; p < Pixels; ++p)
        sums[p] = _mm512_fmadd_ps(_mm512_set1_ps(from[p * stem_channels + i]), taps[9 * ky + i], sums[p]);
  }
#pragma GCC unroll 4
  for (int p = 0; p < Pixels; ++p) store(to + p * g.out_channels, sums[p]);
}

template <typename T>
SLUICE_SIMD void forward(const StemImage& g, const float* weights, T* y) {
  constexpr int together = 4;
  for (int64_t channel = 0; channel < g.out_channels; channel += stem_lanes) {
    __m512 taps[stem_taps];
#pragma GCC unroll 27
    for (int i = 0; i < stem_taps; ++i) taps[i] = _mm512_loadu_ps(weights + channel * stem_taps + i * stem_lanes);
    for (int64_t row = 0; row < g.out_height; ++row) {
      T* const to = y + row * g.out_width * g.out_channels + channel;
      int64_t x = 0;
      for (; x + together <= g.out_width; x += together)
        forward_pixels<T, together>(g, taps, row, x, to + x * g.out_channels);
      for (; x < g.out_width; ++x) forward_pixels<T, 1>(g, taps, row, x, to + x * g.out_channels);
    }
  }
}

template <typename T>
SLUICE_SIMD void gradient(const StemImage& g, const T* dy, float* dw) {
  for (int64_t channel = 0; channel < g.out_channels; channel += stem_lanes) {
    __m512 sums[stem_taps];
#pragma GCC unroll 27
    for (int i = 0; i < stem_taps; ++i) sums[i] = _mm512_setzero_ps();
    for (int64_t row = 0; row < g.out_height; ++row) {
      for (int64_t x = 0; x < g.out_width; ++x) {
        const __m512 slope = load(dy + (row * g.out_width + x) * g.out_channels + channel);
#pragma GCC unroll 3
        for (int ky = 0; ky < 3; ++ky) {
          const float* const from = window_row(g, row, x, ky);
#pragma GCC unroll 9
          for (int i = 0; i < 9; ++i)
            sums[9 * ky + i] = _mm512_fmadd_ps(_mm512_set1_ps(from[i]), slope, sums[9 * ky + i]);
        }
      }
    }
#pragma GCC unroll 27
    for (int i = 0; i < stem_taps; ++i) _mm512_storeu_ps(dw + channel * stem_taps + i * stem_lanes, sums[i]);
  }
}

}  // namespace

void stem_forward_avx512(const StemImage& g, const float* weights, float* y) { forward(g, weights, y); }
void stem_forward_avx512(const StemImage& g, const float* weights, bf16* y) { forward(g, weights, y); }
void stem_gradient_avx512(const StemImage& g, const float* dy, float* dw) { gradient(g, dy, dw); }
void stem_gradient_avx512(const StemImage& g, const bf16* dy, float* dw) { gradient(g, dy, dw); }

}  // namespace sluice
