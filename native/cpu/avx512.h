// Attributes that compile single functions for AVX-512 in a library that is compiled for AVX2.
#pragma once

// g++ 12 warns about undefined operands inside its own intrinsics, which are undefined on purpose.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

#include <immintrin.h>

// The default target is the set that oneDNN calls avx512_core. A file may define more before it includes this.
#ifndef SLUICE_TARGET
#define SLUICE_TARGET "avx512f,avx512bw,avx512dq,avx512vl,fma"
#endif
#define SLUICE_SIMD __attribute__((target(SLUICE_TARGET)))
#define SLUICE_SIMD_INLINE SLUICE_SIMD __attribute__((always_inline)) static inline
