// The gated bottleneck at inference: only the channels that each image's two masks open are computed.
#include <algorithm>
#include <numeric>
#include <vector>

#include "gated_bottleneck_image.h"

namespace {

using sluice::Bottleneck;
using sluice::BottleneckImage;
using sluice::BottleneckOperands;
using sluice::FirstConvolution;
using sluice::gated_block_kernels;
using sluice::GatedBottleneckText;
using sluice::is_empty;
using sluice::padded;
using sluice::pieces;

// Weights of this size stay in a core's own cache, with room for the maps that pass over them.
constexpr int64_t cached_floats = 96 << 10;

// What the images in work need: `slots` of them, and the threads' scratch.
class Memory {
 public:
  static int64_t floats(const Bottleneck& b, int threads, int64_t slots) {
    return padded(b.shape.channels) + threads * b.scratch_floats() + slots * b.image_floats();
  }

  Memory(const Bottleneck& b, int threads, float* memory)
      : bottleneck_(b),
        in_order_(reinterpret_cast<int32_t*>(memory)),
        scratch_(memory + padded(b.shape.channels)),
        images_(scratch_ + threads * b.scratch_floats()) {
    std::iota(in_order_, in_order_ + b.shape.channels, 0);
  }

  float* scratch(int64_t thread) const { return scratch_ + thread * bottleneck_.scratch_floats(); }
  BottleneckImage image(int64_t image, int64_t slot) const {
    return BottleneckImage(bottleneck_, image, in_order_, images_ + slot * bottleneck_.image_floats());
  }

 private:
  const Bottleneck& bottleneck_;
  int32_t* in_order_;
  float *scratch_, *images_;
};

// How many images a thread takes together. Where maps are small, weights are read in pieces that fit a core's cache,
// each for all of the images, instead of whole for each image.
int64_t images_together(const Bottleneck& b, int threads) {
  constexpr int64_t most = 8, many_pixels = 512;
  if (b.in_pixels >= many_pixels) return 1;
  const int64_t rounds = pieces(b.shape.batch, most * threads);
  return pieces(b.shape.batch, rounds * threads);
}

// `count` units of weights, of so many floats in all, in pieces that fit the cache where several images share them.
int64_t units_at_once(const std::vector<BottleneckImage>& images, int64_t count, int64_t floats) {
  return pieces(count, images.size() == 1 ? 1 : pieces(floats + 1, cached_floats));
}

void second_together(const Bottleneck& b, const std::vector<BottleneckImage>& images, float* scratch) {
  if (b.tile != 0) {
    for (const BottleneckImage& image : images) {
      image.gather_positions(0, b.positions());
      image.second_of_tiles(0, b.tiles(), scratch);
    }
    return;
  }
  const int64_t step = units_at_once(images, b.shape.channels, b.packed_floats(SL_GATED_BOTTLENECK_SECOND));
  for (int64_t channel = 0; channel < b.shape.channels; channel += step)
    for (const BottleneckImage& image : images) {
      const FirstConvolution& a = image.second();
      image.second_of_rows(a.entry_of(channel), a.entry_of(channel + step), 0, b.out_height, scratch);
    }
}

// The first convolution's maps outgrow pieces of its weights: of it images share nothing.
void forward_together(const Bottleneck& b, const std::vector<BottleneckImage>& images, float* scratch) {
  const sluice::GatedBlockKernels& kernels = gated_block_kernels();
  for (const BottleneckImage& image : images)
    kernels.first_of_pixels(image.first(), 0, image.first().open_count, 0, b.in_pixels);
  second_together(b, images, scratch);
  const int64_t step = units_at_once(images, b.groups(), b.packed_floats(SL_GATED_BOTTLENECK_THIRD));
  for (int64_t group = 0; group < b.groups(); group += step)
    for (const BottleneckImage& image : images)
      kernels.second_of_pixels(image.third(), group, std::min(group + step, b.groups()), 0, b.out_pixels);
}

// Many images: each is one thread's from beginning to end. What an image costs depends on its masks, so threads take
// the next ones when they are ready; which thread computes an image does not show in the result.
void forward_images(const Bottleneck& b, int threads, int64_t together, const Memory& memory) {
  std::vector<std::vector<BottleneckImage>> own(static_cast<size_t>(threads));
  for (std::vector<BottleneckImage>& images : own) images.reserve(static_cast<size_t>(together));
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (int64_t begin = 0; begin < b.shape.batch; begin += together) {
    const int64_t thread = omp_get_thread_num(), end = std::min<int64_t>(begin + together, b.shape.batch);
    std::vector<BottleneckImage>& images = own[static_cast<size_t>(thread)];
    images.clear();
    for (int64_t image = begin; image < end; ++image)
      images.push_back(memory.image(image, thread * together + image - begin));
    forward_together(b, images, memory.scratch(thread));
  }
}

// How a convolution of one image is cut for threads to share: `channels` pieces by `pixels` pieces.
struct Cuts {
  int64_t channels, pixels;

