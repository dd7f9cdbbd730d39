// Eight floats and a single float with the same operations, so that a loop's body is written once for both.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "bf16.h"

namespace sluice {

// An AVX2 register; the library requires x86-64-v3. Plain loops that store bf16 compile to half the speed of memory
// (measured).
struct Eight {
  static constexpr int64_t count = 8;
  __m256 value;

  static Eight all(float same) { return {_mm256_set1_ps(same)}; }
  static Eight load(const float* p) { return {_mm256_loadu_ps(p)}; }
  static Eight load(const bf16* p) {
    const __m128i narrow = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(narrow), 16))};
  }
  static Eight load(const int32_t* p) {
    return {_mm256_cvtepi32_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
  }
  static Eight load(const uint8_t* p) {
    return {_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))))};
  }
  void store(float* p) const { _mm256_storeu_ps(p, value); }
  // Like from_float<bf16>: rounds to nearest even, NaN stays NaN.
  void store(bf16* p) const {
    const __m256i bits = _mm256_castps_si256(value);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i rounded = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd);
    const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x00400000));
    const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(value, value, _CMP_UNORD_Q));
    const __m256i chosen = _mm256_blendv_epi8(rounded, quiet, nan);
    // Moves the upper 16 bits of the four lanes of each half register together, then joins the halves.
    const __m256i upper = _mm256_setr_epi8(2, 3, 6, 7, 10, 11, 14, 15, -1, -1, -1, -1, -1, -1, -1, -1,  //
                                           2, 3, 6, 7, 10, 11, 14, 15, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_shuffle_epi8(chosen, upper), _MM_SHUFFLE(3, 3, 2, 0));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_castsi256_si128(packed));
  }
  // Takes whole numbers from 0 to 255.
  void store(uint8_t* p) const {
    const __m256i whole = _mm256_cvttps_epi32(value);
    const __m128i pairs = _mm_packus_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(pairs, pairs));
  }
  // Assembly, because the intrinsic would compile all code around it for processors with the instruction.
  void store(native_bf16* p) const {
    __m128i narrow;
    asm("vcvtneps2bf16 %1, %0" : "=x"(narrow) : "x"(value));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), narrow);
  }

  friend Eight operator+(Eight a, Eight b) { return {_mm256_add_ps(a.value, b.value)}; }
  friend Eight operator-(Eight a, Eight b) { return {_mm256_sub_ps(a.value, b.value)}; }
  friend Eight operator*(Eight a, Eight b) { return {_mm256_mul_ps(a.value, b.value)}; }
  friend Eight operator/(Eight a, Eight b) { return {_mm256_div_ps(a.value, b.value)}; }
};

struct One {
  static constexpr int64_t count = 1;
  float value;

  static One all(float same) { return {same}; }
  template <typename T>
  static One load(const T* p) {
    if constexpr (std::is_integral_v<T>) {
      return {static_cast<float>(*p)};
    } else {
      return {to_float(*p)};
    }
  }
  template <typename T>
  void store(T* p) const {
    if constexpr (std::is_integral_v<T>) {
      *p = static_cast<T>(value);
    } else {
      *p = from_float<T>(value);
    }
  }

  friend One operator+(One a, One b) { return {a.value + b.value}; }
  friend One operator-(One a, One b) { return {a.value - b.value}; }
  friend One operator*(One a, One b) { return {a.value * b.value}; }
  friend One operator/(One a, One b) { return {a.value / b.value}; }
};

// a * b + c, rounded once.
inline Eight multiply_add(Eight a, Eight b, Eight c) { return {_mm256_fmadd_ps(a.value, b.value, c.value)}; }
inline One multiply_add(One a, One b, One c) { return {__builtin_fmaf(a.value, b.value, c.value)}; }

// The larger of a and 0; NaN stays NaN.
inline Eight positive_part(Eight a) { return {_mm256_max_ps(_mm256_setzero_ps(), a.value)}; }
inline One positive_part(One a) { return {a.value < 0.0f ? 0.0f : a.value}; }

// a if sign > 0, else 0, for each lane.
inline Eight where_positive(Eight sign, Eight a) {
  return {_mm256_and_ps(_mm256_cmp_ps(sign.value, _mm256_setzero_ps(), _CMP_GT_OQ), a.value)};
}
inline One where_positive(One sign, One a) { return {sign.value > 0.0f ? a.value : 0.0f}; }

// Applies f to each lane, for functions without an instruction.
template <typename Function>
inline Eight each(Eight a, const Function& f) {
  alignas(32) float values[Eight::count];
  a.store(values);
  for (float& value : values) value = f(value);
  return Eight::load(values);
}
template <typename Function>
inline One each(One a, const Function& f) {
  return {f(a.value)};
}

// Calls body(Eight{}, i) for each full group of eight elements in [0, n), then body(One{}, i) for each remaining one.
template <typename Body>
inline void for_lanes(int64_t n, const Body& body) {
  int64_t i = 0;
  for (; i + Eight::count <= n; i += Eight::count) body(Eight{}, i);
  for (; i < n; ++i) body(One{}, i);
}

// Turns a run-time flag into a compile-time flag: calls body with std::true_type or std::false_type.
template <typename Body>
inline void with_flag(bool flag, const Body& body) {
  if (flag) {
    body(std::true_type{});
  } else {
    body(std::false_type{});
  }
}

// y[i] = value(Eight or One, i) for i in [0, n).
template <typename T, typename Value>
inline void write_run(int64_t n, T* y, const Value& value) {
  for_lanes(n, [&](auto kind, int64_t i) { value(kind, i).store(y + i); });
}

// y[i] = value for i in [0, n), rounded once.
inline void fill_run(int64_t n, float* y, float value) { std::fill(y, y + n, value); }
inline void fill_run(int64_t n, bf16* y, float value) {
  const uint16_t bits = from_float<bf16>(value).bits;
  for (int64_t i = 0; i < n; ++i) y[i].bits = bits;
}

}  // namespace sluice
