// The convolutions of a gated block in AVX-512.
#include <cstddef>

#include "../avx512_sums.h"
#include "gated_tiles.h"

namespace sluice {
namespace {

struct Avx512 {
  using Register = __m512;
  static constexpr int lanes = 16;
  static constexpr int opening_channels = 4, opening_pixels = 6, closing_vectors = 4, closing_pixels = 6;

  SLUICE_SIMD_INLINE Register zero() { return _mm512_setzero_ps(); }
  SLUICE_SIMD_INLINE Register load(const float* p) { return _mm512_loadu_ps(p); }
  SLUICE_SIMD_INLINE Register load_first(const float* p, int64_t n) { return _mm512_maskz_loadu_ps(mask(n), p); }
  SLUICE_SIMD_INLINE Register broadcast(const float* p) { return _mm512_set1_ps(*p); }
  SLUICE_SIMD_INLINE Register multiply_add(Register a, Register b, Register c) { return _mm512_fmadd_ps(a, b, c); }
  SLUICE_SIMD_INLINE Register pick(const int32_t* p, Register a) {
    return _mm512_permutexvar_ps(_mm512_loadu_si512(p), a);
  }
  SLUICE_SIMD_INLINE Register add(Register a, Register b) { return _mm512_add_ps(a, b); }
  // max returns its second operand if either is NaN: NaN stays.
  SLUICE_SIMD_INLINE Register relu(Register a) { return _mm512_max_ps(_mm512_setzero_ps(), a); }
  SLUICE_SIMD_INLINE void store(float* p, Register a) { _mm512_storeu_ps(p, a); }
  SLUICE_SIMD_INLINE void store_first(float* p, int64_t n, Register a) { _mm512_mask_storeu_ps(p, mask(n), a); }

  template <int N>
  SLUICE_SIMD_INLINE void store_sums(const Register (&sums)[N], const float* scale, const float* shift, float* p) {
    static_assert(N <= 4, "four sums fill the vector that is stored");
    const Register quarters = quarter_sums(at(sums, 0), at(sums, 1), at(sums, 2), at(sums, 3));
    const Register pairs = _mm512_add_ps(quarters, _mm512_shuffle_f32x4(quarters, quarters, _MM_SHUFFLE(2, 3, 0, 1)));
    const __m128 total = _mm_add_ps(_mm512_castps512_ps128(pairs), _mm512_extractf32x4_ps(pairs, 2));
    const __mmask8 wanted = static_cast<__mmask8>((1u << N) - 1);
    const __m128 value = _mm_fmadd_ps(total, _mm_maskz_loadu_ps(wanted, scale), _mm_maskz_loadu_ps(wanted, shift));
    _mm_mask_storeu_ps(p, wanted, _mm_max_ps(_mm_setzero_ps(), value));
  }

 private:
  SLUICE_SIMD_INLINE __mmask16 mask(int64_t n) { return static_cast<__mmask16>((1u << n) - 1); }

  template <int N>
  SLUICE_SIMD_INLINE Register at(const Register (&sums)[N], int i) {
    return i < N ? sums[i < N ? i : 0] : _mm512_setzero_ps();
  }
};

}  // namespace

const GatedKernels gated_avx512 = gated_kernels_of<Avx512>();

}  // namespace sluice