  int64_t count() const { return channels * pixels; }
};

// As many pieces as are wanted of the one that is cut first, and of the other for what that lacks.
Cuts cut(int64_t wanted, int64_t most_channels, int64_t most_pixels, bool channels_first) {
  most_channels = std::max<int64_t>(most_channels, 1);
  if (channels_first) {
    const int64_t channels = std::min(most_channels, wanted);
    return {channels, std::min(most_pixels, pieces(wanted, channels))};
  }
  const int64_t pixels = std::min(most_pixels, wanted);
  return {std::min(most_channels, pieces(wanted, pixels)), pixels};
}

// Units of channels and pixels (of the second convolution rows or tiles) that one thread takes through a convolution.
struct Piece {
  const BottleneckImage& image;
  int64_t begin, end, pixel_begin, pixel_end;
};

// Few images: threads share each of them, in pieces of channels and pixels.
void forward_pieces(const Bottleneck& b, int threads, const Memory& memory) {
  constexpr int64_t pieces_a_thread = 4;  // so that the last piece to end does not keep others waiting long
  const sluice::GatedBlockKernels& kernels = gated_block_kernels();
  const int64_t batch = b.shape.batch, wanted = pieces(pieces_a_thread * threads, batch);
  std::vector<BottleneckImage> images;
  images.reserve(static_cast<size_t>(batch));
  int64_t most_first = 0, most_second = 0;
  for (int64_t i = 0; i < batch; ++i) {
    images.push_back(memory.image(i, i));
    most_first = std::max(most_first, images.back().first().open_count);
    most_second = std::max(most_second, images.back().second().open_count);
  }
  const int64_t first_units = pieces(most_first, kernels.first_channels);
  const int64_t second_units = b.tile == 0 ? pieces(most_second, kernels.first_channels) : 1;
  const int64_t second_parts = b.tile == 0 ? b.out_height : b.tiles();
  // Pieces of channels read all of the map, pieces of pixels all of the weights.
  const Cuts first = cut(wanted, first_units, b.in_pixels, most_first >= b.in_pixels);
  const Cuts second = cut(wanted, second_units, second_parts, true);
  const Cuts third = cut(wanted, b.groups(), b.out_pixels, true);
  // A piece of an image's convolution of so many units and parts.
  const auto piece_of = [&](const Cuts& cuts, int64_t piece, int64_t units, int64_t parts) {
    const int64_t share = piece / cuts.pixels % cuts.channels, part = piece % cuts.pixels;
    return Piece{images[static_cast<size_t>(piece / cuts.count())], share * units / cuts.channels,
                 (share + 1) * units / cuts.channels, part * parts / cuts.pixels, (part + 1) * parts / cuts.pixels};
  };
  const auto entry = [&](const FirstConvolution& list, int64_t unit) {
    return std::min(unit * kernels.first_channels, list.open_count);
  };
#pragma omp parallel num_threads(threads)
  {
    float* const own = memory.scratch(omp_get_thread_num());
#pragma omp for schedule(dynamic, 1) nowait
    for (int64_t i = 0; i < batch * b.positions(); ++i) {
      const int64_t position = i % b.positions();
      images[static_cast<size_t>(i / b.positions())].gather_positions(position, position + 1);
    }
#pragma omp for schedule(dynamic, 1)
    for (int64_t i = 0; i < batch * first.count(); ++i) {
      const Piece p = piece_of(first, i, first_units, b.in_pixels);
      const FirstConvolution& a = p.image.first();
      kernels.first_of_pixels(a, entry(a, p.begin), entry(a, p.end), p.pixel_begin, p.pixel_end);
    }
#pragma omp for schedule(dynamic, 1)
    for (int64_t i = 0; i < batch * second.count(); ++i) {
      const Piece p = piece_of(second, i, second_units, second_parts);
      const FirstConvolution& a = p.image.second();
      if (b.tile != 0) {
        p.image.second_of_tiles(p.pixel_begin, p.pixel_end, own);
      } else {
        p.image.second_of_rows(entry(a, p.begin), entry(a, p.end), p.pixel_begin, p.pixel_end, own);
      }
    }
#pragma omp for schedule(dynamic, 1)
    for (int64_t i = 0; i < batch * third.count(); ++i) {
      const Piece p = piece_of(third, i, b.groups(), b.out_pixels);
      kernels.second_of_pixels(p.image.third(), p.begin, p.end, p.pixel_begin, p.pixel_end);
    }
  }
}

int32_t check_shape(const char* name, const sl_context* context, const sl_gated_bottleneck_shape* shape) {
  SL_REQUIRE(context != nullptr && shape != nullptr, "%s: context or shape is null", name);
  return sluice::check_gated_bottleneck(name, *shape);
}

}  // namespace

