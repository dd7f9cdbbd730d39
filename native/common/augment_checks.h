// Checks of the arguments of augmentation, for every device. augment_parameters.h checks each view's parameters.
#pragma once

#include "size_checks.h"

namespace sluice {

inline int32_t check_augment(int64_t count_in, int64_t height, int64_t width, int64_t count, int64_t out_height,
                             int64_t out_width, const uint8_t* images, const int32_t* indices, const float* parameters,
                             const float* host_mean, const float* host_std, const void* y) noexcept {
  SL_REQUIRE(count_in >= 0 && height >= 0 && width >= 0 && count >= 0 && out_height >= 0 && out_width >= 0,
             "sl_augment: negative size (%lld images of %lld x %lld to %lld of %lld x %lld)", (long long)count_in,
             (long long)height, (long long)width, (long long)count, (long long)out_height, (long long)out_width);
  SL_TRY(check_countable("sl_augment", {count_in, height, width, 3}));
  SL_TRY(check_countable("sl_augment", {count, out_height, out_width, 3}));
  // The image between the two passes of a resize.
  SL_TRY(check_countable("sl_augment", {out_height, width, 3}));
  if (count * out_height * out_width == 0) return SL_OK;
  SL_REQUIRE_POINTERS("sl_augment", images, indices, parameters, host_mean, host_std, y);
  for (int channel = 0; channel < 3; ++channel) {
    SL_REQUIRE(host_std[channel] > 0.0f, "sl_augment: host_std[%d] is %g, must be positive", channel,
               static_cast<double>(host_std[channel]));
  }
  return SL_OK;
}

}  // namespace sluice
