// The weights' gradient as a sum of products over runs of tiles, spread over threads.
#pragma once

#include "context.h"

namespace sluice {

// Output channels that are computed together. The number of channels is a multiple of 16.
constexpr int64_t channel_group(int64_t channels) { return channels % 64 == 0 ? 64 : channels % 32 == 0 ? 32 : 16; }

// The distance, in elements, between planes of `elements` that are read or written side by side: an odd number of cache
// lines, so that the same offset in every plane does not fall into the same few cache sets.
constexpr int64_t plane_of(int64_t elements, int64_t element_bytes) {
  const int64_t line = 64 / element_bytes;
  return ((elements + line - 1) / line | 1) * line;
}

// The same for rows, if a product reads only a part of each row. A short row is read whole and needs no padding.
constexpr int64_t row_of(int64_t elements, int64_t element_bytes) {
  return elements * element_bytes < 512 ? elements : plane_of(elements, element_bytes);
}

// The factors of a run of tiles: v from the inputs, w from the output's gradients, each [position][tile][channel], or
// [position][pair of tiles][channel][2] in bf16. A caller may order the elements of a plane differently.
struct GradientOperands {
  void *v, *w;
  int64_t v_plane, w_plane;  // elements from one position to the next
  int64_t v_row, w_row;      // elements from one tile, or pair of tiles, to the next
};

struct GradientShape {
  int64_t positions, w_positions;  // of v and the sums; of w
  int64_t tiles, step;             // operands have whole steps of tiles, an even number
  int64_t in_channels, out_channels;
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
        v_(context, teams_ * v_bytes_),
        w_(context, teams_ * w_bytes_),
        sums_(context, teams_ * sums_size_ * static_cast<int64_t>(sizeof(float))) {}

  // transform(first, begin, end, operands) fills the operands' tiles [begin, end), whole steps, from the tiles [first +
  // begin, first + end); tiles beyond the last become zeros. multiply(operands, tiles, position, channel, sums) adds a
  // group of output channels to `sums`, [position][output channel][input channel].
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
  // The most floats of sums, over all threads.
  static constexpr int64_t most_sums = int64_t{1} << 22;

  int64_t whole_steps(int64_t n) const { return (n + shape_.step - 1) / shape_.step * shape_.step; }

  // The tiles of a run, whose operands are held at once. With few channels, many tiles fit into a core's cache; with
  // many channels, a run must have enough tiles to pay for the pass over the sums.
  int64_t tiles_together() const {
    constexpr int64_t cached_bytes = int64_t{1} << 19, worthwhile = 128;
    const int64_t elements = shape_.positions * shape_.in_channels + shape_.w_positions * shape_.out_channels;
    const int64_t share = (shape_.tiles + teams_ - 1) / teams_;
    return whole_steps(std::min(std::max(cached_bytes / (elements * element_bytes(shape_.dtype)), worthwhile), share));
  }

  GradientOperands operands(int64_t team) const {
    return {v_.get<char>() + team * v_bytes_, w_.get<char>() + team * w_bytes_, v_plane_, w_plane_, v_row_, w_row_};
  }

  // Units of work: positions times groups of output channels.
  int64_t units() const { return shape_.positions * (shape_.out_channels / channel_group(shape_.out_channels)); }

  template <typename Multiply>
  void multiply_unit(const Multiply& multiply, int64_t team, int64_t tiles, int64_t unit) const {
    const int64_t channel = unit / shape_.positions * channel_group(shape_.out_channels);
    multiply(operands(team), tiles, unit % shape_.positions, channel, sums_.get<float>() + team * sums_size_);
  }

  // The threads share the sums and work on the same run of tiles: first on its operands, then on its products. A
  // position's sums follow the order of its tiles, for any number of threads.
  template <typename Transform, typename Multiply>
  void together(const Transform& transform, const Multiply& multiply) {
    float* const sums = sums_.get<float>();
    parallel_for(context_->threads, sums_size_, 65536,
                 [=](int64_t begin, int64_t end) { std::fill(sums + begin, sums + end, 0.0f); });
    for (int64_t first = 0; first < shape_.tiles; first += together_) {
      const int64_t count = whole_steps(std::min(together_, shape_.tiles - first));
      parallel_for(context_->threads, count, std::max<int64_t>(8, shape_.step),
                   [&](int64_t begin, int64_t end) { transform(first, begin, end, operands(0)); });
      parallel_for(context_->threads, units(), 1,
                   [&](int64_t unit, int64_t) { multiply_unit(multiply, 0, count, unit); });
    }
  }

  // Each thread has its own tiles and sums, so that nothing passes between the cores' caches before the end.
  template <typename Transform, typename Multiply>
  void apart(const Transform& transform, const Multiply& multiply) {
    const int64_t runs = (shape_.tiles + together_ - 1) / together_;
    parallel_for(context_->threads, teams_, 1, [&](int64_t team, int64_t) {
      float* const sums = sums_.get<float>() + team * sums_size_;
      std::fill(sums, sums + sums_size_, 0.0f);
      for (int64_t run = team * runs / teams_; run < (team + 1) * runs / teams_; ++run) {
        const int64_t first = run * together_, count = whole_steps(std::min(together_, shape_.tiles - first));
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
  RequiredScratch v_, w_, sums_;
};

}  // namespace sluice
