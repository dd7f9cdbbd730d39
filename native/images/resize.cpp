// Antialiased bicubic resizing in integers: each row of the result is summed over rows first, then over columns.
#include "resize.h"

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "../common/resample.h"

namespace sluice {
namespace {

// Fractional bits of the weights, and of the values between the two sums. Bicubic weights reach 1.125, and their
// absolute values add up to 1.25: a value between the sums stays within 20,400, and its weighted sums within 31 bits.
constexpr int weight_bits = 14, value_bits = 6;
constexpr int row_shift = weight_bits - value_bits, column_shift = weight_bits + value_bits;

// Bytes of a row to sum at a time.
constexpr int64_t block_bytes = 32;

// Extra elements after a row of sums, which vectors may read and write.
constexpr int64_t line_slack = 64;

__m256i two_weights(const int16_t* weights) {
  int32_t pair;
  std::memcpy(&pair, weights, sizeof pair);
  return _mm256_set1_epi32(pair);
}

__m256i four_weights(const int16_t* weights) {
  int64_t four;
  std::memcpy(&four, weights, sizeof four);
  return _mm256_set1_epi64x(four);
}

__m256i widened(const uint8_t* bytes) {
  return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
}

// Sums sixteen columns over two rows: pairs (upper, lower) times pairs of weights.
void add_rows(const uint8_t* upper, const uint8_t* lower, __m256i weights, __m256i sums[2]) {
  const __m256i a = widened(upper), b = widened(lower);
  sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), weights));
  sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), weights));
}

void store_sums(const __m256i sums[2], int16_t* target) {
  const __m256i half = _mm256_set1_epi32(1 << (row_shift - 1));
  const __m256i low = _mm256_srai_epi32(_mm256_add_epi32(sums[0], half), row_shift);
  const __m256i high = _mm256_srai_epi32(_mm256_add_epi32(sums[1], half), row_shift);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(target), _mm256_packs_epi32(low, high));
}

void sum_rows(const uint8_t* const* rows, const int16_t* weights, int64_t taps, int64_t bytes, int16_t* line) {
  for (int64_t i = 0; i < bytes; i += block_bytes) {
    __m256i left[2] = {}, right[2] = {};
    for (int64_t tap = 0; tap < taps; tap += 2) {
      const uint8_t *const upper = rows[tap] + i, *const lower = rows[tap + 1] + i;
      const __m256i pair = two_weights(weights + tap);
      add_rows(upper, lower, pair, left);
      add_rows(upper + 16, lower + 16, pair, right);
    }
    store_sums(left, line + i);
    store_sums(right, line + i + 16);
  }
}

// Shuffle mask for two pixels in each half of a vector: pairs the red, green and blue of both.
__m256i pair_order() {
  return _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11, -128, -128, -128, -128));
}

// Sums a pixel over `groups` times four pixels of a line; the lower three bytes are the result.
int32_t sum_pixel(const int16_t* source, const int16_t* weights, int64_t groups) {
  const __m256i halves = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
  __m256i sums = _mm256_setzero_si256();
  for (int64_t group = 0; group < groups; ++group, source += 12, weights += 4) {
    const __m128i first = _mm_loadu_si128(reinterpret_cast<const __m128i*>(source));
    const __m128i second = _mm_loadu_si128(reinterpret_cast<const __m128i*>(source + 6));
    const __m256i pixels = _mm256_shuffle_epi8(_mm256_set_m128i(second, first), pair_order());
    const __m256 four = _mm256_castsi256_ps(four_weights(weights));
    const __m256i scale = _mm256_castps_si256(_mm256_permutevar_ps(four, halves));
    sums = _mm256_add_epi32(sums, _mm256_madd_epi16(pixels, scale));
  }
  const __m128i half = _mm_set1_epi32(1 << (column_shift - 1));
  const __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  const __m128i values = _mm_srai_epi32(_mm_add_epi32(sum, half), column_shift);
  const __m128i words = _mm_packs_epi32(values, values);
  return _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
}

// If `fixed` is not 0 it is the number of groups, so that the compiler unrolls the loop.
template <int64_t fixed>
void sum_columns(const int16_t* line, const ResizeAxis& axis, uint8_t* target) {
  const int64_t taps = axis.taps(), groups = fixed > 0 ? fixed : taps / column_group, last = axis.count() - 1;
  const int64_t* const starts = axis.starts();
  const int16_t* const weights = axis.weights(0);
  for (int64_t x = 0; x < last; ++x) {
    const int32_t pixel = sum_pixel(line + starts[x] * 3, weights + x * taps, groups);
    std::memcpy(target + x * 3, &pixel, 4);  // the next pixel overwrites the fourth byte
  }
  const int32_t pixel = sum_pixel(line + starts[last] * 3, weights + last * taps, groups);
  std::memcpy(target + last * 3, &pixel, 3);
}

