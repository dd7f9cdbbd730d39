// Convolution by plain loops.
#pragma once

#include "problem.h"

namespace hostcudnn {

struct Pointers {
  void *x, *weights, *y;
};

// Computes the problem's direction times `scale`, with sums in f64, and rounds to the result's type. If `tf32`, it
// first rounds f32 operands to TF32.
void convolve(const Problem& problem, const Pointers& pointers, bool tf32, double scale);

}  // namespace hostcudnn
