// The image operations of augmentation. They change three planes of floats in 0..1 in place.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "../../common/image.h"

namespace sluice {

// The weights of one axis of a resize: output i reads `count[i]` inputs from `first[i]` on.
struct ResampleAxis {
  int64_t capacity;  // most weights of an output
  std::vector<int64_t> first, count;
  std::vector<float> weights;

  // Makes room for `outputs` outputs and at most `inputs` inputs.
  ResampleAxis(int64_t inputs, int64_t outputs);
  // Sets bicubic weights as in Pillow: see ../../common/resample.h.
  void set(int64_t inputs, int64_t outputs);
};

// Resizes the crop into the planes, clamped to 0..1. `lines` has room for planes.height * crop.width * 3 + 1 floats;
// the last one is read but does not affect the result.
void resample(const Crop& crop, const ResampleAxis& vertical, const ResampleAxis& horizontal, float* lines,
              const Planes& planes);

// x = factor * x.
void adjust_brightness(const Planes& planes, float factor);
// x = factor * x + (1 - factor) * the mean of the image's luma.
void adjust_contrast(const Planes& planes, float factor);
// x = factor * x + (1 - factor) * the pixel's luma.
void adjust_saturation(const Planes& planes, float factor);
// Rotates the hue of HSV by `shift` turns.
void adjust_hue(const Planes& planes, float shift);
// Sets all three channels to the luma.
void to_grayscale(const Planes& planes);
// x = 1 - x if x >= 128/255.
void solarize(const Planes& planes);

// Separable Gaussian blur; see ../../common/blur.h for radius and borders. `spare` has room for one plane, `padded` for
// three planes, and `kernel` for 2 * (height + width) floats.
void gaussian_blur(const Planes& planes, float sigma, float* spare, float* padded, float* kernel);

}  // namespace sluice
