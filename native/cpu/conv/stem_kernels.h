// The inner loops of the stem's convolution, for one image.
#pragma once

#include <cstdint>

#include "../bf16.h"

namespace sluice {

constexpr int stem_channels = 3, stem_taps = 9 * stem_channels, stem_lanes = 16;

struct StemImage {
  const float* padded;  // [out_height + 2][row]
  int64_t row;          // floats
  int64_t out_height, out_width, out_channels;
};

// y [out_height, out_width, out_channels] with weights [group of 16 output channels][tap][16], tap = (ky * 3 + kx) *
// 3 + input channel.
void stem_forward_avx512(const StemImage&, const float* weights, float* y);
void stem_forward_avx512(const StemImage&, const float* weights, bf16* y);

// The image's part of dw, in the order of the weights above.
void stem_gradient_avx512(const StemImage&, const float* dy, float* dw);
void stem_gradient_avx512(const StemImage&, const bf16* dy, float* dw);

}  // namespace sluice
