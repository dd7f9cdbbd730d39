// Convolutions of every shape by oneDNN, with weights in the layout that its kernel chooses. All functions throw
// BackendError, and std::bad_alloc for lack of scratch.
#pragma once

#include "conv_problem.h"

namespace sluice {

// Bytes of the weights in the layout of the direction's kernel.
int64_t onednn_packed_bytes(const ConvProblem& problem, int32_t direction);

// Reorders OHWI f32 weights for the direction's kernel, and converts them to the shape's dtype.
void onednn_pack(const ConvProblem& problem, int32_t direction, const float* weights, void* packed);

// y from x, or dx from dy.
void onednn_convolve(const ConvProblem& problem, int32_t direction, const void* input, const void* packed, void* output,
                     bool accumulate);

// dw f32 OHWI from x and dy.
void onednn_backward_weights(const ConvProblem& problem, const void* x, const void* dy, float* dw, bool accumulate);

}  // namespace sluice
