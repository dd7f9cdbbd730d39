// Bicubic resizing as in Pillow (a = -0.5): the kernel widens if an axis shrinks, stops at borders, and is normalised.
#pragma once

#include <cmath>
#include <cstdint>

#include "host_device.h"

namespace sluice {

constexpr double cubic_support = 2.0;

// Keys' cubic convolution kernel with a = -0.5.
SL_HOST_DEVICE inline double cubic(double x) {
  constexpr double a = -0.5;
  x = std::fabs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a;
  return 0.0;
}

// The inputs begin..end - 1 that an output reads.
struct ResampleSpan {
  int64_t begin, end;
  double centre, wide;

  // Not normalised: the caller divides by total().
  SL_HOST_DEVICE double weight(int64_t input) const {
    return cubic((static_cast<double>(input) + 0.5 - centre) / wide);
  }
  SL_HOST_DEVICE double total() const {
    double sum = 0.0;
    for (int64_t input = begin; input < end; ++input) sum += weight(input);
    return sum;
  }
};

// The inputs around the centre of an output, on an axis of `inputs` pixels.
SL_HOST_DEVICE inline ResampleSpan resample_span(double centre, double wide, int64_t inputs) {
  const int64_t begin = static_cast<int64_t>(centre - cubic_support * wide + 0.5);
  const int64_t end = static_cast<int64_t>(centre + cubic_support * wide + 0.5);
  return {begin > 0 ? begin : 0, end < inputs ? end : inputs, centre, wide};
}

// The resize of one axis.
struct ResampleRule {
  int64_t inputs;
  double scale, wide;

  SL_HOST_DEVICE ResampleRule(int64_t inputs_, int64_t outputs)
      : inputs(inputs_),
        scale(static_cast<double>(inputs) / static_cast<double>(outputs)),
        wide(scale > 1.0 ? scale : 1.0) {}

  // The most inputs that an output reads.
  int64_t capacity() const { return static_cast<int64_t>(std::ceil(2.0 * cubic_support * wide)) + 2; }

  SL_HOST_DEVICE ResampleSpan span(int64_t output) const {
    return resample_span((static_cast<double>(output) + 0.5) * scale, wide, inputs);
  }
};

}  // namespace sluice
