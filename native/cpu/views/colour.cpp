// Colour operations of augmentation, as torchvision defines them.
#include "../../common/colour.h"

#include "augment.h"

namespace sluice {
namespace {

// Calls body(red, green, blue) with references to each pixel.
template <typename Body>
inline void for_each_pixel(const Planes& planes, const Body& body) {
  float* const red = planes.plane(0);
  float* const green = planes.plane(1);
  float* const blue = planes.plane(2);
  const int64_t pixels = planes.pixels();
#pragma omp simd
  for (int64_t i = 0; i < pixels; ++i) body(red[i], green[i], blue[i]);
}

}  // namespace

void adjust_brightness(const Planes& planes, float factor) {
  for_each_pixel(planes, [factor](float& red, float& green, float& blue) { brighten(factor, red, green, blue); });
}

void adjust_contrast(const Planes& planes, float factor) {
  double sum = 0.0;
  const float *const reds = planes.plane(0), *const greens = planes.plane(1), *const blues = planes.plane(2);
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < planes.pixels(); ++i) sum += static_cast<double>(luma(reds[i], greens[i], blues[i]));
  const float mean = static_cast<float>(sum / static_cast<double>(planes.pixels()));
  for_each_pixel(planes,
                 [factor, mean](float& red, float& green, float& blue) { contrast(factor, mean, red, green, blue); });
}

void adjust_saturation(const Planes& planes, float factor) {
  for_each_pixel(planes, [factor](float& red, float& green, float& blue) { saturate(factor, red, green, blue); });
}

void adjust_hue(const Planes& planes, float shift) {
  for_each_pixel(planes, [shift](float& red, float& green, float& blue) { move_hue(shift, red, green, blue); });
}

void to_grayscale(const Planes& planes) { for_each_pixel(planes, make_gray); }

void solarize(const Planes& planes) {
  float* const values = planes.data;
#pragma omp simd
  for (int64_t i = 0; i < 3 * planes.pixels(); ++i) values[i] = solarized(values[i]);
}

}  // namespace sluice
