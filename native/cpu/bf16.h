// bf16 as this processor rounds to it.
#pragma once

#include "../common/bf16.h"

namespace sluice {

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
