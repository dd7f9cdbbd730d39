// The weights' gradient of a 3x3 convolution as nine products of shifted pixels, for strides that Winograd's filtering
// does not know.
#pragma once

#include "../context.h"

namespace sluice {

// Whether the weights' gradient of this convolution goes this way: by sizes and instruction sets.
bool shifted_suits(const sl_conv_shape& shape);

// dw f32 OHWI from x and dy. Throws std::bad_alloc.
void shifted_backward_weights(sl_context* context, const sl_conv_shape& shape, const void* x, const void* dy, float* dw,
                              bool accumulate);

}  // namespace sluice
