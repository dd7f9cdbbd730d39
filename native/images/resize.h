// Resizes 8-bit images, and computes only the wanted window of the result.
#pragma once

#include <cstdint>
#include <vector>

#include "picture.h"

namespace sluice {

// An axis of a frame: the source pixels and weights of each wanted pixel.
class ResizeAxis {
 public:
  // The crop has `length` pixels and begins at `begin`, counted from `first`. It reads only pixels `first` to `last`
  // - 1 of the image. It is resized to `resized` pixels, of which `count` are wanted, beginning at `window`. Taps are
  // padded with zero weights to a multiple of `group`.
  void set(int64_t first, int64_t last, double begin, double length, int64_t resized, int64_t window, int64_t count,
           int64_t group);

  // The range of image pixels that is read.
  int64_t begin() const { return begin_; }
  int64_t end() const { return end_; }

  int64_t count() const { return static_cast<int64_t>(starts_.size()); }
  int64_t taps() const { return taps_; }
  // The first source pixel of each wanted pixel, counted from begin(), and the weights of the pixels from there on.
  const int64_t* starts() const { return starts_.data(); }
  const int16_t* weights(int64_t index) const { return weights_.data() + index * taps_; }
  // Whether the wanted pixels equal those of the image, without resizing.
  bool unchanged() const { return unchanged_; }

 private:
  int64_t begin_ = 0, end_ = 0, taps_ = 0;
  bool unchanged_ = false;
  std::vector<int64_t> starts_;
  std::vector<int16_t> weights_;
  std::vector<double> exact_;
};

constexpr int64_t row_group = 2, column_group = 4;

// Buffers for a row of sums, and for the rows that it is summed from.
struct ResizeBuffers {
  std::vector<int16_t> line;
  std::vector<const uint8_t*> rows;
};

// Writes interleaved RGB to `target`, [vertical.count(), horizontal.count(), 3]. The axes must have been set with
// row_group and column_group. May read buffer_slack bytes after the raster's last byte.
void resize(const Raster& raster, const ResizeAxis& vertical, const ResizeAxis& horizontal, ResizeBuffers& buffers,
            uint8_t* target);

}  // namespace sluice
