// The affine map of batch norm, rounded alike in forward and backward, and the mask of each image.
#pragma once

#include <cmath>

#include "../common/norm_checks.h"
#include "packs.h"

namespace sluice {

// Arrays over all channels.
struct NormParameters {
  const float *mean, *rstd, *gamma, *beta;
};

// v = x * scale + shift with scale = gamma * rstd and shift = beta - mean * scale, for n channels. Both directions
// round it alike, so that both see the same sign of v in relu.
template <int n>
struct NormAffine {
  float scale[n], shift[n];

  __device__ NormAffine(const NormParameters& parameters, int64_t channel) {
    each_of<n>(parameters.gamma + channel, [&](int k, float gamma) { scale[k] = gamma; });
    each_of<n>(parameters.rstd + channel, [&](int k, float rstd) { scale[k] *= rstd; });
    each_of<n>(parameters.beta + channel, [&](int k, float beta) { shift[k] = beta; });
    each_of<n>(parameters.mean + channel, [&](int k, float mean) { shift[k] = fmaf(-mean, scale[k], shift[k]); });
  }
  __device__ float operator()(int k, float x) const { return fmaf(x, scale[k], shift[k]); }
};

// [v > 0] of n neighbouring channels for relu after a residual, in the layout of sl_norm_apply. Channels that a thread
// takes together are packed, and a single channel has its byte: see with_norm_packs.
template <int n>
struct Signs {
  using Word = std::conditional_t<n == 8, uint16_t, uint8_t>;
  static_assert(n == 1 || n == 4 || n == 8);

  Word word = 0;

  __device__ static constexpr int bit(int k) { return k % 4 + k / 4 * 8; }
  __device__ static const Word* at(const uint8_t* signs, int64_t i) {
    return reinterpret_cast<const Word*>(signs + (n == 1 ? i : i / 4));
  }
  __device__ static Signs load(const uint8_t* signs, int64_t i) { return {*at(signs, i)}; }
  __device__ void store(uint8_t* signs, int64_t i) const { *const_cast<Word*>(at(signs, i)) = word; }
  __device__ bool operator[](int k) const { return (word >> bit(k) & 1) != 0; }
  __device__ void set(int k, bool positive) { word = static_cast<Word>(word | (positive ? 1 : 0) << bit(k)); }
};

// Like with_packs for the arrays of a norm. A thread takes a single channel if each has its own byte of signs.
template <typename T, typename Body>
void with_norm_packs(int64_t channels, const uint8_t* signs, std::initializer_list<const void*> addresses,
                     const Body& body) {
  if (signs != nullptr && !are_signs_packed(channels)) {
    body(std::integral_constant<int, 1>{});
  } else {
    with_packs<T>(channels, addresses, body);
  }
}

// The mask of n channels in the image of a row, out of the masks [images, channels]. Rows must come in ascending order.
// All 1 if there is no mask.
template <int n>
class NormMask {
 public:
  __device__ NormMask(const float* mask, int64_t pixels, int64_t channels, const Place& place)
      : pixels_(pixels), channels_(channels) {
    if (mask == nullptr) {
      for (float& open : open_) open = 1.0f;
      return;
    }
    const int64_t image = place.first / pixels;
    end_ = (image + 1) * pixels;
    at_ = mask + image * channels + place.channel;
    read();
  }

  // Moves to a row; true if the mask changed.
  __device__ bool move_to(int64_t row) {
    if (at_ == nullptr || row < end_) return false;
    while (row >= end_) {
      end_ += pixels_;
      at_ += channels_;
    }
    read();
    return true;
  }
  __device__ float operator[](int k) const { return open_[k]; }

 private:
  __device__ void read() {
    each_of<n>(at_, [&](int k, float open) { open_[k] = open; });
  }

  const float* at_ = nullptr;
  int64_t end_ = 0, pixels_, channels_;
  float open_[n];
};

}  // namespace sluice
