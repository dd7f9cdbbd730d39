// The Gaussian blur of augmentation, by one block.
#pragma once

#include "../../common/blur.h"

#include "../../common/colour.h"
#include "../places.h"

namespace sluice {

// Memory of the two kernels, the columns' kernel first. 2 * (height + width) values for each are enough.
struct BlurWeights {
  double* raw;
  float* normalised;
};

// Writes the weights of the offsets -radius..radius of both kernels, a tap in each thread. Each thread adds its
// kernel's total itself, in the order of the taps.
__device__ inline void set_weights(float sigma, int64_t radius, int64_t radius_across, const BlurWeights& weights) {
  const int64_t taps = 2 * radius + 1, all_taps = taps + 2 * radius_across + 1;
  for (int64_t tap = threadIdx.x; tap < all_taps; tap += blockDim.x) {
    weights.raw[tap] = gaussian_weight(sigma, tap < taps ? tap - radius : tap - taps - radius_across);
  }
  __syncthreads();
  for (int64_t tap = threadIdx.x; tap < all_taps; tap += blockDim.x) {
    double total = 0.0;
    for (int64_t other = tap < taps ? 0 : taps; other < (tap < taps ? taps : all_taps); ++other) {
      total += weights.raw[other];
    }
    weights.normalised[tap] = static_cast<float>(weights.raw[tap] / total);
  }
}

// Writes finish(sum) to each pixel of `target`, where sum adds kernel[tap] * source[place(y, x, tap - radius)] over the
// taps. The three channels share weights and places.
template <typename Place, typename Finish>
__device__ void weigh(const Planes& source, const Planes& target, int64_t radius, const float* kernel,
                      const Place& place, const Finish& finish) {
  const int64_t pixels = source.pixels();
  for_each_place(source.height, source.width, [&](int64_t y, int64_t x) {
    float red = 0.0f, green = 0.0f, blue = 0.0f;
    for (int64_t tap = 0; tap <= 2 * radius; ++tap) {
      const float* const pixel = source.data + place(y, x, tap - radius);
      red += kernel[tap] * pixel[0];
      green += kernel[tap] * pixel[pixels];
      blue += kernel[tap] * pixel[2 * pixels];
    }
    float* const out = target.data + y * source.width + x;
    out[0] = finish(red);
    out[pixels] = finish(green);
    out[2 * pixels] = finish(blue);
  });
}

// Separable Gaussian blur; see ../../common/blur.h for radius and borders. `spare` has room for three planes.
// Synchronises the block before it reads the planes and after it has written them.
__device__ inline void gaussian_blur(const Planes& planes, float sigma, const BlurWeights& weights, float* spare) {
  const int64_t height = planes.height, width = planes.width;
  const int64_t radius = gaussian_radius(sigma, height), radius_across = gaussian_radius(sigma, width);
  const Planes across{height, width, spare};
  set_weights(sigma, radius, radius_across, weights);
  __syncthreads();
  weigh(
      planes, across, radius_across, weights.normalised + 2 * radius + 1,
      [width](int64_t y, int64_t x, int64_t offset) { return y * width + mirror(x + offset, width); },
      [](float sum) { return sum; });
  __syncthreads();
  weigh(
      across, planes, radius, weights.normalised,
      [width, height](int64_t y, int64_t x, int64_t offset) { return mirror(y + offset, height) * width + x; },
      [](float sum) { return clamp01(sum); });
  __syncthreads();
}

}  // namespace sluice
