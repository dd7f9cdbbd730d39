// The valid values of a row of sl_augment's parameter table.
#pragma once

#include <cmath>
#include <cstdint>

#include "../include/sluice.h"
#include "host_device.h"

namespace sluice {

// Reads the order of the four jitter operations from four decimal digits. False if they are no permutation of 0..3.
SL_HOST_DEVICE inline bool jitter_order(float parameter, int (&order)[4]) {
  if (!(parameter >= 0.0f && parameter <= 3210.0f) || parameter != std::floor(parameter)) return false;
  int rest = static_cast<int>(parameter), seen = 0;
  for (int place = 3; place >= 0; --place, rest /= 10) {
    order[place] = rest % 10;
    seen |= 1 << order[place];
  }
  return seen == 0b1111;
}

// The reason why a row is invalid for images of height x width; nullptr if it is valid.
SL_HOST_DEVICE inline const char* wrong_parameter(const float* row, int64_t height, int64_t width) {
  for (int column = 0; column < SL_AUGMENT_COLUMNS; ++column) {
    if (!std::isfinite(row[column])) return "a value that is not finite";
  }
  for (int column = SL_AUGMENT_CROP_TOP; column <= SL_AUGMENT_CROP_WIDTH; ++column) {
    if (row[column] != std::floor(row[column])) return "a crop that is not in whole pixels";
  }
  const double top = row[SL_AUGMENT_CROP_TOP], left = row[SL_AUGMENT_CROP_LEFT];
  const double crop_height = row[SL_AUGMENT_CROP_HEIGHT], crop_width = row[SL_AUGMENT_CROP_WIDTH];
  if (top < 0 || left < 0 || crop_height < 1 || crop_width < 1 || top + crop_height > static_cast<double>(height) ||
      left + crop_width > static_cast<double>(width)) {
    return "a crop outside the image";
  }
  if (row[SL_AUGMENT_BLUR_SIGMA] < 0) return "a negative blur";
  if (row[SL_AUGMENT_JITTER_ORDER] == -1.0f) return nullptr;
  int order[4];
  if (!jitter_order(row[SL_AUGMENT_JITTER_ORDER], order)) return "a jitter order that is no permutation of 0, 1, 2, 3";
  if (row[SL_AUGMENT_BRIGHTNESS] < 0 || row[SL_AUGMENT_CONTRAST] < 0 || row[SL_AUGMENT_SATURATION] < 0) {
    return "a negative jitter factor";
  }
  if (std::fabs(row[SL_AUGMENT_HUE]) > 0.5f) return "a hue shift outside -0.5..0.5";
  return nullptr;
}

}  // namespace sluice
