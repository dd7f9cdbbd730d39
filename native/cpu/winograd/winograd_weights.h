// The transform of weights in Winograd's algorithm, and its transpose, 16 channels at a time.
#pragma once

#include <algorithm>
#include <cstdint>

#include "winograd_points.h"

namespace sluice {

// The number of channels that are transformed at a time.
constexpr int64_t winograd_channels = 16;
constexpr int64_t winograd_taps = 9;
// The number of positions of the largest tile, 4 x 4 outputs.
constexpr int64_t winograd_most_positions = 36;

using WinogradChannelKernels = float[winograd_taps][winograd_channels];
using WinogradTransformedKernels = float[winograd_most_positions][winograd_channels];

// transformed[side * i + j][lane] = (G g G')[i][j] of the kernels g [9][lane].
inline void winograd_transform_kernels(int64_t side, const WinogradWeightTransform& transform,
                                       const WinogradChannelKernels& g, WinogradTransformedKernels& transformed) {
  float rows[6][3][winograd_channels];
  for (int64_t i = 0; i < side; ++i)
    for (int64_t j = 0; j < 3; ++j)
      for (int64_t lane = 0; lane < winograd_channels; ++lane)
        rows[i][j][lane] =
            transform[i][0] * g[j][lane] + transform[i][1] * g[3 + j][lane] + transform[i][2] * g[6 + j][lane];
  for (int64_t i = 0; i < side; ++i)
    for (int64_t j = 0; j < side; ++j)
      for (int64_t lane = 0; lane < winograd_channels; ++lane)
        transformed[side * i + j][lane] = transform[j][0] * rows[i][0][lane] + transform[j][1] * rows[i][1][lane] +
                                          transform[j][2] * rows[i][2][lane];
}

// The transpose of winograd_transform_kernels: g = G' transformed G.
inline void winograd_gather_kernels(int64_t side, const WinogradWeightTransform& transform,
                                    const WinogradTransformedKernels& transformed, WinogradChannelKernels& g) {
  float rows[3][6][winograd_channels] = {};
  for (int64_t k = 0; k < side; ++k)
    for (int64_t i = 0; i < 3; ++i)
      for (int64_t j = 0; j < side; ++j)
        for (int64_t lane = 0; lane < winograd_channels; ++lane)
          rows[i][j][lane] += transform[k][i] * transformed[side * k + j][lane];
  for (int64_t i = 0; i < 3; ++i)
    for (int64_t j = 0; j < 3; ++j) {
      float* const sum = g[3 * i + j];
      std::fill(sum, sum + winograd_channels, 0.0f);
      for (int64_t k = 0; k < side; ++k)
        for (int64_t lane = 0; lane < winograd_channels; ++lane) sum[lane] += transform[k][j] * rows[i][k][lane];
    }
}

}  // namespace sluice
