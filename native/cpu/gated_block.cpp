// The gated block at inference: only the channels that each image's mask opens are computed.
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "context.h"
#include "gated_block_kernels.h"
#include "onednn.h"

namespace {

using sluice::FirstConvolution;
using sluice::gated_block_ahead;
using sluice::gated_block_group;
using sluice::GatedBlockKernels;
using sluice::SecondConvolution;

// AVX-512 where oneDNN would use it too: its ONEDNN_MAX_CPU_ISA then governs every kernel of the library.
const GatedBlockKernels& kernels() {
  static const bool wide = sluice::onednn_supports(dnnl::cpu_isa::avx512_core);
  return wide ? sluice::gated_block_avx512 : sluice::gated_block_avx2;
}

int64_t pieces(int64_t n, int64_t size) { return (n + size - 1) / size; }

// Floats between the hidden maps of two channels. Large maps are set an odd number of cache lines apart: a multiple of
// 4 KiB, as 32x32 has, would put the same pixel of every channel in the same cache set.
int64_t hidden_plane(int64_t pixels) {
  constexpr int64_t line = 16, large = 16 * line;
  return pixels < large ? pixels : (pieces(pixels, line) | 1) * line;
}

// Weights up to this size are left to a core's own cache, which holds 1 MiB or more on recent processors.
constexpr int64_t cached_bytes = 768 << 10;

// The most images that one thread takes through a block together.
constexpr int64_t most_together = 8;

struct Block {
  sl_gated_block_shape shape;
  int64_t out_height, out_width, plane;
  const float *x, *mask, *weights1, *scale1, *shift1, *packed2, *scale2, *shift2, *residual;
  float* y;

  int64_t groups() const { return pieces(shape.channels, gated_block_group); }
  int64_t first_weight_bytes() const { return int64_t{36} * shape.channels * shape.in_channels; }
  int64_t second_weight_bytes() const { return int64_t{36} * shape.channels * shape.channels; }
};

// An image in work: its list of open channels, their hidden maps.
class Image {
 public:
  static int64_t list_length(const Block& block) { return block.shape.channels + gated_block_ahead; }
  static int64_t hidden_length(const Block& block) { return block.shape.channels * block.plane; }

  // Takes the slot's part of the scratch buffers and lists the open channels there, ascending.
  Image(const Block& block, int64_t image, int64_t slot, float* hidden, int32_t* open)
      : block_(&block),
        image_(image),
        hidden_(hidden + slot * hidden_length(block)),
        open_(open + slot * list_length(block)) {
    const int32_t channels = block.shape.channels;
    const float* mask = block.mask + image * channels;
    for (int32_t channel = 0; channel < channels; ++channel) {
      open_[count_] = channel;
      count_ += mask[channel] != 0.0f ? 1 : 0;
    }
    for (int64_t i = 0; i < gated_block_ahead; ++i) open_[count_ + i] = count_ == 0 ? 0 : open_[i] + channels;
  }

  int64_t count() const { return count_; }
  // The first entry of the list that is `channel` or above.
  int64_t entry_of(int64_t channel) const { return std::lower_bound(open_, open_ + count_, channel) - open_; }

  FirstConvolution first() const {
    const Block& b = *block_;
    const float* image_x = b.x + image_ * b.shape.height * b.shape.width * b.shape.in_channels;
    return {image_x,    b.shape.height, b.shape.width, b.shape.in_channels, b.shape.stride, b.out_height, b.out_width,
            b.weights1, b.scale1,       b.shift1,      open_,               hidden_,        b.plane};
  }

  SecondConvolution second() const {
    const Block& b = *block_;
    const int64_t at = image_ * b.out_height * b.out_width * b.shape.channels;
    return {hidden_,   b.plane,  open_,    count_,          b.out_height, b.out_width, b.shape.channels,
            b.packed2, b.scale2, b.shift2, b.residual + at, b.y + at};
  }

