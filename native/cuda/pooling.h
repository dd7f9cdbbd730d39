// Global average pooling for other kernels' results.
#pragma once

#include "context.h"

namespace sluice {

// y [batch, channels] = the mean of x [batch, pixels, channels] over its pixels, all f32. No size is 0. Errors name the
// operation `name`.
int32_t global_pool_forward(sl_context* context, const char* name, int64_t batch, int64_t pixels, int64_t channels,
                            const float* x, float* y);

}  // namespace sluice
