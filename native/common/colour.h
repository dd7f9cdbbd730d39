// Colour operations of augmentation on one pixel, as torchvision defines them. Values are in 0..1.
#pragma once

#include <cstdint>

#include "host_device.h"

namespace sluice {

SL_HOST_DEVICE inline float clamp01(float value) { return value < 0.0f ? 0.0f : value > 1.0f ? 1.0f : value; }

SL_HOST_DEVICE inline float luma(float red, float green, float blue) {
  return 0.299f * red + 0.587f * green + 0.114f * blue;
}

SL_HOST_DEVICE inline float blend(float value, float other, float factor) {
  return clamp01(factor * value + (1.0f - factor) * other);
}

// Plain comparisons vectorise. std::fmax does not: its handling of NaN makes it a function call.
SL_HOST_DEVICE inline float larger(float a, float b) { return a > b ? a : b; }
SL_HOST_DEVICE inline float smaller(float a, float b) { return a < b ? a : b; }

// x = factor * x.
SL_HOST_DEVICE inline void brighten(float factor, float& red, float& green, float& blue) {
  red = clamp01(red * factor);
  green = clamp01(green * factor);
  blue = clamp01(blue * factor);
}

// x = factor * x + (1 - factor) * mean.
SL_HOST_DEVICE inline void contrast(float factor, float mean, float& red, float& green, float& blue) {
  red = blend(red, mean, factor);
  green = blend(green, mean, factor);
  blue = blend(blue, mean, factor);
}

// x = factor * x + (1 - factor) * the pixel's luma.
SL_HOST_DEVICE inline void saturate(float factor, float& red, float& green, float& blue) {
  contrast(factor, luma(red, green, blue), red, green, blue);
}

// Converts HSV to one channel. `sixths` is the hue in sixths of a turn, plus 5 for red, 3 for green or 1 for blue, and
// at least -6. There is no arithmetic in branches, and truncation replaces std::floor: otherwise the CPU's loop does
// not vectorise.
SL_HOST_DEVICE inline float hue_channel(float largest, float smallest, float sixths) {
  const float positive = sixths + 6.0f;
  const float place = positive - 6.0f * static_cast<float>(static_cast<int32_t>(positive * (1.0f / 6.0f)));
  const float below = largest - (largest - smallest) * smaller(place, 4.0f - place);
  return larger(smallest, smaller(largest, below));
}

// Rotates the hue of HSV by `shift` turns.
SL_HOST_DEVICE inline void move_hue(float shift, float& red, float& green, float& blue) {
  const float largest = larger(red, larger(green, blue)), smallest = smaller(red, smaller(green, blue));
  const float chroma = largest - smallest;
  const float divisor = chroma > 0.0f ? chroma : 1.0f;
  const bool is_red = red == largest, is_green = green == largest;
  const float ahead = is_red ? green : is_green ? blue : red;
  const float behind = is_red ? blue : is_green ? red : green;
  const float start = is_red ? 0.0f : is_green ? 2.0f : 4.0f;
  const float hue = start + (ahead - behind) / divisor + 6.0f * shift;
  red = hue_channel(largest, smallest, hue + 5.0f);
  green = hue_channel(largest, smallest, hue + 3.0f);
  blue = hue_channel(largest, smallest, hue + 1.0f);
}

// Sets all three channels to the luma.
SL_HOST_DEVICE inline void make_gray(float& red, float& green, float& blue) {
  red = green = blue = clamp01(luma(red, green, blue));
}

// 1 - x if x >= 128/255, else x.
SL_HOST_DEVICE inline float solarized(float value) {
  constexpr float threshold = 128.0f / 255.0f;
  return value >= threshold ? 1.0f - value : value;
}

}  // namespace sluice