 private:
  const Block* block_;
  int64_t image_;
  float* hidden_;
  int32_t* open_;
  int64_t count_ = 0;
};

// How many images a thread takes together. Weights that outgrow a core's cache are then read in pieces that fit it,
// each for all of the images, instead of whole for each image.
int64_t images_together(const Block& block, int threads) {
  if (block.first_weight_bytes() + block.second_weight_bytes() <= cached_bytes) return 1;
  const int64_t rounds = pieces(block.shape.batch, most_together * threads);
  return pieces(block.shape.batch, rounds * threads);
}

// Many images: each is one thread's from beginning to end. What an image costs depends on its mask, so threads take the
// next ones when they are ready; which thread computes an image does not show in the result.
void forward_images(const Block& block, int threads, int64_t together, float* hidden, int32_t* open) {
  const GatedBlockKernels& kernel = kernels();
  const int64_t batch = block.shape.batch, channels = block.shape.channels, groups = block.groups();
  const int64_t weight_pieces = together == 1 ? 1 : pieces(block.first_weight_bytes() + 1, cached_bytes);
  const int64_t channels_at_once = pieces(channels, weight_pieces), groups_at_once = together == 1 ? groups : 1;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (int64_t begin = 0; begin < batch; begin += together) {
    std::array<std::optional<Image>, most_together> images;
    const int64_t taken = std::min(together, batch - begin);
    for (int64_t i = 0; i < taken; ++i) {
      images[i].emplace(block, begin + i, omp_get_thread_num() * together + i, hidden, open);
    }
    for (int64_t channel = 0; channel < channels; channel += channels_at_once) {
      for (int64_t i = 0; i < taken; ++i) {
        const int64_t first = images[i]->entry_of(channel), last = images[i]->entry_of(channel + channels_at_once);
        kernel.first(images[i]->first(), first, last, 0, block.out_height);
      }
    }
    for (int64_t group = 0; group < groups; group += groups_at_once) {
      for (int64_t i = 0; i < taken; ++i) {
        kernel.second(images[i]->second(), group, group + groups_at_once, 0, block.out_height);
      }
    }
  }
}

// Few images: threads share each of them, in pieces of channels and rows.
void forward_pieces(const Block& block, int threads, float* hidden, int32_t* open) {
  constexpr int64_t pieces_a_thread = 4;  // so that the last piece to end does not keep others waiting long
  const GatedBlockKernels& kernel = kernels();
  const int64_t batch = block.shape.batch, height = block.out_height, groups = block.groups();
  std::vector<Image> images;
  int64_t most_open = 0;
  for (int64_t image = 0; image < batch; ++image) {
    images.emplace_back(block, image, image, hidden, open);
    most_open = std::max(most_open, images.back().count());
  }
  // Channels are cut first, since pieces of channels read different weights, then rows.
  const int64_t wanted = pieces(pieces_a_thread * threads, batch), tiles = pieces(most_open, kernel.first_channels);
  const int64_t cuts = std::min(tiles, wanted), cut = cuts == 0 ? 0 : pieces(tiles, cuts) * kernel.first_channels;
  const int64_t first_rows = std::min(height, pieces(wanted, std::max<int64_t>(cuts, 1)));
  const int64_t second_rows = std::min(height, pieces(wanted, groups));
#pragma omp parallel num_threads(threads)
  {
#pragma omp for schedule(dynamic, 1)
    for (int64_t piece = 0; piece < batch * cuts * first_rows; ++piece) {
      const Image& image = images[piece / (cuts * first_rows)];
      const int64_t begin = piece / first_rows % cuts * cut, row = piece % first_rows;
      kernel.first(image.first(), std::min(begin, image.count()), std::min(begin + cut, image.count()),
                   row * height / first_rows, (row + 1) * height / first_rows);
    }
#pragma omp for schedule(dynamic, 1)
    for (int64_t piece = 0; piece < batch * groups * second_rows; ++piece) {
      const Image& image = images[piece / (groups * second_rows)];
      const int64_t group = piece / second_rows % groups, row = piece % second_rows;
      kernel.second(image.second(), group, group + 1, row * height / second_rows, (row + 1) * height / second_rows);
    }
  }
}

}  // namespace

