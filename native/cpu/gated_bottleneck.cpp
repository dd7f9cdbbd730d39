// The gated bottleneck at inference: only the channels that each image's two masks open are computed.
#include <algorithm>
#include <vector>

#include "../common/gated_bottleneck_checks.h"
#include "gated_channels.h"

namespace {

using sluice::BottleneckOperands;
using sluice::FirstConvolution;
using sluice::gated_block_group;
using sluice::gated_block_kernels;
using sluice::GatedBottleneckText;
using sluice::GatedChannels;
using sluice::is_empty;
using sluice::padded;
using sluice::pieces;
using sluice::SecondConvolution;
using sluice::WantedInputs;

constexpr int64_t taps = 9;

// Weights of this size stay in a core's own cache, with room for the maps that pass over them.
constexpr int64_t cached_bytes = 384 << 10;

struct Bottleneck {
  sl_gated_bottleneck_shape shape;
  BottleneckOperands operands;
  int64_t in_pixels, out_height, out_width, out_pixels, out_channels;

  Bottleneck(const sl_gated_bottleneck_shape& s, const BottleneckOperands& given)
      : shape(s),
        operands(given),
        in_pixels(int64_t{s.height} * s.width),
        out_height((s.height - 1) / s.stride + 1),
        out_width((s.width - 1) / s.stride + 1),
        out_pixels(out_height * out_width),
        out_channels(sluice::bottleneck_expansion * s.channels) {}

  int64_t groups() const { return pieces(out_channels, gated_block_group); }

  // Entries of the list of how many channels are open before each eight, and after them all.
  int64_t eights() const { return pieces(shape.channels, 8) + 1; }

  // Lists and hidden maps.
  int64_t image_floats() const {
    return 2 * GatedChannels::floats(shape.channels) + padded(eights()) + (in_pixels + out_pixels) * shape.channels;
  }

