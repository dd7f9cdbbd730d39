// The affine map of batch norm, rounded alike in forward and backward, and blocks of channels.
#pragma once

#include <cstring>

#include "context.h"
#include "wide_rows.h"

namespace sluice {

// Channels whose partial sums are added together: a few cache lines of each segment.
constexpr int64_t norm_block = 16;

// Calls body with the number of channels of a block, as a compile-time constant if the block is full.
template <typename Body>
inline void with_block(int64_t count, const Body& body) {
  if (count == norm_block) {
    body(std::integral_constant<int64_t, norm_block>{});
  } else {
    body(std::min(count, norm_block));
  }
}

// [v > 0] of relu after a residual, in the layout of sl_norm_apply: bits of four channels in a byte.
struct PackedSigns {
  // The signs from element i on, i a multiple of the channels.
  template <typename Byte>
  static Byte* from(Byte* signs, int64_t i) {
    return signs + i / 4;
  }
  static void store(Eight v, uint8_t* signs, int64_t i) {
    const int bits = _mm256_movemask_ps(_mm256_cmp_ps(v.value, _mm256_setzero_ps(), _CMP_GT_OQ));
    const uint16_t bytes = static_cast<uint16_t>((bits & 0x0f) | (bits & 0xf0) << 4);
    std::memcpy(signs + i / 4, &bytes, sizeof bytes);
  }
  static Eight where_positive(const uint8_t* signs, int64_t i, Eight a) {
    uint16_t bytes;
    std::memcpy(&bytes, signs + i / 4, sizeof bytes);
    const __m256i bits = _mm256_setr_epi32(0x1, 0x2, 0x4, 0x8, 0x100, 0x200, 0x400, 0x800);
    const __m256i own = _mm256_and_si256(_mm256_set1_epi32(bytes), bits);
    return {_mm256_and_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(own, bits)), a.value)};
  }
  // Rows of whole vectors leave no single elements; the bit is found all the same.
  static void store(One v, uint8_t* signs, int64_t i) {
    const int bit = 1 << i % 4;
    signs[i / 4] = static_cast<uint8_t>(v.value > 0.0f ? signs[i / 4] | bit : signs[i / 4] & ~bit);
  }
  static One where_positive(const uint8_t* signs, int64_t i, One a) {
    return {(signs[i / 4] >> i % 4 & 1) != 0 ? a.value : 0.0f};
  }
};

// The same with a byte for each channel.
struct LooseSigns {
  template <typename Byte>
  static Byte* from(Byte* signs, int64_t i) {
    return signs + i;
  }
  template <typename Lanes>
  static void store(Lanes v, uint8_t* signs, int64_t i) {
    sluice::where_positive(v, Lanes::all(1.0f)).store(signs + i);
  }
  template <typename Lanes>
  static Lanes where_positive(const uint8_t* signs, int64_t i, Lanes a) {
    return sluice::where_positive(Lanes::load(signs + i), a);
  }
};

// v = x * scale + shift with scale = gamma * rstd and shift = beta - mean * scale. Both directions round it alike, so
// that both see the same sign of v in relu.
inline void norm_affine(int64_t channels, const float* mean, const float* rstd, const float* gamma, const float* beta,
                        float* scale, float* shift) {
  for (int64_t channel = 0; channel < channels; ++channel) {
    scale[channel] = gamma[channel] * rstd[channel];
    shift[channel] = __builtin_fmaf(-mean[channel], scale[channel], beta[channel]);
  }
}

}  // namespace sluice
