// A stand-in for CUDA's header of bf16, for tests: the storage type alone.
#pragma once

#include <cstdint>

struct __nv_bfloat16 {
  uint16_t bits;
};
