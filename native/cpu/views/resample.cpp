// Antialiased bicubic resizing of a crop of bytes to planes of floats.
#include "../../common/resample.h"

#include <cstring>

#include "../../common/colour.h"
#include "augment.h"

namespace sluice {
namespace {

// A pixel's three channels, and the first channel of the next pixel, which is not used.
using Four = float __attribute__((vector_size(16)));

}  // namespace

ResampleAxis::ResampleAxis(int64_t inputs, int64_t outputs)
    : capacity(ResampleRule(inputs, outputs).capacity()),
      first(static_cast<size_t>(outputs)),
      count(static_cast<size_t>(outputs)),
      weights(static_cast<size_t>(outputs * capacity)) {}

void ResampleAxis::set(int64_t inputs, int64_t outputs) {
  const ResampleRule rule(inputs, outputs);
  for (int64_t i = 0; i < outputs; ++i) {
    const ResampleSpan span = rule.span(i);
    float* const own = weights.data() + i * capacity;
    const double total = span.total();
    for (int64_t j = span.begin; j < span.end; ++j) own[j - span.begin] = static_cast<float>(span.weight(j) / total);
    first[static_cast<size_t>(i)] = span.begin;
    count[static_cast<size_t>(i)] = span.end - span.begin;
  }
}

// Resizes vertically first, over whole lines of interleaved bytes, then horizontally, with the three channels together.
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
