// The mean of an image over its pixels.
#pragma once

#include "bf16.h"
#include "wide_rows.h"

namespace sluice {

// Global average pooling of images of one size. Sums are in f32 within a segment of the image, and in f64 across them.
class GlobalPool {
 public:
  GlobalPool(int64_t pixels, int64_t channels)
      : pixels_(pixels), channels_(channels), wide_(channels, pixels), segments_(1, pixels, channels) {}

  // Scratch that `image` needs, in whole cache lines.
  int64_t scratch_floats() const {
    return padded_floats(wide_.width) + padded_floats(channels_ * int64_t{sizeof(double) / sizeof(float)});
  }

  // The same of x in a type known at run time.
  void image(int32_t dtype, const void* x, float* scratch, float* y) const {
    if (dtype == SL_BF16) {
      image(static_cast<const bf16*>(x), scratch, y);
    } else {
      image(static_cast<const float*>(x), scratch, y);
    }
  }

  // y [channels] = the mean of x [pixels, channels]. `scratch` begins at a cache line.
  template <typename T>
  void image(const T* x, float* scratch, float* y) const {
    float* const lanes = scratch;
    double* const sums = reinterpret_cast<double*>(scratch + padded_floats(wide_.width));
    std::fill(sums, sums + channels_, 0.0);
    for (int64_t segment = 0; segment < segments_.count; ++segment) {
      const T* const part = x + segments_.first_row(segment) * channels_;
      std::fill(lanes, lanes + wide_.width, 0.0f);
      accumulate_lanes(wide_.width, segments_.length(segment) * channels_, lanes,
                       [part](int64_t i) { return to_float(part[i]); });
      wide_.fold(lanes, sums);
    }
    for (int64_t channel = 0; channel < channels_; ++channel)
      y[channel] = static_cast<float>(sums[channel] / static_cast<double>(pixels_));
  }

 private:
  int64_t pixels_, channels_;
  WideRows wide_;
  Segments segments_;
};

}  // namespace sluice
