// The first convolution of networks for small images, 3x3 of stride 1 from three channels, in both precisions.
#pragma once

#include "../context.h"

namespace sluice {

// Whether forward and the weights' gradient of this convolution go this way: by sizes and instruction sets.
bool stem_suits(const sl_conv_shape& shape);

// Bytes of the forward direction's weights.
int64_t stem_packed_bytes(const sl_conv_shape& shape);

// Reorders OHWI weights.
void stem_pack(const sl_conv_shape& shape, const float* weights, void* packed);

// Throws std::bad_alloc.
void stem_forward(sl_context* context, const sl_conv_shape& shape, const void* x, const void* packed, void* y);

// dw f32 OHWI. Throws std::bad_alloc.
void stem_backward_weights(sl_context* context, const sl_conv_shape& shape, const void* x, const void* dy, float* dw,
                           bool accumulate);

}  // namespace sluice
