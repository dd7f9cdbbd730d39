// Joins rows of few channels into rows that are long enough for vector code.
#pragma once

#include <algorithm>
#include <cstdint>

#include "lanes.h"

namespace sluice {

// The distance, in floats, from one thread's scratch to the next: whole cache lines.
inline int64_t padded_floats(int64_t n) { return (n + 15) / 16 * 16; }

// Treats `repeat` rows of `channels` elements as one row of `width`, whose element i belongs to channel i mod channels.
// A row of 16 channels is a loop over two vectors; four such rows are one loop over eight vectors.
struct WideRows {
  int64_t channels, repeat, width;

  // Joins at most `rows` rows, and none if a single row is long enough.
  WideRows(int64_t channels_, int64_t rows) : channels(channels_), repeat(1) {
    constexpr int64_t enough = 64, vector = 8;
    if (channels > 0 && channels < enough) {
      repeat = (enough + channels - 1) / channels;
      while ((repeat * channels) % vector != 0) ++repeat;
      repeat = std::max<int64_t>(1, std::min(repeat, rows));
    }
    width = repeat * channels;
  }

  // Repeats the values of the channels until they fill the row.
  void widen(const float* narrow, float* wide) const {
    for (int64_t copy = 0; copy < repeat; ++copy) std::copy(narrow, narrow + channels, wide + copy * channels);
  }

  // Adds the lanes of channel c to narrow[c].
  template <typename Lane>
  void fold(const Lane* wide, double* narrow) const {
    for (int64_t copy = 0; copy < repeat; ++copy) {
      for (int64_t channel = 0; channel < channels; ++channel) narrow[channel] += wide[copy * channels + channel];
    }
  }
};

// Cuts each of `images` blocks of `rows` rows into segments of about 2^15 elements, the unit of work and of partial
// sums. The borders depend on the sizes alone.
struct Segments {
  int64_t rows, segment_rows, per_image, count;

  Segments(int64_t images, int64_t rows_, int64_t channels)
      : rows(rows_), segment_rows(std::max<int64_t>(32, 32768 / std::max<int64_t>(channels, 1))) {
    per_image = (rows + segment_rows - 1) / segment_rows;
    count = images * per_image;
  }
  int64_t image(int64_t segment) const { return segment / per_image; }
  int64_t first_row(int64_t segment) const { return image(segment) * rows + (segment % per_image) * segment_rows; }
  int64_t length(int64_t segment) const { return std::min(segment_rows, rows - (segment % per_image) * segment_rows); }
};

// Taking four rows at a time reads and writes the lanes once instead of four times. The rows must lie within a
// kilobyte: further apart, the processor does not recognise one stream, and memory delivers a third of its speed
// (measured).
inline int64_t rows_at_once(int64_t width) { return width <= 64 ? 4 : 1; }

// Adds n elements, starting at channel 0, to two rows of f32 lanes. terms(i, lane, a, b) sets a and b, both Eight or
// One, to the addends of the elements from i on.
template <typename Terms>
inline void accumulate_pairs(int64_t width, int64_t n, float* first, float* second, const Terms& terms) {
  int64_t begin = 0;
  for (; rows_at_once(width) == 4 && begin + 4 * width <= n; begin += 4 * width) {
    for_lanes(width, [&](auto kind, int64_t lane) {
      decltype(kind) a[4], b[4];
      for (int64_t row = 0; row < 4; ++row) terms(begin + lane + row * width, lane, a[row], b[row]);
      (kind.load(first + lane) + ((a[0] + a[1]) + (a[2] + a[3]))).store(first + lane);
      (kind.load(second + lane) + ((b[0] + b[1]) + (b[2] + b[3]))).store(second + lane);
    });
  }
  for (; begin < n; begin += width) {
    for_lanes(std::min(width, n - begin), [&](auto kind, int64_t lane) {
      decltype(kind) a, b;
      terms(begin + lane, lane, a, b);
      (kind.load(first + lane) + a).store(first + lane);
      (kind.load(second + lane) + b).store(second + lane);
    });
  }
}

// Like accumulate_pairs, with one row of any lane type. term(i) is the addend of element i.
template <typename Lane, typename Term>
inline void accumulate_lanes(int64_t width, int64_t n, Lane* __restrict lanes, const Term& term) {
  int64_t begin = 0;
  for (; rows_at_once(width) == 4 && begin + 4 * width <= n; begin += 4 * width) {
#pragma omp simd
    for (int64_t lane = 0; lane < width; ++lane) {
      const int64_t i = begin + lane;
      lanes[lane] += (static_cast<Lane>(term(i)) + static_cast<Lane>(term(i + width))) +
                     (static_cast<Lane>(term(i + 2 * width)) + static_cast<Lane>(term(i + 3 * width)));
    }
  }
  for (; begin < n; begin += width) {
    const int64_t count = std::min(width, n - begin);
#pragma omp simd
    for (int64_t lane = 0; lane < count; ++lane) lanes[lane] += static_cast<Lane>(term(begin + lane));
  }
}

}  // namespace sluice