SL_API int32_t sl_gated_bottleneck_packed_bytes(sl_context* context, const sl_gated_bottleneck_shape* host_shape,
                                                int32_t convolution, int64_t* host_bytes) {
  SL_TRY(check_shape("sl_gated_bottleneck_packed_bytes", context, host_shape));
  SL_TRY(sluice::check_bottleneck_convolution("sl_gated_bottleneck_packed_bytes", convolution));
  SL_REQUIRE(host_bytes != nullptr, "sl_gated_bottleneck_packed_bytes: host_bytes is null");
  const sl_gated_bottleneck_shape s = *host_shape;
  *host_bytes = is_empty(s) ? 0 : Bottleneck(s, {}).packed_floats(convolution) * int64_t{sizeof(float)};
  return SL_OK;
}

SL_API int32_t sl_gated_bottleneck_pack(sl_context* context, const sl_gated_bottleneck_shape* host_shape,
                                        int32_t convolution, const float* weights, void* packed) {
  SL_TRY(check_shape("sl_gated_bottleneck_pack", context, host_shape));
  SL_TRY(sluice::check_bottleneck_convolution("sl_gated_bottleneck_pack", convolution));
  const sl_gated_bottleneck_shape s = *host_shape;
  if (is_empty(s)) return SL_OK;
  const Bottleneck bottleneck(s, {});
  if (bottleneck.packed_floats(convolution) == 0) return SL_OK;
  SL_TRY(sluice::check_gated_bottleneck_pack(s, weights, packed));
  bottleneck.pack(context, convolution, weights, static_cast<float*>(packed));
  return SL_OK;
}

SL_API int32_t sl_gated_bottleneck_forward(sl_context* context, const sl_gated_bottleneck_shape* host_shape,
                                           const float* x, const float* mask1, const float* mask2, const void* packed1,
                                           const float* scale1, const float* shift1, const void* packed2,
                                           const float* scale2, const float* shift2, const void* packed3,
                                           const float* scale3, const float* shift3, const float* residual, float* y) {
  SL_TRY(check_shape("sl_gated_bottleneck_forward", context, host_shape));
  const sl_gated_bottleneck_shape s = *host_shape;
  if (is_empty(s)) return SL_OK;
  const BottleneckOperands operands{x,      mask1,   mask2,  packed1, scale1,   shift1, packed2,
                                    scale2, shift2,  packed3, scale3, shift3, residual, y};
  SL_TRY(sluice::check_gated_bottleneck_forward(s, operands));
  SL_BEGIN
  const Bottleneck bottleneck(s, operands);
  const int threads = context->threads;
  const bool whole_images = threads == 1 || s.batch >= 2 * threads;
  const int64_t together = whole_images ? images_together(bottleneck, threads) : 1;
  const int64_t slots = whole_images ? threads * together : s.batch;
  const int64_t bytes = Memory::floats(bottleneck, threads, slots) * int64_t{sizeof(float)};
  const sluice::Scratch scratch(context->allocator, bytes);
  if (!scratch) {
    return sluice::fail(SL_ERROR_OUT_OF_MEMORY, "sl_gated_bottleneck_forward: no memory for the hidden maps (%s)",
                        GatedBottleneckText(s).text);
  }
  const Memory memory(bottleneck, threads, scratch.get<float>());
  if (whole_images) {
    forward_images(bottleneck, threads, together, memory);
  } else {
    forward_pieces(bottleneck, threads, memory);
  }
  SL_END("sl_gated_bottleneck_forward")
  return SL_OK;
}
