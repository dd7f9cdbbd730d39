// The weights' gradient of a 1x1 convolution as one matrix product.
#pragma once

#include "conv_problem.h"

namespace sluice {

// Whether the convolution only picks pixels, and never combines several of them.
bool pointwise_suits(const sl_conv_shape& shape);

// dw f32 [O,I] from x and dy. Throws BackendError and std::bad_alloc.
void pointwise_backward_weights(const ConvProblem& problem, const void* x, const void* dy, float* dw, bool accumulate);

}  // namespace sluice
