// Colour operations of augmentation, with torchvision's definitions.
#include "augment.h"

namespace sluice {
namespace {

// body(red, green, blue) changes one pixel.
template <typename Body>
inline void for_each_pixel(const Planes& planes, const Body& body) {
  float* const red = planes.plane(0);
  float* const green = planes.plane(1);
  float* const blue = planes.plane(2);
  const int64_t pixels = planes.pixels();
#pragma omp simd
  for (int64_t i = 0; i < pixels; ++i) body(red[i], green[i], blue[i]);
}

inline float blend(float value, float other, float factor) { return clamp01(factor * value + (1.0f - factor) * other); }

// Plain comparisons, which vectorise where std::fmax, for its care of NaN, is a call.
inline float larger(float a, float b) { return a > b ? a : b; }
inline float smaller(float a, float b) { return a < b ? a : b; }

// HSV to one channel, without cases: `sixths` is the hue in sixths of a turn plus 5 for red, 3 for green, 1 for blue,
// and not below -6. Written so that no branch holds arithmetic, and with truncation for std::floor: the loop vectorises
// only then.
inline float hue_channel(float largest, float smallest, float sixths) {
  const float positive = sixths + 6.0f;
  const float place = positive - 6.0f * static_cast<float>(static_cast<int32_t>(positive * (1.0f / 6.0f)));
  const float below = largest - (largest - smallest) * smaller(place, 4.0f - place);
  return larger(smallest, smaller(largest, below));
}

}  // namespace

void adjust_brightness(const Planes& planes, float factor) {
  for_each_pixel(planes, [factor](float& red, float& green, float& blue) {
    red = clamp01(red * factor);
    green = clamp01(green * factor);
    blue = clamp01(blue * factor);
  });
}

void adjust_contrast(const Planes& planes, float factor) {
  double sum = 0.0;
  const float *const reds = planes.plane(0), *const greens = planes.plane(1), *const blues = planes.plane(2);
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < planes.pixels(); ++i) sum += static_cast<double>(luma(reds[i], greens[i], blues[i]));
  const float mean = static_cast<float>(sum / static_cast<double>(planes.pixels()));
  for_each_pixel(planes, [factor, mean](float& red, float& green, float& blue) {
    red = blend(red, mean, factor);
    green = blend(green, mean, factor);
    blue = blend(blue, mean, factor);
  });
}

void adjust_saturation(const Planes& planes, float factor) {
  for_each_pixel(planes, [factor](float& red, float& green, float& blue) {
    const float gray = luma(red, green, blue);
    red = blend(red, gray, factor);
    green = blend(green, gray, factor);
    blue = blend(blue, gray, factor);
  });
}

void adjust_hue(const Planes& planes, float shift) {
  for_each_pixel(planes, [shift](float& red, float& green, float& blue) {
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
  });
}

void to_grayscale(const Planes& planes) {
  for_each_pixel(planes,
                 [](float& red, float& green, float& blue) { red = green = blue = clamp01(luma(red, green, blue)); });
}

void solarize(const Planes& planes) {
  constexpr float threshold = 128.0f / 255.0f;
  float* const values = planes.data;
#pragma omp simd
  for (int64_t i = 0; i < 3 * planes.pixels(); ++i) values[i] = values[i] >= threshold ? 1.0f - values[i] : values[i];
}

}  // namespace sluice
