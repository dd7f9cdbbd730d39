// Checks of a convolution's shape, for every direction and device.
#pragma once

#include "status.h"

namespace sluice {

// Sizes that follow from a valid shape. x, weights and y are numbers of elements.
struct ConvSizes {
  int64_t out_height = 0, out_width = 0;
  int64_t x = 0, weights = 0, y = 0;

  // There is nothing to sum: every element of an output, if it has any, is zero.
  bool empty() const { return x == 0 || weights == 0 || y == 0; }
};

// INVALID_ARGUMENT if the shape is null or impossible; otherwise fills `sizes`.
int32_t check_conv_shape(const char* name, const sl_conv_shape* host_shape, ConvSizes* sizes);

// INVALID_ARGUMENT unless the direction is SL_CONV_FORWARD or SL_CONV_BACKWARD_DATA, the two that take packed weights.
int32_t check_conv_direction(const char* name, int32_t direction);

// Describes a shape in error sentences.
struct ConvText {
  char text[200];
  explicit ConvText(const sl_conv_shape& shape);
};

}  // namespace sluice
