// bf16 as a storage type, and its conversions. Arithmetic is always f32.
#pragma once

#include <cstdint>
#include <cstring>

#include "host_device.h"

namespace sluice {

struct bf16 {
  uint16_t bits;
};

SL_HOST_DEVICE inline float to_float(float value) { return value; }

SL_HOST_DEVICE inline float to_float(bf16 value) {
  const uint32_t wide = static_cast<uint32_t>(value.bits) << 16;
  float result;
  memcpy(&result, &wide, sizeof result);
  return result;
}

template <typename T>
SL_HOST_DEVICE T from_float(float value);

template <>
SL_HOST_DEVICE inline float from_float<float>(float value) {
  return value;
}

// Rounds to nearest, ties to even. NaN stays NaN.
template <>
SL_HOST_DEVICE inline bf16 from_float<bf16>(float value) {
#ifdef __CUDA_ARCH__
  // The compiler does not find this instruction by itself.
  bf16 rounded;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(rounded.bits) : "f"(value));
  return rounded;
#else
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return {static_cast<uint16_t>((bits >> 16) | 0x0040u)};
  return {static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16)};
#endif
}

}  // namespace sluice
