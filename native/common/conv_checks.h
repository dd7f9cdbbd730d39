// The checks of a convolution's shape that every direction starts with, on every device.
#pragma once

#include "status.h"

namespace sluice {

// Sizes that follow from a valid shape; x, weights and y count elements.
struct ConvSizes {
  int64_t out_height = 0, out_width = 0;
  int64_t x = 0, weights = 0, y = 0;

  // Nothing is to be summed: outputs, if they have elements at all, are zero.
  bool empty() const { return x == 0 || weights == 0 || y == 0; }
};

// INVALID_ARGUMENT if the shape is null or makes no sense.
int32_t check_conv_shape(const char* name, const sl_conv_shape* shape, ConvSizes* sizes);

// INVALID_ARGUMENT if weights are not packed for `direction`.
int32_t check_conv_direction(const char* name, int32_t direction);

// The shape in words, for error sentences.
struct ConvText {
  char text[200];
  explicit ConvText(const sl_conv_shape& shape);
};

}  // namespace sluice
