// Turns a dtype into an element type.
#pragma once

#include "bf16.h"
#include "status.h"

// Calls body with a value of the element type:
// SL_DISPATCH(dtype, "sl_x", [&](auto zero) { using T = decltype(zero); ... }). nvcc takes no __device__ lambda inside
// such a generic lambda: put it in a function template that the body calls.
#define SL_DISPATCH(dtype, name, body) \
  do { \
    if ((dtype) == SL_F32) { \
      (body)(float{}); \
    } else if ((dtype) == SL_BF16) { \
      (body)(::sluice::bf16{}); \
    } else { \
      return ::sluice::fail(SL_ERROR_INVALID_ARGUMENT, name ": dtype %d is neither f32 nor bf16", \
                            static_cast<int>(dtype)); \
    } \
  } while (0)
