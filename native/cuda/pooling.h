// Global average pooling for other kernels' results.
#pragma once

#include "context.h"

namespace sluice {

// y [batch, channels] = the mean of x [batch, pixels, channels] over its pixels, all f32.
int32_t global_pool_forward(sl_context* context, int64_t batch, int64_t pixels, int64_t channels, const float* x,
                            float* y);

}  // namespace sluice
