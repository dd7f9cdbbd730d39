// bf16 with the processor's own rounding instruction.
#pragma once

#include "../common/bf16.h"

namespace sluice {

// Stored with the rounding instruction of AVX512-BF16, which treats denormals as zero.
struct native_bf16 : bf16 {};

template <>
inline native_bf16 from_float<native_bf16>(float value) {
  const bool denormal = value > -0x1p-126f && value < 0x1p-126f;
  return {from_float<bf16>(denormal ? __builtin_copysignf(0.0f, value) : value)};
}

// Whether the processor has the instruction, and ONEDNN_MAX_CPU_ISA, which limits every kernel, allows it.
bool has_native_bf16();

// Calls body with the element type whose stores are fastest: native_bf16 for bf16 if the processor has it.
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