SL_API int32_t sl_gated_block_pack(sl_context* context, int32_t channels, const float* weights2, float* packed2) {
  SL_REQUIRE(context != nullptr, "sl_gated_block_pack: context is null");
  SL_REQUIRE(channels >= 0, "sl_gated_block_pack: channels %d is negative", channels);
  if (channels == 0) return SL_OK;
  SL_REQUIRE(weights2 != nullptr && packed2 != nullptr, "sl_gated_block_pack: a buffer is null (channels %d)",
             channels);
  const int64_t count = channels, taps = 9;
  sluice::parallel_for(context->threads, count, 8, [&](int64_t begin, int64_t end) {
    for (int64_t output = begin; output < end; ++output) {
      const int64_t group = output / gated_block_group * gated_block_group;
      const int64_t width = std::min(gated_block_group, count - group);
      float* column = packed2 + group * taps * count + (output - group);
      const float* row = weights2 + output * taps * count;
      for (int64_t k = 0; k < taps * count; ++k) column[k * width] = row[k];
    }
  });
  return SL_OK;
}

SL_API int32_t sl_gated_block_forward(sl_context* context, const sl_gated_block_shape* host_shape, const float* x,
                                      const float* mask, const float* weights1, const float* scale1,
                                      const float* shift1, const float* packed2, const float* scale2,
                                      const float* shift2, const float* residual, float* y) {
  SL_REQUIRE(context != nullptr && host_shape != nullptr, "sl_gated_block_forward: context or shape is null");
  const sl_gated_block_shape s = *host_shape;
#define SL_BLOCK "x [%d,%d,%d,%d], channels %d, stride %d"
#define SL_BLOCK_VALUES s.batch, s.height, s.width, s.in_channels, s.channels, s.stride
  SL_REQUIRE(s.batch >= 0 && s.height >= 0 && s.width >= 0 && s.in_channels >= 0 && s.channels >= 0,
             "sl_gated_block_forward: a size is negative (" SL_BLOCK ")", SL_BLOCK_VALUES);
  SL_REQUIRE(s.stride >= 1, "sl_gated_block_forward: the stride is below 1 (" SL_BLOCK ")", SL_BLOCK_VALUES);
  if (s.batch == 0 || s.height == 0 || s.width == 0 || s.channels == 0) return SL_OK;
  SL_REQUIRE(s.in_channels == 0 || (x != nullptr && weights1 != nullptr),
             "sl_gated_block_forward: x or weights1 is null (" SL_BLOCK ")", SL_BLOCK_VALUES);
  SL_REQUIRE(mask != nullptr && scale1 != nullptr && shift1 != nullptr && packed2 != nullptr && scale2 != nullptr &&
                 shift2 != nullptr && residual != nullptr && y != nullptr,
             "sl_gated_block_forward: a buffer is null (" SL_BLOCK ")", SL_BLOCK_VALUES);
  SL_BEGIN
  const int64_t out_height = (s.height - 1) / s.stride + 1, out_width = (s.width - 1) / s.stride + 1;
  const Block block{s,      out_height, out_width, hidden_plane(out_height * out_width),
                    x,      mask,       weights1,  scale1, shift1, packed2,
                    scale2, shift2,     residual,  y};
  const int threads = context->threads;
  const bool whole_images = threads == 1 || s.batch >= 2 * threads;
  const int64_t together = whole_images ? images_together(block, threads) : 1;
  const int64_t slots = whole_images ? threads * together : s.batch;
  const sluice::Scratch hidden(context->allocator, slots * Image::hidden_length(block) * int64_t{sizeof(float)});
  const sluice::Scratch open(context->allocator, slots * Image::list_length(block) * int64_t{sizeof(int32_t)});
  if (!hidden || !open) {
    return sluice::fail(SL_ERROR_OUT_OF_MEMORY, "sl_gated_block_forward: no memory for the hidden maps (" SL_BLOCK ")",
                        SL_BLOCK_VALUES);
  }
  if (whole_images) {
    forward_images(block, threads, together, hidden.get<float>(), open.get<int32_t>());
  } else {
    forward_pieces(block, threads, hidden.get<float>(), open.get<int32_t>());
  }
#undef SL_BLOCK
#undef SL_BLOCK_VALUES
  SL_END("sl_gated_block_forward")
  return SL_OK;
}
