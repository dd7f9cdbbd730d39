// Channels of two pixels side by side, as products of bf16 pairs read them, in AVX-512.
#pragma once

#include "../../common/bf16.h"
#include "../avx512.h"

namespace sluice {
namespace {

// The 16 channels of a pixel in the lower halves of 32 bits; zeros if the pixel is null.
SLUICE_SIMD_INLINE __m512i widened(const bf16* pixel, int64_t channel) {
  if (pixel == nullptr) return _mm512_setzero_si512();
  return _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(pixel + channel)));
}

// 16 channels of two pixels, as pairs.
SLUICE_SIMD_INLINE __m512i pixel_pairs(const bf16* first, const bf16* second, int64_t channel) {
  return _mm512_or_si512(widened(first, channel), _mm512_slli_epi32(widened(second, channel), 16));
}

}  // namespace
}  // namespace sluice
