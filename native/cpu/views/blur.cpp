// The Gaussian blur of augmentation.
#include "../../common/blur.h"

#include <cstring>

#include "../../common/colour.h"
#include "augment.h"

namespace sluice {
namespace {

// Writes the weights of the offsets -radius..radius, and returns the radius.
int64_t gaussian(float sigma, int64_t size, float* kernel) {
  const int64_t radius = gaussian_radius(sigma, size);
  double total = 0.0;
  for (int64_t offset = -radius; offset <= radius; ++offset) total += gaussian_weight(sigma, offset);
  for (int64_t offset = -radius; offset <= radius; ++offset)
    kernel[offset + radius] = static_cast<float>(gaussian_weight(sigma, offset) / total);
  return radius;
}

using Eight = float __attribute__((vector_size(32)));

inline Eight load(const float* values) {
  Eight result;
  std::memcpy(&result, values, sizeof result);
  return result;
}

// Writes the weighted sum of the arrays source(0..2 * radius) to target, in blocks whose sums stay in registers.
template <typename Source>
inline void weigh(int64_t n, int64_t radius, const float* kernel, const Source& source, float* target) {
  constexpr int64_t block = 32;
  int64_t begin = 0;
  for (; begin + block <= n; begin += block) {
    Eight first = {}, second = {}, third = {}, fourth = {};
    for (int64_t tap = 0; tap <= 2 * radius; ++tap) {
      const float* const values = source(tap) + begin;
      first += kernel[tap] * load(values);
      second += kernel[tap] * load(values + 8);
      third += kernel[tap] * load(values + 16);
      fourth += kernel[tap] * load(values + 24);
    }
    const Eight sums[4] = {first, second, third, fourth};
    std::memcpy(target + begin, sums, sizeof sums);
  }
  for (; begin < n; ++begin) {
    float sum = 0.0f;
    for (int64_t tap = 0; tap <= 2 * radius; ++tap) sum += kernel[tap] * source(tap)[begin];
    target[begin] = sum;
  }
}

// Mirrors the whole plane into `padded` before reading it. Mirroring line by line would be slower: unaligned reads of a
// line that was just written stall on the writes.
void blur_rows(const float* source, int64_t height, int64_t width, int64_t radius, const float* kernel, float* padded,
               float* target) {
  const int64_t stride = width + 2 * radius;
  for (int64_t y = 0; y < height; ++y) {
    const float* const row = source + y * width;
    float* const line = padded + y * stride;
    for (int64_t x = 0; x < width; ++x) line[radius + x] = row[x];
    for (int64_t x = 1; x <= radius; ++x) {
      line[radius - x] = row[mirror(-x, width)];
      line[radius + width - 1 + x] = row[mirror(width - 1 + x, width)];
    }
  }
  for (int64_t y = 0; y < height; ++y) {
    const float* const line = padded + y * stride;
    weigh(width, radius, kernel, [line](int64_t tap) { return line + tap; }, target + y * width);
  }
}

void blur_columns(const float* source, int64_t height, int64_t width, int64_t radius, const float* kernel,
                  float* target) {
  for (int64_t y = 0; y < height; ++y) {
    float* const out = target + y * width;
    weigh(width, radius, kernel, [=](int64_t tap) { return source + mirror(y + tap - radius, height) * width; }, out);
#pragma omp simd
    for (int64_t x = 0; x < width; ++x) out[x] = clamp01(out[x]);
  }
}

}  // namespace

void gaussian_blur(const Planes& planes, float sigma, float* spare, float* padded, float* kernel) {
  float* const kernel_across = kernel + 2 * planes.height;
  const int64_t radius = gaussian(sigma, planes.height, kernel),
                radius_across = gaussian(sigma, planes.width, kernel_across);
  for (int channel = 0; channel < 3; ++channel) {
    float* const plane = planes.plane(channel);
    blur_rows(plane, planes.height, planes.width, radius_across, kernel_across, padded, spare);
    blur_columns(spare, planes.height, planes.width, radius, kernel, plane);
  }
}

}  // namespace sluice
