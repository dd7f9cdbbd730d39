// How functions are compiled for AVX-512 in a library that is compiled for AVX2: they carry the target themselves.
#pragma once

// g++ 12 warns of the deliberately undefined operands inside its own intrinsics.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

#include <immintrin.h>

// What oneDNN calls avx512_core, where a file names no more.
#ifndef SLUICE_TARGET
#define SLUICE_TARGET "avx512f,avx512bw,avx512dq,avx512vl,fma"
#endif
#define SLUICE_SIMD __attribute__((target(SLUICE_TARGET)))
#define SLUICE_SIMD_INLINE SLUICE_SIMD __attribute__((always_inline)) static inline
