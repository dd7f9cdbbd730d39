// A convolution to compute: its context, its shape and the sizes that follow.
#pragma once

#include "../../common/conv_checks.h"
#include "../context.h"

namespace sluice {

struct ConvProblem {
  sl_context* context;
  sl_conv_shape shape;
  ConvSizes sizes;
};

}  // namespace sluice
