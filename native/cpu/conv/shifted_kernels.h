// The inner loops of the shifted products, in AVX-512, for each precision.
#pragma once

#include "../gradient_sums.h"
#include "conv_geometry.h"

namespace sluice {

struct ShiftedKernels {
  // Copies the elements of x that each tap reads at the output's pixels [first + begin, first + end) to v
  // [tap][pixel][input channel], and the dy of these pixels to w [pixel][output channel]; in pairs of pixels for bf16.
  // Outside the images both are zero. begin and end are even.
  void (*gather)(const ConvGeometry&, const void* x, const void* dy, int64_t first, int64_t begin, int64_t end,
                 const GradientOperands&);
  // Adds the products of one tap and a group of output channels to sums [tap][output channel][input channel].
  void (*multiply)(const ConvGeometry&, const GradientOperands&, int64_t pixels, int64_t tap, int64_t channel,
                   float* sums);
};

extern const ShiftedKernels shifted_avx512_f32;
extern const ShiftedKernels shifted_avx512_bf16;

}  // namespace sluice
