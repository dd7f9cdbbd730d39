// The rule of the gaussian blur of augmentation: its radius, its weights, its borders.
#pragma once

#include <cmath>
#include <cstdint>

#include "host_device.h"

namespace sluice {

// Pixels to either side: ceil(3 sigma), or as many as an axis of `size` pixels can mirror.
SL_HOST_DEVICE inline int64_t gaussian_radius(float sigma, int64_t size) {
  const double reach = std::ceil(3.0 * static_cast<double>(sigma)), most = static_cast<double>(size - 1);
  return static_cast<int64_t>(reach < most ? reach : most);
}

// Not normalised.
SL_HOST_DEVICE inline double gaussian_weight(float sigma, int64_t offset) {
  const double distance = static_cast<double>(offset) / static_cast<double>(sigma);
  return std::exp(-0.5 * distance * distance);
}

// The pixel that stands for one beyond the borders, which are mirrored without repeating the edge.
SL_HOST_DEVICE inline int64_t mirror(int64_t index, int64_t size) {
  if (index < 0) return -index;
  return index < size ? index : 2 * (size - 1) - index;
}

}  // namespace sluice
