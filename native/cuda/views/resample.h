// Antialiased bicubic resizing of a crop of bytes to planes of floats, by one block.
#pragma once

#include "../../common/resample.h"

#include "../../common/colour.h"
#include "../places.h"

namespace sluice {

// The weights of one axis of a resize: output i reads `count[i]` inputs from `first[i]` on, input `tap` with
// weights[tap * outputs + i], so that neighbouring threads read neighbouring weights.
struct ResampleAxis {
  int64_t outputs;
  int64_t *first, *count;
  float* weights;

  __device__ void set(const ResampleRule& rule, int64_t output) const {
    const ResampleSpan span = rule.span(output);
    const double total = span.total();
    float* weight = weights + output;
    for (int64_t input = span.begin; input < span.end; ++input, weight += outputs) {
      *weight = static_cast<float>(span.weight(input) / total);
    }
    first[output] = span.begin;
    count[output] = span.end - span.begin;
  }
};

// Sets the weights of both axes, an output in each thread.
__device__ inline void set_weights(const Crop& crop, const ResampleAxis& vertical, const ResampleAxis& horizontal) {
  const ResampleRule down(crop.height, vertical.outputs), across(crop.width, horizontal.outputs);
  for (int64_t i = threadIdx.x; i < vertical.outputs + horizontal.outputs; i += blockDim.x) {
    if (i < vertical.outputs) {
      vertical.set(down, i);
    } else {
      horizontal.set(across, i - vertical.outputs);
    }
  }
}

// Resizes the crop into the planes, clamped to 0..1: vertically first, over whole lines of interleaved bytes, then
// horizontally, with the three channels together. `lines` has room for planes.height * crop.width * 3 floats.
__device__ inline void resample(const Crop& crop, const ResampleAxis& vertical, const ResampleAxis& horizontal,
                                float* lines, const Planes& planes) {
  const int64_t length = crop.width * 3, pixels = planes.pixels();
  set_weights(crop, vertical, horizontal);
  __syncthreads();
  for_each_place(planes.height, length, [&](int64_t y, int64_t j) {
    const uint8_t* source = crop.pixels + vertical.first[y] * crop.row_bytes + j;
    const float* weight = vertical.weights + y;
    float sum = 0.0f;
    for (int64_t left = vertical.count[y]; left > 0; --left, source += crop.row_bytes, weight += vertical.outputs) {
      sum += *weight * static_cast<float>(*source);
    }
    lines[y * length + j] = sum;
  });
  __syncthreads();
  for_each_place(planes.height, planes.width, [&](int64_t y, int64_t x) {
    const float* source = lines + y * length + horizontal.first[x] * 3;
    const float* weight = horizontal.weights + x;
    float red = 0.0f, green = 0.0f, blue = 0.0f;
    for (int64_t left = horizontal.count[x]; left > 0; --left, source += 3, weight += horizontal.outputs) {
      red += *weight * source[0];
      green += *weight * source[1];
      blue += *weight * source[2];
    }
    float* const target = planes.data + y * planes.width + x;
    target[0] = clamp01(red / 255.0f);
    target[pixels] = clamp01(green / 255.0f);
    target[2 * pixels] = clamp01(blue / 255.0f);
  });
}

}  // namespace sluice
