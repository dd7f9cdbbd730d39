// The image operations of augmentation: three planes of floats in 0..1, changed in place.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "../../common/image.h"

namespace sluice {

// The weights with which one axis of a resize reads its input: output i reads `count[i]` inputs from `first[i]`.
struct ResampleAxis {
  int64_t capacity;  // weights of one output, at most
  std::vector<int64_t> first, count;
  std::vector<float> weights;

  // Room for `outputs` outputs of at most `inputs` inputs.
  ResampleAxis(int64_t inputs, int64_t outputs);
  // Bicubic (a = -0.5), widened where the axis shrinks, cut at the borders and normalised: Pillow's rule.
  void set(int64_t inputs, int64_t outputs);
};

// Resizes the crop into the planes, clamped to 0..1. `lines` has room for planes.height * crop.width * 3 + 1 floats,
// the last of which is read and without effect.
void resample(const Crop& crop, const ResampleAxis& vertical, const ResampleAxis& horizontal, float* lines,
              const Planes& planes);

// x = factor * x.
void adjust_brightness(const Planes& planes, float factor);
// x = factor * x + (1 - factor) * the mean of the image's luma.
void adjust_contrast(const Planes& planes, float factor);
// x = factor * x + (1 - factor) * the pixel's luma.
void adjust_saturation(const Planes& planes, float factor);
// Moves the hue of HSV by `shift` turns.
void adjust_hue(const Planes& planes, float shift);
// All three channels become the luma.
void to_grayscale(const Planes& planes);
// x = 1 - x where x >= 128/255.
void solarize(const Planes& planes);

// Separable gaussian over ceil(3 sigma) pixels to either side, or as many as the image can mirror; borders are mirrored
// without repeating the edge. `spare` has room for one plane, `padded` for 3 planes, `kernel` for 2 * (height + width).
void gaussian_blur(const Planes& planes, float sigma, float* spare, float* padded, float* kernel);

}  // namespace sluice
