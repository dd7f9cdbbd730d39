// Convolution by plain loops.
#pragma once

#include "problem.h"

namespace hostcudnn {

struct Pointers {
  void *x, *weights, *y;
};

// The result of the problem's direction times `scale`, from sums in f64, rounded to the result's type. f32 operands are
// rounded to TF32 first where `tf32`.
void convolve(const Problem& problem, const Pointers& pointers, bool tf32, double scale);

}  // namespace hostcudnn
