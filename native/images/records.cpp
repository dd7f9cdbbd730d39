// Reads records, and transposes their columns to rows.
#include "records.h"

#include <immintrin.h>

#include <algorithm>
#include <cstring>

namespace sluice {
namespace {

// Side of a block in pixels: a vector of bytes.
constexpr int64_t block_pixels = 16;

// Transposes sixteen vectors of sixteen bytes.
void transpose(__m128i lines[block_pixels]) {
  constexpr int64_t half = block_pixels / 2;
  for (int round = 0; round < 4; ++round) {
    __m128i mixed[block_pixels];
    for (int64_t i = 0; i < half; ++i) {
      mixed[2 * i] = _mm_unpacklo_epi8(lines[i], lines[i + half]);
      mixed[2 * i + 1] = _mm_unpackhi_epi8(lines[i], lines[i + half]);
    }
    std::copy(mixed, mixed + block_pixels, lines);
  }
}

// Shuffle masks from a vector of one channel to three vectors of sixteen RGB pixels; -128 marks bytes of other
// channels.
struct Spread {
  alignas(16) int8_t from[3][3][16];

  constexpr Spread() : from() {
    for (int part = 0; part < 3; ++part) {
      for (int channel = 0; channel < 3; ++channel) {
        for (int i = 0; i < 16; ++i) {
          const int at = part * 16 + i;
          from[part][channel][i] = at % 3 == channel ? static_cast<int8_t>(at / 3) : int8_t{-128};
        }
      }
    }
  }
};
constexpr Spread spread;

void store_pixels(__m128i red, __m128i green, __m128i blue, uint8_t* target) {
  const __m128i channels[3] = {red, green, blue};
  for (int part = 0; part < 3; ++part) {
    __m128i bytes = _mm_setzero_si128();
    for (int channel = 0; channel < 3; ++channel) {
      const __m128i from = _mm_load_si128(reinterpret_cast<const __m128i*>(spread.from[part][channel]));
      bytes = _mm_or_si128(bytes, _mm_shuffle_epi8(channels[channel], from));
    }
    _mm_storeu_si128(reinterpret_cast<__m128i*>(target + part * 16), bytes);
  }
}

// Transposes a block of sixteen by sixteen pixels.
void turn_block(const uint8_t* planes, int64_t height, int64_t width, int64_t top, int64_t left, uint8_t* pixels) {
  __m128i lines[3][block_pixels];
  for (int64_t channel = 0; channel < 3; ++channel) {
    for (int64_t x = 0; x < block_pixels; ++x) {
      const uint8_t* const column = planes + (channel * width + left + x) * height + top;
      lines[channel][x] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(column));
    }
    transpose(lines[channel]);
  }
  for (int64_t y = 0; y < block_pixels; ++y) {
    store_pixels(lines[0][y], lines[1][y], lines[2][y], pixels + ((top + y) * width + left) * 3);
  }
}

// Transposes the pixels at the edges, which no block covers.
void turn_rest(const uint8_t* planes, int64_t height, int64_t width, const Region& region, uint8_t* pixels) {
  for (int64_t x = region.left; x < region.right(); ++x) {
    for (int64_t y = region.top; y < region.bottom(); ++y) {
      for (int64_t channel = 0; channel < 3; ++channel) {
        pixels[(y * width + x) * 3 + channel] = planes[(channel * width + x) * height + y];
      }
    }
  }
}

void turn_planes(const uint8_t* planes, int64_t height, int64_t width, uint8_t* pixels) {
  const int64_t rows = height / block_pixels * block_pixels, columns = width / block_pixels * block_pixels;
  for (int64_t top = 0; top < rows; top += block_pixels) {
    for (int64_t left = 0; left < columns; left += block_pixels) turn_block(planes, height, width, top, left, pixels);
  }
  turn_rest(planes, height, width, {0, columns, rows, width - columns}, pixels);
  turn_rest(planes, height, width, {rows, 0, height - rows, width}, pixels);
}

}  // namespace

Reason RecordFile::read(int64_t record, uint8_t* pixels, Scratch& scratch) {
  std::call_once(opened_, [&] { reason_ = file_.open(path_.c_str()); });
  if (!reason_.empty()) return reason_;
  const int64_t bytes = 3 * height_ * width_, records = file_.size() / bytes;
  if (record >= records) {
    return "has " + std::to_string(records) + " records of " + std::to_string(bytes) + " bytes, but no record " +
           std::to_string(record);
  }
  uint8_t* const planes = scratch.file.reserve(bytes);
  Reason reason = file_.read(record * bytes, bytes, planes);
  if (reason.empty()) turn_planes(planes, height_, width_, pixels);
  return reason;
}

}  // namespace sluice
