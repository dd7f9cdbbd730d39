// Resizing bytes to bytes, of which only a window may be wanted.
#pragma once

#include <cstdint>
#include <vector>

#include "picture.h"

namespace sluice {

// One axis of a frame: which pixels of the image the wanted ones are made of.
class ResizeAxis {
 public:
  // The crop is `length` long and begins `begin` into the pixels `first` to `last` - 1 of the image, all that it may
  // read. Of the `resized` pixels that it becomes, `count` are wanted from `window` on. Taps are padded to a multiple
  // of `group` with weights of zero.
  void set(int64_t first, int64_t last, double begin, double length, int64_t resized, int64_t window, int64_t count,
           int64_t group);

  // Pixels of the image that are read, all in all.
  int64_t begin() const { return begin_; }
  int64_t end() const { return end_; }

  int64_t count() const { return static_cast<int64_t>(starts_.size()); }
  int64_t taps() const { return taps_; }
  // The first pixel that each wanted one is made of, counted from begin(), and the weights from there on.
  const int64_t* starts() const { return starts_.data(); }
  const int16_t* weights(int64_t index) const { return weights_.data() + index * taps_; }
  // Whether the wanted pixels are those of the image.
  bool unchanged() const { return unchanged_; }

 private:
  int64_t begin_ = 0, end_ = 0, taps_ = 0;
  bool unchanged_ = false;
  std::vector<int64_t> starts_;
  std::vector<int16_t> weights_;
  std::vector<double> exact_;
};

constexpr int64_t row_group = 2, column_group = 4;

// Memory for a row of sums, and the rows that it is summed from.
struct ResizeBuffers {
  std::vector<int16_t> line;
  std::vector<const uint8_t*> rows;
};

// Interleaved RGB into `target`, [vertical.count(), horizontal.count(), 3]. The axes were set with row_group and
// column_group; behind the raster's last byte buffer_slack more may be read.
void resize(const Raster& raster, const ResizeAxis& vertical, const ResizeAxis& horizontal, ResizeBuffers& buffers,
            uint8_t* target);

}  // namespace sluice
