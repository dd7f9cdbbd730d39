// The weights' gradient of a bf16 convolution by products of tiles, for processors with AMX.
#pragma once

#include "conv_problem.h"

namespace sluice {

// Whether these kernels compute the weights' gradient of the shape on this processor.
bool tiled_suits(const sl_conv_shape& shape);

// dw f32 OHWI from x and dy. Throws std::bad_alloc.
void tiled_backward_weights(const ConvProblem& problem, const void* x, const void* dy, float* dw, bool accumulate);

}  // namespace sluice
