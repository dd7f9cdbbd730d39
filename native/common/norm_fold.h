// A norm with running statistics, folded into one multiplication and one addition.
#pragma once

#include <cmath>

#include "host_device.h"

namespace sluice {

struct FoldedNorm {
  float scale, shift;

  SL_HOST_DEVICE float apply(float v) const { return fmaf(scale, v, shift); }
};

// gamma (v - mean) / sqrt(variance + epsilon) + beta = scale v + shift.
SL_HOST_DEVICE inline FoldedNorm fold_norm(float mean, float variance, float gamma, float beta, float epsilon) {
  const double factor = gamma / sqrt(static_cast<double>(variance) + epsilon);
  return {static_cast<float>(factor), static_cast<float>(beta - mean * factor)};
}

}  // namespace sluice
