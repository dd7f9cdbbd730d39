// The Gaussian blur of augmentation: radius, weights and borders.
#pragma once

#include <cmath>
#include <cstdint>

#include "host_device.h"

namespace sluice {

// Pixels on each side of the centre: ceil(3 sigma), but at most size - 1, because mirroring reaches no further.
SL_HOST_DEVICE inline int64_t gaussian_radius(float sigma, int64_t size) {
  const double reach = std::ceil(3.0 * static_cast<double>(sigma)), most = static_cast<double>(size - 1);
  return static_cast<int64_t>(reach < most ? reach : most);
}

// Not normalised: the caller divides by the sum of the weights.
SL_HOST_DEVICE inline double gaussian_weight(float sigma, int64_t offset) {
  const double distance = static_cast<double>(offset) / static_cast<double>(sigma);
  return std::exp(-0.5 * distance * distance);
}

// Mirrors an index beyond the borders back into 0..size - 1, without repeating the edge pixel.
SL_HOST_DEVICE inline int64_t mirror(int64_t index, int64_t size) {
  if (index < 0) return -index;
  return index < size ? index : 2 * (size - 1) - index;
}

}  // namespace sluice
