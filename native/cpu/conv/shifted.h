// The weights' gradient of a 3x3 convolution as nine products of shifted pixels, for strides that Winograd's algorithm
// does not support.
#pragma once

#include "conv_problem.h"

namespace sluice {

// Whether these kernels compute the weights' gradient of the shape on this processor.
bool shifted_suits(const sl_conv_shape& shape);

// dw f32 OHWI from x and dy. Throws std::bad_alloc.
void shifted_backward_weights(const ConvProblem& problem, const void* x, const void* dy, float* dw, bool accumulate);

}  // namespace sluice
