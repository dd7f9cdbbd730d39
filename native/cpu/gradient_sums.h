// Weights' gradients as sums of products over runs of tiles, spread over threads.
#pragma once

#include <new>

#include "context.h"

namespace sluice {

// Output channels that are computed together; numbers of channels are multiples of 16.
constexpr int64_t channel_group(int64_t channels) { return channels % 64 == 0 ? 64 : channels % 32 == 0 ? 32 : 16; }

// Elements between planes of that many, which are written or read side by side: an odd number of cache lines, so that
// the same place of every plane does not fall in the same few cache sets.
constexpr int64_t plane_of(int64_t elements, int64_t element_bytes) {
  const int64_t line = 64 / element_bytes;
  return ((elements + line - 1) / line | 1) * line;
}

// Likewise for rows of which a product reads a part of each: short ones are read whole.
constexpr int64_t row_of(int64_t elements, int64_t element_bytes) {
  return elements * element_bytes < 512 ? elements : plane_of(elements, element_bytes);
}

// What is multiplied for a run of tiles: v from the inputs, w from the output's gradients, each [position][tile]
// [channel], or for bf16 [position][pair of tiles][channel][2].
struct GradientOperands {
  void *v, *w;
  int64_t v_plane, w_plane;  // elements between one position and the next
  int64_t v_row, w_row;      // elements between one tile, or pair of tiles, and the next
};

struct GradientShape {
  int64_t positions, w_positions;  // of v and of the sums; of w
  int64_t tiles, in_channels, out_channels;
  int32_t dtype;
};

// sums [position][output channel][input channel] = the products of v and w over all tiles. Throws std::bad_alloc.
class GradientSums {
 public:
  GradientSums(sl_context* context, const GradientShape& shape)
      : context_(context),
        shape_(shape),
        sums_size_(shape.positions * shape.in_channels * shape.out_channels),
        teams_(context->threads * sums_size_ <= most_sums ? context->threads : 1),
        together_(tiles_together()),
        joined_(shape.dtype == SL_BF16 ? 2 : 1),
        v_row_(row_of(joined_ * shape.in_channels, element_bytes(shape.dtype))),
        w_row_(row_of(joined_ * shape.out_channels, element_bytes(shape.dtype))),
        v_plane_(plane_of(together_ / joined_ * v_row_, element_bytes(shape.dtype))),
        w_plane_(plane_of(together_ / joined_ * w_row_, element_bytes(shape.dtype))),
        v_bytes_(shape.positions * v_plane_ * element_bytes(shape.dtype)),
        w_bytes_(shape.w_positions * w_plane_ * element_bytes(shape.dtype)),
        v_(context->allocator, teams_ * v_bytes_),
        w_(context->allocator, teams_ * w_bytes_),
        sums_(context->allocator, teams_ * sums_size_ * static_cast<int64_t>(sizeof(float))) {
    if (!v_ || !w_ || !sums_) throw std::bad_alloc();
  }

  // transform(first, begin, end, operands) fills the tiles [begin, end) of the operands, even numbers, from the tiles
  // [first + begin, first + end), with zeros where there are none. multiply(operands, tiles, position, channel, sums)
  // adds a group of output channels to `sums`, [position][output channel][input channel].
  template <typename Transform, typename Multiply>
  void compute(const Transform& transform, const Multiply& multiply) {
    if (teams_ == 1) {
      together(transform, multiply);
    } else {
      apart(transform, multiply);
    }
  }

  const float* result() const { return sums_.get<float>(); }

 private:
  // Floats of sums that all threads may have together.
  static constexpr int64_t most_sums = int64_t{1} << 22;

  static int64_t even(int64_t n) { return (n + 1) / 2 * 2; }

  // Tiles whose operands are held at once: few channels leave room for many tiles in a core's own cache; with many,
  // each run of tiles must be worth the pass over the sums.
  int64_t tiles_together() const {
    constexpr int64_t cached_bytes = int64_t{1} << 19, worthwhile = 128;
    const int64_t elements = shape_.positions * shape_.in_channels + shape_.w_positions * shape_.out_channels;
    const int64_t share = (shape_.tiles + teams_ - 1) / teams_;
    return even(std::min(std::max(cached_bytes / (elements * element_bytes(shape_.dtype)), worthwhile), share));
  }

  GradientOperands operands(int64_t team) const {
    return {v_.get<char>() + team * v_bytes_, w_.get<char>() + team * w_bytes_, v_plane_, w_plane_, v_row_, w_row_};
  }

  // Positions by groups of output channels.
  int64_t units() const { return shape_.positions * (shape_.out_channels / channel_group(shape_.out_channels)); }

  template <typename Multiply>
  void multiply_unit(const Multiply& multiply, int64_t team, int64_t tiles, int64_t unit) const {
    const int64_t channel = unit / shape_.positions * channel_group(shape_.out_channels);
    multiply(operands(team), tiles, unit % shape_.positions, channel, sums_.get<float>() + team * sums_size_);
  }

  // Threads share the sums, and each run of tiles: first its operands, then its products. A position's sums are formed
  // in the order of its tiles, whatever the threads.
  template <typename Transform, typename Multiply>
  void together(const Transform& transform, const Multiply& multiply) {
    float* const sums = sums_.get<float>();
    parallel_for(context_->threads, sums_size_, 65536,
                 [=](int64_t begin, int64_t end) { std::fill(sums + begin, sums + end, 0.0f); });
    for (int64_t first = 0; first < shape_.tiles; first += together_) {
      const int64_t count = even(std::min(together_, shape_.tiles - first));
      parallel_for(context_->threads, count, 8,
                   [&](int64_t begin, int64_t end) { transform(first, begin, end, operands(0)); });
      parallel_for(context_->threads, units(), 1,
                   [&](int64_t unit, int64_t) { multiply_unit(multiply, 0, count, unit); });
    }
  }

  // Each thread has tiles and sums of its own, so that nothing passes between their caches until the end.
  template <typename Transform, typename Multiply>
  void apart(const Transform& transform, const Multiply& multiply) {
    const int64_t runs = (shape_.tiles + together_ - 1) / together_;
    parallel_for(context_->threads, teams_, 1, [&](int64_t team, int64_t) {
      float* const sums = sums_.get<float>() + team * sums_size_;
      std::fill(sums, sums + sums_size_, 0.0f);
      for (int64_t run = team * runs / teams_; run < (team + 1) * runs / teams_; ++run) {
        const int64_t first = run * together_, count = even(std::min(together_, shape_.tiles - first));
        transform(first, 0, count, operands(team));
        for (int64_t unit = 0; unit < units(); ++unit) multiply_unit(multiply, team, count, unit);
      }
    });
    parallel_for(context_->threads, sums_size_, 16384, [&](int64_t begin, int64_t end) {
      float* const total = sums_.get<float>();
      for (int64_t team = 1; team < teams_; ++team) {
        const float* const sums = total + team * sums_size_;
        for (int64_t i = begin; i < end; ++i) total[i] += sums[i];
      }
    });
  }

  sl_context* context_;
  GradientShape shape_;
  int64_t sums_size_, teams_, together_, joined_, v_row_, w_row_, v_plane_, w_plane_, v_bytes_, w_bytes_;
  Scratch v_, w_, sums_;
};

}  // namespace sluice
