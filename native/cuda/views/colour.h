// The colour jitter of augmentation, by one block.
#pragma once

#include "../../common/augment_parameters.h"
#include "../../common/colour.h"
#include "../places.h"

namespace sluice {

// The mean of the image's luma, in every thread. Call it only once in a kernel: it writes its shared memory once.
__device__ inline float mean_luma(const Planes& planes) {
  __shared__ double sums[warp_threads];
  __shared__ float mean;
  double sum = 0.0;
  for_each_pixel(planes,
                 [&sum](float red, float green, float blue) { sum += static_cast<double>(luma(red, green, blue)); });
  sum = block_sum(sum, sums);
  if (threadIdx.x == 0) mean = static_cast<float>(sum / static_cast<double>(planes.pixels()));
  __syncthreads();
  return mean;
}

// Applies the operations of a row of parameters in their order, pixel by pixel. Contrast first needs the mean of all.
__device__ inline void jitter(const Planes& planes, const float* row) {
  int order[4];
  if (row[SL_AUGMENT_JITTER_ORDER] == -1.0f || !jitter_order(row[SL_AUGMENT_JITTER_ORDER], order)) return;
  for (const int operation : order) {
    const float value = row[SL_AUGMENT_BRIGHTNESS + operation];
    if (value == (operation == 3 ? 0.0f : 1.0f)) continue;
    if (operation == 0) {
      for_each_pixel(planes, [=](float& red, float& green, float& blue) { brighten(value, red, green, blue); });
    } else if (operation == 1) {
      const float mean = mean_luma(planes);
      for_each_pixel(planes, [=](float& red, float& green, float& blue) { contrast(value, mean, red, green, blue); });
    } else if (operation == 2) {
      for_each_pixel(planes, [=](float& red, float& green, float& blue) { saturate(value, red, green, blue); });
    } else {
      for_each_pixel(planes, [=](float& red, float& green, float& blue) { move_hue(value, red, green, blue); });
    }
  }
}

}  // namespace sluice