void sum_columns(const int16_t* line, const ResizeAxis& axis, uint8_t* target) {
  switch (axis.taps() / column_group) {
    case 1: return sum_columns<1>(line, axis, target);
    case 2: return sum_columns<2>(line, axis, target);
    case 3: return sum_columns<3>(line, axis, target);
    default: return sum_columns<0>(line, axis, target);
  }
}

}  // namespace

void ResizeAxis::set(int64_t first, int64_t last, double begin, double length, int64_t resized, int64_t window,
                     int64_t count, int64_t group) {
  const double scale = length / static_cast<double>(resized), wide = std::max(scale, 1.0);
  starts_.resize(static_cast<size_t>(count));
  unchanged_ = begin == 0.0 && length == static_cast<double>(resized);
  if (unchanged_) {
    begin_ = first + window;
    end_ = begin_ + count;
    taps_ = group;
    weights_.assign(static_cast<size_t>(count * taps_), 0);
    for (int64_t i = 0; i < count; ++i) {
      starts_[static_cast<size_t>(i)] = i;
      weights_[static_cast<size_t>(i * taps_)] = 1 << weight_bits;
    }
    return;
  }

  const auto span = [&](int64_t index) {
    return resample_span(begin + (static_cast<double>(window + index) + 0.5) * scale, wide, last - first);
  };
  int64_t most = 0, lowest = last - first, highest = 0;
  for (int64_t i = 0; i < count; ++i) {
    const ResampleSpan own = span(i);
    most = std::max(most, own.end - own.begin);
    lowest = std::min(lowest, own.begin);
    highest = std::max(highest, own.end);
  }
  begin_ = first + lowest;
  end_ = first + highest;
  taps_ = (most + group - 1) / group * group;
  weights_.assign(static_cast<size_t>(count * taps_), 0);
  exact_.resize(static_cast<size_t>(most));
  for (int64_t i = 0; i < count; ++i) {
    const ResampleSpan own = span(i);
    double total = 0.0;
    for (int64_t j = own.begin; j < own.end; ++j) {
      const double weight = own.weight(j);
      exact_[static_cast<size_t>(j - own.begin)] = weight;
      total += weight;
    }
    // Round the running sum, not each weight: rounded weights would not add up to 1.
    const double unit = static_cast<double>(1 << weight_bits) / total;
    int16_t* const weights = weights_.data() + i * taps_;
    double sum = 0.0;
    int before = 0;
    for (int64_t j = 0; j < own.end - own.begin; ++j) {
      sum += exact_[static_cast<size_t>(j)] * unit;
      const int now = static_cast<int>(std::lrint(sum));
      weights[j] = static_cast<int16_t>(now - before);
      before = now;
    }
    starts_[static_cast<size_t>(i)] = own.begin - lowest;
  }
}

void resize(const Raster& raster, const ResizeAxis& vertical, const ResizeAxis& horizontal, ResizeBuffers& buffers,
            uint8_t* target) {
  const int64_t height = vertical.count(), row_bytes = horizontal.count() * 3;
  if (vertical.unchanged() && horizontal.unchanged()) {
    for (int64_t y = 0; y < height; ++y) {
      std::memcpy(target + y * row_bytes, raster.at(vertical.begin() + y, horizontal.begin()),
                  static_cast<size_t>(row_bytes));
    }
    return;
  }
  const int64_t bytes = (horizontal.end() - horizontal.begin()) * 3;
  buffers.line.resize(static_cast<size_t>(bytes + horizontal.taps() * 3 + line_slack));
  buffers.rows.resize(static_cast<size_t>(vertical.taps()));
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t tap = 0; tap < vertical.taps(); ++tap) {
      // Padding taps have weight 0, but must not read past the last row either.
      const int64_t row = std::min(vertical.begin() + vertical.starts()[y] + tap, vertical.end() - 1);
      buffers.rows[static_cast<size_t>(tap)] = raster.at(row, horizontal.begin());
    }
    sum_rows(buffers.rows.data(), vertical.weights(y), vertical.taps(), bytes, buffers.line.data());
    sum_columns(buffers.line.data(), horizontal, target + y * row_bytes);
  }
}

}  // namespace sluice
