// The first convolution of networks for small images: 3x3, stride 1, from three channels; f32 and bf16.
#pragma once

#include "../context.h"

namespace sluice {

// Whether these kernels compute the forward and the weights' gradient of the shape on this processor.
bool stem_suits(const sl_conv_shape& shape);

// Bytes of the forward's packed weights.
int64_t stem_packed_bytes(const sl_conv_shape& shape);

// Packs OHWI weights.
void stem_pack(const sl_conv_shape& shape, const float* weights, void* packed);

// y from x. Throws std::bad_alloc.
void stem_forward(sl_context* context, const sl_conv_shape& shape, const void* x, const void* packed, void* y);

// dw f32 OHWI from x and dy. Throws std::bad_alloc.
void stem_backward_weights(sl_context* context, const sl_conv_shape& shape, const void* x, const void* dy, float* dw,
                           bool accumulate);

}  // namespace sluice
