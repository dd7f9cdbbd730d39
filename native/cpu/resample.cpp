// Antialiased bicubic resizing of a crop of bytes to planes of floats.
#include <cmath>
#include <cstring>

#include "augment.h"

namespace sluice {
namespace {

constexpr double cubic_support = 2.0;

// Keys' cubic convolution kernel with a = -0.5.
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::fabs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a;
  return 0.0;
}

// A pixel's three channels and, unused, the first of the next: one vector.
using Four = float __attribute__((vector_size(16)));

double widening(int64_t inputs, int64_t outputs) {
  return std::max(1.0, static_cast<double>(inputs) / static_cast<double>(outputs));
}

}  // namespace

ResampleAxis::ResampleAxis(int64_t inputs, int64_t outputs)
    : capacity(static_cast<int64_t>(std::ceil(2.0 * cubic_support * widening(inputs, outputs))) + 2),
      first(static_cast<size_t>(outputs)),
      count(static_cast<size_t>(outputs)),
      weights(static_cast<size_t>(outputs * capacity)) {}

void ResampleAxis::set(int64_t inputs, int64_t outputs) {
  const double scale = static_cast<double>(inputs) / static_cast<double>(outputs), wide = widening(inputs, outputs);
  for (int64_t i = 0; i < outputs; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const int64_t begin = std::max<int64_t>(0, static_cast<int64_t>(centre - cubic_support * wide + 0.5));
    const int64_t end = std::min(inputs, static_cast<int64_t>(centre + cubic_support * wide + 0.5));
    float* const own = weights.data() + i * capacity;
    double total = 0.0;
    for (int64_t j = begin; j < end; ++j) total += cubic((static_cast<double>(j) + 0.5 - centre) / wide);
    for (int64_t j = begin; j < end; ++j) {
      own[j - begin] = static_cast<float>(cubic((static_cast<double>(j) + 0.5 - centre) / wide) / total);
    }
    first[static_cast<size_t>(i)] = begin;
    count[static_cast<size_t>(i)] = end - begin;
  }
}

// Rows first, as whole lines of interleaved bytes; then the three channels of each output pixel together.
void resample(const Crop& crop, const ResampleAxis& vertical, const ResampleAxis& horizontal, float* lines,
              const Planes& planes) {
  const int64_t length = crop.width * 3;
  for (int64_t y = 0; y < planes.height; ++y) {
    float* const line = lines + y * length;
    std::fill(line, line + length, 0.0f);
    for (int64_t tap = 0; tap < vertical.count[static_cast<size_t>(y)]; ++tap) {
      const float weight = vertical.weights[static_cast<size_t>(y * vertical.capacity + tap)];
      const uint8_t* const row = crop.pixels + (vertical.first[static_cast<size_t>(y)] + tap) * crop.row_bytes;
#pragma omp simd
      for (int64_t j = 0; j < length; ++j) line[j] += weight * static_cast<float>(row[j]);
    }
  }
  for (int64_t y = 0; y < planes.height; ++y) {
    for (int64_t x = 0; x < planes.width; ++x) {
      const float* source = lines + y * length + horizontal.first[static_cast<size_t>(x)] * 3;
      const float* const weights = horizontal.weights.data() + x * horizontal.capacity;
      Four sum = {0.0f, 0.0f, 0.0f, 0.0f};
      for (int64_t tap = 0; tap < horizontal.count[static_cast<size_t>(x)]; ++tap, source += 3) {
        Four pixel;
        std::memcpy(&pixel, source, sizeof pixel);
        sum += weights[tap] * pixel;
      }
      sum /= 255.0f;
      const int64_t target = y * planes.width + x;
      for (int channel = 0; channel < 3; ++channel) planes.plane(channel)[target] = clamp01(sum[channel]);
    }
  }
}

}  // namespace sluice
