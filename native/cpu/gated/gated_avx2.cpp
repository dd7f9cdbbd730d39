// The convolutions of a gated block in AVX2 with FMA.
#include <immintrin.h>

#include <cstddef>

#define SLUICE_SIMD __attribute__((target("avx2,fma")))
#define SLUICE_SIMD_INLINE SLUICE_SIMD __attribute__((always_inline)) static inline

#include "gated_tiles.h"

namespace sluice {
namespace {

struct Avx2 {
  using Register = __m256;
  static constexpr int lanes = 8;
  static constexpr int opening_channels = 3, opening_pixels = 4, closing_vectors = 2, closing_pixels = 6;

  SLUICE_SIMD_INLINE Register zero() { return _mm256_setzero_ps(); }
  SLUICE_SIMD_INLINE Register load(const float* p) { return _mm256_loadu_ps(p); }
  SLUICE_SIMD_INLINE Register load_first(const float* p, int64_t n) { return _mm256_maskload_ps(p, mask(n)); }
  SLUICE_SIMD_INLINE Register broadcast(const float* p) { return _mm256_broadcast_ss(p); }
  SLUICE_SIMD_INLINE Register multiply_add(Register a, Register b, Register c) { return _mm256_fmadd_ps(a, b, c); }
  SLUICE_SIMD_INLINE Register pick(const int32_t* p, Register a) {
    return _mm256_permutevar8x32_ps(a, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  SLUICE_SIMD_INLINE Register add(Register a, Register b) { return _mm256_add_ps(a, b); }
  // max returns its second operand if either is NaN: NaN stays.
  SLUICE_SIMD_INLINE Register relu(Register a) { return _mm256_max_ps(_mm256_setzero_ps(), a); }
  SLUICE_SIMD_INLINE void store(float* p, Register a) { _mm256_storeu_ps(p, a); }
  SLUICE_SIMD_INLINE void store_first(float* p, int64_t n, Register a) { _mm256_maskstore_ps(p, mask(n), a); }

  template <int N>
  SLUICE_SIMD_INLINE void store_sums(const Register (&sums)[N], const float* scale, const float* shift, float* p) {
    static_assert(N <= 4, "four sums fill the vector that is stored");
    const Register a = at(sums, 0), b = at(sums, 1), c = at(sums, 2), d = at(sums, 3);
    const Register ab = _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
    const Register cd = _mm256_add_ps(_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
    const Register halves = _mm256_add_ps(_mm256_shuffle_ps(ab, cd, _MM_SHUFFLE(1, 0, 1, 0)),
                                          _mm256_shuffle_ps(ab, cd, _MM_SHUFFLE(3, 2, 3, 2)));
    const __m128 total = _mm_add_ps(_mm256_castps256_ps128(halves), _mm256_extractf128_ps(halves, 1));
    const __m128i wanted = _mm256_castsi256_si128(mask(N));
    const __m128 value = _mm_fmadd_ps(total, _mm_maskload_ps(scale, wanted), _mm_maskload_ps(shift, wanted));
    _mm_maskstore_ps(p, wanted, _mm_max_ps(_mm_setzero_ps(), value));
  }

 private:
  SLUICE_SIMD_INLINE __m256i mask(int64_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }

  template <int N>
  SLUICE_SIMD_INLINE Register at(const Register (&sums)[N], int i) {
    return i < N ? sums[i < N ? i : 0] : _mm256_setzero_ps();
  }
};

}  // namespace

const GatedKernels gated_avx2 = gated_kernels_of<Avx2>();

}  // namespace sluice
