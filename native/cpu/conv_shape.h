// The checks of a convolution's shape that every direction starts with.
#pragma once

#include "context.h"

namespace sluice {

// Sizes that follow from a valid shape; x, weights and y count elements.
struct ConvSizes {
  int64_t out_height = 0, out_width = 0;
  int64_t x = 0, weights = 0, y = 0;

  // Nothing is to be summed: outputs are zero where they have elements at all.
  bool empty() const { return x == 0 || weights == 0 || y == 0; }
};

// INVALID_ARGUMENT where the context or shape is null or the shape makes no sense, UNSUPPORTED for bf16 that the
// processor lacks.
int32_t check_conv(const char* name, const sl_context* context, const sl_conv_shape* shape, ConvSizes* sizes);

// The shape in words, for error sentences.
struct ConvText {
  char text[200];
  explicit ConvText(const sl_conv_shape& shape);
};

}  // namespace sluice
