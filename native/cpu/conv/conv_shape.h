// The checks of a convolution's shape that every direction starts with, on a CPU.
#pragma once

#include "../../common/conv_checks.h"
#include "../context.h"

namespace sluice {

// INVALID_ARGUMENT where the context or shape is null or the shape makes no sense, UNSUPPORTED for bf16 that the
// processor lacks.
int32_t check_conv(const char* name, const sl_context* context, const sl_conv_shape* shape, ConvSizes* sizes);

}  // namespace sluice
