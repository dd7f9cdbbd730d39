// The inner loops of the shifted products, as each precision has them in AVX-512.
#pragma once

#include <cstdint>

#include "../gradient_sums.h"

namespace sluice {

constexpr int64_t shifted_taps = 9;

struct ShiftedGeometry {
  int64_t batch, height, width, in_channels, out_height, out_width, out_channels, stride, padding;

  int64_t pixels() const { return batch * out_height * out_width; }
};

struct ShiftedKernels {
  // Copies to v [tap][pixel][input channel] what each tap sees of x at the output's pixels [first + begin, first +
  // end), and to w [pixel][output channel] their dy (bf16: in pairs of pixels); zeros where there is none. begin, end:
  // even.
  void (*gather)(const ShiftedGeometry&, const void* x, const void* dy, int64_t first, int64_t begin, int64_t end,
                 const GradientOperands&);
  // sums [tap][output channel][input channel] += the products of one tap and a group of output channels.
  void (*multiply)(const ShiftedGeometry&, const GradientOperands&, int64_t pixels, int64_t tap, int64_t channel,
                   float* sums);
};

extern const ShiftedKernels shifted_avx512_f32;
extern const ShiftedKernels shifted_avx512_bf16;

}  // namespace sluice
