// Checks of convolution shapes, and the sentences of their errors.
#include "conv_checks.h"

#include <cstdio>

#include "size_checks.h"

namespace sluice {

namespace {

// Output length along one axis; -1 if the kernel is longer than the padded input. An empty input gives an empty output.
int64_t output_length(int64_t length, int64_t kernel, int64_t stride, int64_t padding) {
  if (length == 0) return 0;
  const int64_t room = length + 2 * padding - kernel;
  return room < 0 ? -1 : room / stride + 1;
}

}  // namespace

ConvText::ConvText(const sl_conv_shape& s) {
  std::snprintf(text, sizeof text, "x [%d,%d,%d,%d], weights [%d,%d,%d,%d], stride %d, padding %d, dtype %s", s.batch,
                s.height, s.width, s.in_channels, s.out_channels, s.kernel_height, s.kernel_width, s.in_channels,
                s.stride, s.padding,
                s.dtype == SL_F32    ? "f32"
                : s.dtype == SL_BF16 ? "bf16"
                                     : "unknown");
}

int32_t check_conv_shape(const char* name, const sl_conv_shape* host_shape, ConvSizes* sizes) {
  SL_REQUIRE_POINTERS(name, host_shape);
  const sl_conv_shape& s = *host_shape;
  SL_REQUIRE(s.dtype == SL_F32 || s.dtype == SL_BF16, "%s: dtype %d is neither f32 nor bf16", name, s.dtype);
  SL_REQUIRE(s.batch >= 0 && s.height >= 0 && s.width >= 0 && s.in_channels >= 0 && s.out_channels >= 0,
             "%s: a size is negative: %s", name, ConvText(s).text);
  SL_REQUIRE(s.kernel_height >= 1 && s.kernel_width >= 1, "%s: the kernel has no elements: %s", name, ConvText(s).text);
  SL_REQUIRE(s.stride >= 1, "%s: the stride is not positive: %s", name, ConvText(s).text);
  SL_REQUIRE(s.padding >= 0, "%s: the padding is negative: %s", name, ConvText(s).text);
  sizes->out_height = output_length(s.height, s.kernel_height, s.stride, s.padding);
  sizes->out_width = output_length(s.width, s.kernel_width, s.stride, s.padding);
  SL_REQUIRE(sizes->out_height >= 0 && sizes->out_width >= 0, "%s: the kernel is larger than the padded input: %s",
             name, ConvText(s).text);
  SL_REQUIRE(is_countable({s.batch, s.height, s.width, s.in_channels}) &&
                 is_countable({s.out_channels, s.kernel_height, s.kernel_width, s.in_channels}) &&
                 is_countable({s.batch, sizes->out_height, sizes->out_width, s.out_channels}),
             "%s: more elements than can be counted: %s", name, ConvText(s).text);
  sizes->x = int64_t{s.batch} * s.height * s.width * s.in_channels;
  sizes->weights = int64_t{s.out_channels} * s.kernel_height * s.kernel_width * s.in_channels;
  sizes->y = s.batch * sizes->out_height * sizes->out_width * s.out_channels;
  return SL_OK;
}

int32_t check_conv_direction(const char* name, int32_t direction) {
  SL_REQUIRE(direction == SL_CONV_FORWARD || direction == SL_CONV_BACKWARD_DATA,
             "%s: direction is %d, want 0 (forward) or 1 (backward data)", name, direction);
  return SL_OK;
}

}  // namespace sluice