  // A tile of rows of the second convolution's weights.
  int64_t rows_floats() const {
    return gated_block_kernels().first_channels * taps * shape.channels + sluice::gated_take_slack;
  }
};

int64_t packed_floats(const sl_gated_bottleneck_shape& s, int32_t convolution) {
  const int64_t channels = s.channels;
  if (convolution == SL_GATED_BOTTLENECK_FIRST) return channels * s.in_channels;
  if (convolution == SL_GATED_BOTTLENECK_SECOND) return channels * taps * channels;
  return sluice::bottleneck_expansion * channels * channels;
}

// One image's convolutions. The second reads and writes maps of open channels alone: `second` has the sizes of the
// hidden map it reads, `wanted` says which of the weights those are.
struct Image {
  FirstConvolution first, second;
  WantedInputs wanted;
  SecondConvolution third;
};

// `memory` has image_floats.
Image image_of(const Bottleneck& b, int64_t image, float* memory) {
  const sl_gated_bottleneck_shape& s = b.shape;
  const BottleneckOperands& o = b.operands;
  const int64_t channels = s.channels;
  const GatedChannels one(o.mask1 + image * channels, s.channels, o.scale1, o.shift1, memory);
  memory += GatedChannels::floats(channels);
  const GatedChannels two(o.mask2 + image * channels, s.channels, o.scale2, o.shift2, memory);
  memory += GatedChannels::floats(channels);
  int32_t* const before = reinterpret_cast<int32_t*>(memory);
  for (int64_t eight = 0, count = 0; eight < b.eights(); ++eight) {
    while (count < one.count && one.open[count] < eight * 8) ++count;
    before[eight] = static_cast<int32_t>(count);
  }
  memory += padded(b.eights());
  float* const hidden1 = memory;
  float* const hidden2 = hidden1 + b.in_pixels * channels;
  const float* const x = o.x + image * b.in_pixels * s.in_channels;
  const int64_t at = image * b.out_pixels * b.out_channels;
  const auto packed = [](const void* weights) { return static_cast<const float*>(weights); };
  Image made;
  made.first = {x,         1,        b.in_pixels,          s.in_channels, 1,         1,        b.in_pixels,
                channels,  packed(o.packed1), one.scale, one.shift,     one.open,  one.count, hidden1,
                one.count};
  made.second = {hidden1,  s.height, s.width,              one.count,     s.stride,  b.out_height, b.out_width,
                 channels, packed(o.packed2), two.scale, two.shift,     two.open,  two.count, hidden2,
                 two.count};
  made.wanted = {one.open, one.count, before, channels};
  made.third = {hidden2,  two.count,      two.open,           two.count, 1,        b.out_pixels,    channels,
                b.out_channels, packed(o.packed3), o.scale3, o.shift3, o.residual + at, o.y + at};
  return made;
}

// Entries [open_begin, open_end) and output rows [row_begin, row_end) of the second convolution. For a tile of entries
// at a time the weights of the open inputs are gathered into `rows`, then any tile of pixels reads contiguous runs.
void second_convolution(const Image& image, int64_t open_begin, int64_t open_end, int64_t row_begin, int64_t row_end,
                        float* rows) {
  static constexpr int32_t in_order[] = {0, 1, 2, 3, 4, 5, 6, 7};
  const sluice::GatedBlockKernels& kernels = gated_block_kernels();
  const FirstConvolution& all = image.second;
  const int64_t row_floats = taps * image.wanted.channels;
  sluice::for_pieces(open_end - open_begin, kernels.first_channels, [&](int64_t begin, int64_t entries) {
    const int64_t entry = open_begin + begin;
    for (int64_t i = 0; i < entries; ++i) {
      kernels.take(image.wanted, all.weights + all.open[entry + i] * row_floats, taps,
                   rows + i * taps * image.wanted.open_count);
    }
    FirstConvolution some = all;
    some.weights = rows;
    some.open = in_order;
    some.open_count = entries;
    some.scale += entry;
    some.shift += entry;
    some.hidden += entry;
    kernels.first(some, 0, entries, row_begin, row_end);
  });
}

// How many images a thread takes together. Where maps are small, weights are read in pieces that fit a core's cache,
// each for all of the images, instead of whole for each image.
int64_t images_together(const Bottleneck& b, int threads) {
  constexpr int64_t most = 8, many_pixels = 512;
  if (b.in_pixels >= many_pixels) return 1;
  const int64_t rounds = pieces(b.shape.batch, most * threads);
  return pieces(b.shape.batch, rounds * threads);
}

// Calls body(image, begin, end) for each image and each piece of the channels whose weights, `bytes` in all, fit the
// cache: piece by piece. Entries of `list(image)` are those of the piece.
template <typename List, typename Body>
void for_weights(const std::vector<Image>& images, int64_t channels, int64_t bytes, const List& list,
                 const Body& body) {
  const int64_t channels_at_once = pieces(channels, images.size() == 1 ? 1 : pieces(bytes + 1, cached_bytes));
  for (int64_t channel = 0; channel < channels; channel += channels_at_once)
    for (const Image& image : images)
      body(image, list(image).entry_of(channel), list(image).entry_of(channel + channels_at_once));
}

void forward_together(const Bottleneck& b, const std::vector<Image>& images, float* rows) {
  const sluice::GatedBlockKernels& kernels = gated_block_kernels();
  const auto bytes = [&](int32_t convolution) { return packed_floats(b.shape, convolution) * int64_t{sizeof(float)}; };
  for_weights(images, b.shape.channels, bytes(SL_GATED_BOTTLENECK_FIRST),
              [](const Image& image) -> const FirstConvolution& { return image.first; },
              [&](const Image& image, int64_t begin, int64_t end) {
                kernels.first_of_pixels(image.first, begin, end, 0, b.in_pixels);
              });
  for_weights(images, b.shape.channels, bytes(SL_GATED_BOTTLENECK_SECOND),
              [](const Image& image) -> const FirstConvolution& { return image.second; },
              [&](const Image& image, int64_t begin, int64_t end) {
                second_convolution(image, begin, end, 0, b.out_height, rows);
              });
  const int64_t groups = b.groups(), groups_at_once = images.size() == 1 ? groups : 1;
  for (int64_t group = 0; group < groups; group += groups_at_once)
    for (const Image& image : images)
      kernels.second_of_pixels(image.third, group, group + groups_at_once, 0, b.out_pixels);
}

// Many images: each is one thread's from beginning to end. What an image costs depends on its masks, so threads take
// the next ones when they are ready; which thread computes an image does not show in the result.
void forward_images(const Bottleneck& b, int threads, int64_t together, float* memory, float* rows) {
  std::vector<std::vector<Image>> own(static_cast<size_t>(threads));
  for (std::vector<Image>& images : own) images.reserve(static_cast<size_t>(together));
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (int64_t begin = 0; begin < b.shape.batch; begin += together) {
    const int64_t thread = omp_get_thread_num(), end = std::min<int64_t>(begin + together, b.shape.batch);
    std::vector<Image>& images = own[static_cast<size_t>(thread)];
    images.clear();
    for (int64_t image = begin; image < end; ++image)
      images.push_back(image_of(b, image, memory + (thread * together + image - begin) * b.image_floats()));
    forward_together(b, images, rows + thread * b.rows_floats());
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

// Units of channels and pixels (of the second convolution rows) that one thread takes through a convolution.
struct Piece {
  const Image& image;
  int64_t begin, end, pixel_begin, pixel_end;
};

// Few images: threads share each of them, in pieces of channels and pixels.
void forward_pieces(const Bottleneck& b, int threads, float* memory, float* rows) {
  constexpr int64_t pieces_a_thread = 4;  // so that the last piece to end does not keep others waiting long
  const sluice::GatedBlockKernels& kernels = gated_block_kernels();
  const int64_t batch = b.shape.batch, wanted = pieces(pieces_a_thread * threads, batch);
  std::vector<Image> images;
  images.reserve(static_cast<size_t>(batch));
  int64_t most_first = 0, most_second = 0;
  for (int64_t i = 0; i < batch; ++i) {
    images.push_back(image_of(b, i, memory + i * b.image_floats()));
    most_first = std::max(most_first, images.back().first.open_count);
    most_second = std::max(most_second, images.back().second.open_count);
  }
  const int64_t first_tiles = pieces(most_first, kernels.first_channels);
  const int64_t second_tiles = pieces(most_second, kernels.first_channels);
  // Pieces of channels read all of the map, pieces of pixels all of the weights.
  const Cuts first = cut(wanted, first_tiles, b.in_pixels, most_first >= b.in_pixels);
  const Cuts second = cut(wanted, second_tiles, b.out_height, true);
  const Cuts third = cut(wanted, b.groups(), b.out_pixels, true);
  // A piece of an image's convolution that has `units` of channels.
  const auto piece_of = [&](const Cuts& cuts, int64_t piece, int64_t units, int64_t pixels) {
    const int64_t share = piece / cuts.pixels % cuts.channels, part = piece % cuts.pixels;
    return Piece{images[static_cast<size_t>(piece / cuts.count())], share * units / cuts.channels,
                 (share + 1) * units / cuts.channels, part * pixels / cuts.pixels, (part + 1) * pixels / cuts.pixels};
  };
  const auto entry = [&](const FirstConvolution& list, int64_t tile) {
    return std::min(tile * kernels.first_channels, list.open_count);
  };
#pragma omp parallel num_threads(threads)
  {
    float* const own = rows + omp_get_thread_num() * b.rows_floats();
#pragma omp for schedule(dynamic, 1)
    for (int64_t i = 0; i < batch * first.count(); ++i) {
      const Piece p = piece_of(first, i, first_tiles, b.in_pixels);
      const FirstConvolution& a = p.image.first;
      kernels.first_of_pixels(a, entry(a, p.begin), entry(a, p.end), p.pixel_begin, p.pixel_end);
    }
#pragma omp for schedule(dynamic, 1)
    for (int64_t i = 0; i < batch * second.count(); ++i) {
      const Piece p = piece_of(second, i, second_tiles, b.out_height);
      const FirstConvolution& a = p.image.second;
      second_convolution(p.image, entry(a, p.begin), entry(a, p.end), p.pixel_begin, p.pixel_end, own);
    }
#pragma omp for schedule(dynamic, 1)
    for (int64_t i = 0; i < batch * third.count(); ++i) {
      const Piece p = piece_of(third, i, b.groups(), b.out_pixels);
      kernels.second_of_pixels(p.image.third, p.begin, p.end, p.pixel_begin, p.pixel_end);
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
  *host_bytes = is_empty(*host_shape) ? 0 : packed_floats(*host_shape, convolution) * int64_t{sizeof(float)};
  return SL_OK;
}

SL_API int32_t sl_gated_bottleneck_pack(sl_context* context, const sl_gated_bottleneck_shape* host_shape,
                                        int32_t convolution, const float* weights, void* packed) {
  SL_TRY(check_shape("sl_gated_bottleneck_pack", context, host_shape));
  SL_TRY(sluice::check_bottleneck_convolution("sl_gated_bottleneck_pack", convolution));
  const sl_gated_bottleneck_shape s = *host_shape;
  if (is_empty(s) || packed_floats(s, convolution) == 0) return SL_OK;
  SL_TRY(sluice::check_gated_bottleneck_pack(s, weights, packed));
  float* const to = static_cast<float*>(packed);
  if (convolution == SL_GATED_BOTTLENECK_THIRD) {
    sluice::pack_gated_groups(context, sluice::bottleneck_expansion * s.channels, s.channels, weights, to);
  } else {
    sluice::parallel_for(context->threads, packed_floats(s, convolution), 65536,
                         [=](int64_t begin, int64_t end) { std::copy(weights + begin, weights + end, to + begin); });
  }
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
  const int64_t memory_floats = slots * bottleneck.image_floats(), rows_floats = threads * bottleneck.rows_floats();
  const sluice::Scratch scratch(context->allocator, (memory_floats + rows_floats) * int64_t{sizeof(float)});
  if (!scratch) {
    return sluice::fail(SL_ERROR_OUT_OF_MEMORY, "sl_gated_bottleneck_forward: no memory for the hidden maps (%s)",
                        GatedBottleneckText(s).text);
  }
  float* const memory = scratch.get<float>();
  if (whole_images) {
    forward_images(bottleneck, threads, together, memory, memory + memory_floats);
  } else {
    forward_pieces(bottleneck, threads, memory, memory + memory_floats);
  }
  SL_END("sl_gated_bottleneck_forward")
  return SL_OK;
}
