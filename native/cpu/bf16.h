// bf16 as storage, with its conversions: arithmetic is always f32.
#pragma once

#include <cstdint>
#include <cstring>

namespace sluice {

struct bf16 {
  uint16_t bits;
};

inline float to_float(float value) { return value; }

inline float to_float(bf16 value) {
  const uint32_t wide = static_cast<uint32_t>(value.bits) << 16;
  float result;
  std::memcpy(&result, &wide, sizeof result);
  return result;
}

template <typename T>
T from_float(float value);

template <>
inline float from_float<float>(float value) {
  return value;
}

// Round to nearest even; NaN stays NaN.
template <>
inline bf16 from_float<bf16>(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return {static_cast<uint16_t>((bits >> 16) | 0x0040u)};
  return {static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16)};
}

// Rounded to by the processor's own instruction (AVX512-BF16), which takes denormals for zero.
struct native_bf16 : bf16 {};

template <>
inline native_bf16 from_float<native_bf16>(float value) {
  const bool denormal = value > -0x1p-126f && value < 0x1p-126f;
  return {from_float<bf16>(denormal ? __builtin_copysignf(0.0f, value) : value)};
}

// Whether the processor has that instruction and oneDNN would use it: ONEDNN_MAX_CPU_ISA governs every kernel.
bool has_native_bf16();

// Calls body with the element type that stores such elements fastest.
template <typename Body>
inline void with_native(float element, const Body& body) {
  body(element);
}
template <typename Body>
inline void with_native(bf16 element, const Body& body) {
  if (has_native_bf16()) {
    body(native_bf16{});
  } else {
    body(element);
  }
}

}  // namespace sluice
