// Sums over the lanes of several AVX-512 registers at once.
#pragma once

#include "avx512.h"

namespace sluice {
namespace {

// Each quarter of the result holds the sums over that quarter of a, b, c and d.
SLUICE_SIMD_INLINE __m512 quarter_sums(__m512 a, __m512 b, __m512 c, __m512 d) {
  const __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
  const __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
  return _mm512_add_ps(_mm512_shuffle_ps(ab, cd, _MM_SHUFFLE(1, 0, 1, 0)),
                       _mm512_shuffle_ps(ab, cd, _MM_SHUFFLE(3, 2, 3, 2)));
}

}  // namespace
}  // namespace sluice
