// The gated block at inference: only the channels that each image's mask opens are computed.
#include <algorithm>
#include <vector>

#include "../../common/gated_block_checks.h"
#include "gated_channels.h"
#include "gated_winograd.h"
#include "../winograd/winograd.h"

namespace {

using sluice::check_gated_block_forward;
using sluice::check_gated_block_pack;
using sluice::check_gated_convolution;
using sluice::FirstConvolution;
using sluice::gated_block_group;
using sluice::gated_block_kernels;
using sluice::GatedBlockKernels;
using sluice::GatedBlockText;
using sluice::GatedChannels;
using sluice::is_empty;
using sluice::padded;
using sluice::pieces;
using sluice::SecondConvolution;

// Weights up to this size are left to a core's own cache, which holds 1 MiB or more on recent processors.
constexpr int64_t cached_bytes = 768 << 10;

// One convolution of a block: its shape as that of any convolution, and how it is computed.
struct Convolution {
  sl_conv_shape shape;
  int64_t tile;  // outputs a side of Winograd's tiles, 0 where sums are direct

  Convolution(int32_t batch, int32_t height, int32_t width, int32_t in_channels, int32_t channels, int32_t stride)
      : shape{batch, height, width, in_channels, channels, 3, 3, stride, 1, SL_F32}, tile(0) {
    // With fewer channels, of which some are closed, the transforms outweigh the products they save.
    constexpr int32_t fewest_channels = 32;
    const bool worthwhile = std::min(in_channels, channels) >= fewest_channels;
    if (worthwhile && sluice::winograd_suits(shape)) tile = sluice::winograd_tile(SL_F32, height, width);
  }

  const sluice::GatedWinogradKernels& winograd() const { return sluice::gated_winograd_avx512(tile); }
  int64_t tiles() const { return pieces(shape.height, tile) * pieces(shape.width, tile); }

  // Tiles of each image that are taken at a time: all of several images, of a single one those whose operands stay in a
  // core's cache.
  int64_t tiles_at_once(int64_t images) const {
    if (images > 1) return tiles();
    constexpr int64_t cached_floats = int64_t{1} << 17;
    return pieces(tiles(), pieces(floats_of(tiles()), cached_floats));
  }
  int64_t scratch_floats(int64_t images) const { return tile == 0 ? 0 : floats_of(tiles_at_once(images)); }

  int64_t packed_bytes() const {
    if (tile != 0) return sluice::winograd_packed_bytes(shape, SL_CONV_FORWARD);
    return int64_t{36} * shape.in_channels * shape.out_channels;
  }

 private:
  int64_t floats_of(int64_t tile_count) const {
    return sluice::gated_winograd_floats(tile, tile_count, shape.in_channels, shape.out_channels);
  }
};

struct Block {
  sl_gated_block_shape shape;
  int64_t out_height, out_width;
  Convolution first, second;
  const float *x = nullptr, *mask = nullptr, *residual = nullptr;
  const float *packed1 = nullptr, *scale1 = nullptr, *shift1 = nullptr;
  const float *packed2 = nullptr, *scale2 = nullptr, *shift2 = nullptr;
  float* y = nullptr;

  explicit Block(const sl_gated_block_shape& s)
      : shape(s),
        out_height((s.height - 1) / s.stride + 1),
        out_width((s.width - 1) / s.stride + 1),
        first(s.batch, s.height, s.width, s.in_channels, s.channels, s.stride),
        second(s.batch, static_cast<int32_t>(out_height), static_cast<int32_t>(out_width), s.channels, s.channels, 1) {}

  const Convolution& convolution(int32_t which) const { return which == SL_GATED_BLOCK_FIRST ? first : second; }
  int64_t groups() const { return pieces(shape.channels, gated_block_group); }
};

// The images that a thread has in work, with their scratch memory: lists of open channels, the norm's scale and shift
// of those, hidden maps.
class Images {
 public:
  static int64_t image_floats(const Block& block) {
    const int64_t channels = block.shape.channels;
    return GatedChannels::floats(channels) + block.out_height * block.out_width * padded(channels);
  }

  explicit Images(int64_t most) {
    first_.reserve(most);
    second_.reserve(most);
  }

  // Takes the images [begin, end), no more than `most`, and lists their open channels, ascending. Throws nothing.
  void take(const Block& block, int64_t begin, int64_t end, float* memory) {
    first_.clear();
    second_.clear();
    for (int64_t image = begin; image < end; ++image) add(block, image, memory + (image - begin) * image_floats(block));
  }

  int64_t count() const { return static_cast<int64_t>(first_.size()); }
  const FirstConvolution* first() const { return first_.data(); }
  const SecondConvolution* second() const { return second_.data(); }

 private:
  void add(const Block& b, int64_t image, float* memory) {
    const int32_t channels = b.shape.channels;
    const GatedChannels list(b.mask + image * channels, channels, b.scale1, b.shift1, memory);
    float* const hidden = memory + GatedChannels::floats(channels);
    const float* const x = b.x + image * b.shape.height * b.shape.width * b.shape.in_channels;
    const int64_t at = image * b.out_height * b.out_width * channels;
    first_.push_back({x, b.shape.height, b.shape.width, b.shape.in_channels, b.shape.stride, b.out_height,
                      b.out_width, channels, b.packed1, list.scale, list.shift, list.open, list.count, hidden,
                      padded(list.count)});
    second_.push_back({hidden, padded(list.count), list.open, list.count, b.out_height, b.out_width, channels, channels,
                       b.packed2, b.scale2, b.shift2, b.residual + at, b.y + at});
  }

  std::vector<FirstConvolution> first_;
  std::vector<SecondConvolution> second_;
};

// How many images a thread takes together. Weights that outgrow a core's cache are then read in pieces that fit it,
// each for all of the images, instead of whole for each image.
int64_t images_together(const Block& block, int threads) {
  if (block.first.packed_bytes() + block.second.packed_bytes() <= cached_bytes) return 1;
  constexpr int64_t most_direct = 8, most_tiles = 128;
  const int64_t most = block.second.tile == 0 ? most_direct : pieces(most_tiles, block.second.tiles());
  const int64_t rounds = pieces(block.shape.batch, most * threads);
  return pieces(block.shape.batch, rounds * threads);
}

int64_t scratch_floats(const Block& block, int64_t together) {
  return together * std::max(block.first.scratch_floats(together), block.second.scratch_floats(together));
}

void first_of_images(const Block& block, const Images& images, float* scratch) {
  const Convolution& convolution = block.first;
  if (convolution.tile != 0) {
    const int64_t tiles = convolution.tiles(), step = convolution.tiles_at_once(images.count());
    for (int64_t tile = 0; tile < tiles; tile += step)
      convolution.winograd().first(images.first(), images.count(), tile, std::min(tile + step, tiles), scratch);
    return;
  }
  const int64_t channels = block.shape.channels;
  const int64_t weight_pieces = images.count() == 1 ? 1 : pieces(convolution.packed_bytes() + 1, cached_bytes);
  const int64_t channels_at_once = pieces(channels, weight_pieces);
  for (int64_t channel = 0; channel < channels; channel += channels_at_once)
    for (int64_t i = 0; i < images.count(); ++i) {
      const FirstConvolution& image = images.first()[i];
      gated_block_kernels().first(image, image.entry_of(channel), image.entry_of(channel + channels_at_once), 0,
                                  block.out_height);
    }
}

void second_of_images(const Block& block, const Images& images, float* scratch) {
  const Convolution& convolution = block.second;
  if (convolution.tile != 0) {
    const int64_t tiles = convolution.tiles(), step = convolution.tiles_at_once(images.count());
    for (int64_t tile = 0; tile < tiles; tile += step)
      convolution.winograd().second(images.second(), images.count(), tile, std::min(tile + step, tiles), scratch);
    return;
  }
  const int64_t groups = block.groups(), groups_at_once = images.count() == 1 ? groups : 1;
  for (int64_t group = 0; group < groups; group += groups_at_once)
    for (int64_t i = 0; i < images.count(); ++i)
      gated_block_kernels().second(images.second()[i], group, group + groups_at_once, 0, block.out_height);
}

// Many images: each is one thread's from beginning to end. What an image costs depends on its mask, so threads take the
// next ones when they are ready; which thread computes an image does not show in the result.
void forward_images(const Block& block, int threads, int64_t together, float* memory, float* scratch) {
  const int64_t image_floats = Images::image_floats(block), floats = scratch_floats(block, together);
  std::vector<Images> own;
  for (int thread = 0; thread < threads; ++thread) own.emplace_back(together);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (int64_t begin = 0; begin < block.shape.batch; begin += together) {
    const int64_t thread = omp_get_thread_num();
    Images& images = own[thread];
    images.take(block, begin, std::min<int64_t>(begin + together, block.shape.batch),
                memory + thread * together * image_floats);
    first_of_images(block, images, scratch + thread * floats);
    second_of_images(block, images, scratch + thread * floats);
  }
}

// How a convolution of one image is cut for threads to share: `channels` pieces by `pixels` pieces.
struct Cuts {
  int64_t channels, pixels;

  int64_t count() const { return channels * pixels; }
};

// `channel_units` and `rows` are as many as there can be of either. Where sums are direct, channels are cut first,
// since pieces of channels read different weights. Winograd's tiles share their transforms over all channels, and
// pieces of tiles read all weights: there tiles are cut, into as few pieces as threads and caches allow.
Cuts cut(const Block& block, const Convolution& convolution, int threads, int64_t channel_units, int64_t rows) {
  const int64_t batch = block.shape.batch;
  if (convolution.tile != 0) {
    const int64_t cached = pieces(convolution.tiles(), convolution.tiles_at_once(1));
    const int64_t wanted = pieces(threads, batch);
    return {1, std::min(convolution.tiles(), pieces(cached, wanted) * wanted)};
  }
  constexpr int64_t pieces_a_thread = 4;  // so that the last piece to end does not keep others waiting long
  const int64_t wanted = pieces(pieces_a_thread * threads, batch), channels = std::min(channel_units, wanted);
  return {channels, std::min(rows, pieces(wanted, std::max<int64_t>(channels, 1)))};
}

// Few images: threads share each of them, in pieces of channels and pixels.
void forward_pieces(const Block& block, int threads, float* memory, float* scratch) {
  const GatedBlockKernels& kernel = gated_block_kernels();
  const int64_t batch = block.shape.batch, height = block.out_height, floats = scratch_floats(block, 1);
  Images images(batch);
  images.take(block, 0, batch, memory);
  int64_t most_open = 0;
  for (int64_t i = 0; i < batch; ++i) most_open = std::max(most_open, images.first()[i].open_count);
  const int64_t entry_tiles = pieces(most_open, kernel.first_channels);
  const Cuts first = cut(block, block.first, threads, entry_tiles, height);
  const Cuts second = cut(block, block.second, threads, block.groups(), height);
  const int64_t entries = pieces(entry_tiles, std::max<int64_t>(first.channels, 1)) * kernel.first_channels;
#pragma omp parallel num_threads(threads)
  {
    float* const own = scratch + omp_get_thread_num() * floats;
#pragma omp for schedule(dynamic, 1)
    for (int64_t piece = 0; piece < batch * first.count(); ++piece) {
      const FirstConvolution& image = images.first()[piece / first.count()];
      const int64_t begin = piece / first.pixels % first.channels * entries, part = piece % first.pixels;
      const auto border = [&](int64_t n, int64_t index) { return index * n / first.pixels; };
      if (block.first.tile != 0) {
        const int64_t tiles = block.first.tiles();
        block.first.winograd().first(&image, 1, border(tiles, part), border(tiles, part + 1), own);
      } else {
        kernel.first(image, std::min(begin, image.open_count), std::min(begin + entries, image.open_count),
                     border(height, part), border(height, part + 1));
      }
    }
#pragma omp for schedule(dynamic, 1)
    for (int64_t piece = 0; piece < batch * second.count(); ++piece) {
      const SecondConvolution& image = images.second()[piece / second.count()];
      const int64_t share = piece / second.pixels % second.channels, part = piece % second.pixels;
      const auto border = [&](int64_t n, int64_t index) { return index * n / second.pixels; };
      if (block.second.tile != 0) {
        const int64_t tiles = block.second.tiles();
        block.second.winograd().second(&image, 1, border(tiles, part), border(tiles, part + 1), own);
      } else {
        kernel.second(image, share * block.groups() / second.channels, (share + 1) * block.groups() / second.channels,
                      border(height, part), border(height, part + 1));
      }
    }
  }
}

int32_t check_shape(const char* name, const sl_context* context, const sl_gated_block_shape* shape) {
  SL_REQUIRE(context != nullptr && shape != nullptr, "%s: context or shape is null", name);
  return sluice::check_gated_block(name, *shape);
}

}  // namespace

SL_API int32_t sl_gated_block_packed_bytes(sl_context* context, const sl_gated_block_shape* host_shape,
                                           int32_t convolution, int64_t* host_bytes) {
  SL_TRY(check_shape("sl_gated_block_packed_bytes", context, host_shape));
  SL_TRY(check_gated_convolution("sl_gated_block_packed_bytes", convolution));
  SL_REQUIRE(host_bytes != nullptr, "sl_gated_block_packed_bytes: host_bytes is null");
  *host_bytes = is_empty(*host_shape) ? 0 : Block(*host_shape).convolution(convolution).packed_bytes();
  return SL_OK;
}

SL_API int32_t sl_gated_block_pack(sl_context* context, const sl_gated_block_shape* host_shape, int32_t convolution,
                                   const float* weights, void* packed) {
  SL_TRY(check_shape("sl_gated_block_pack", context, host_shape));
  SL_TRY(check_gated_convolution("sl_gated_block_pack", convolution));
  if (is_empty(*host_shape)) return SL_OK;
  const Convolution chosen = Block(*host_shape).convolution(convolution);
  if (chosen.packed_bytes() == 0) return SL_OK;
  SL_TRY(check_gated_block_pack(*host_shape, weights, packed));
  float* const to = static_cast<float*>(packed);
  if (chosen.tile == 0 && convolution == SL_GATED_BLOCK_FIRST) {
    sluice::parallel_for(context->threads, chosen.packed_bytes() / 4, 65536,
                         [=](int64_t begin, int64_t end) { std::copy(weights + begin, weights + end, to + begin); });
  } else if (chosen.tile == 0) {
    sluice::pack_gated_groups(context, host_shape->channels, int64_t{9} * host_shape->channels, weights, to);
  } else if (convolution == SL_GATED_BLOCK_FIRST) {
    sluice::winograd_pack_rows(context, chosen.shape, weights, to);
  } else {
    sluice::winograd_pack(context, chosen.shape, SL_CONV_FORWARD, weights, to);
  }
  return SL_OK;
}

SL_API int32_t sl_gated_block_forward(sl_context* context, const sl_gated_block_shape* host_shape, const float* x,
                                      const float* mask, const void* packed1, const float* scale1,
                                      const float* shift1, const void* packed2, const float* scale2,
                                      const float* shift2, const float* residual, float* y) {
  SL_TRY(check_shape("sl_gated_block_forward", context, host_shape));
  const sl_gated_block_shape s = *host_shape;
  if (is_empty(s)) return SL_OK;
  SL_TRY(check_gated_block_forward(s, x, mask, packed1, scale1, shift1, packed2, scale2, shift2, residual, y));
  SL_BEGIN
  Block block(s);
  block.x = x;
  block.mask = mask;
  block.packed1 = static_cast<const float*>(packed1);
  block.scale1 = scale1;
  block.shift1 = shift1;
  block.packed2 = static_cast<const float*>(packed2);
  block.scale2 = scale2;
  block.shift2 = shift2;
  block.residual = residual;
  block.y = y;
  const int threads = context->threads;
  const bool whole_images = threads == 1 || s.batch >= 2 * threads;
  const int64_t together = whole_images ? images_together(block, threads) : 1;
  const int64_t slots = whole_images ? threads * together : s.batch;
  const sluice::Scratch memory(context->allocator, slots * Images::image_floats(block) * int64_t{sizeof(float)});
  const int64_t scratch_bytes = threads * scratch_floats(block, together) * int64_t{sizeof(float)};
  const sluice::Scratch scratch(context->allocator, scratch_bytes);
  if (!memory || (scratch_bytes > 0 && !scratch)) {
    return sluice::fail(SL_ERROR_OUT_OF_MEMORY, "sl_gated_block_forward: no memory for the hidden maps (%s)",
                        GatedBlockText(s).text);
  }
  if (whole_images) {
    forward_images(block, threads, together, memory.get<float>(), scratch.get<float>());
  } else {
    forward_pieces(block, threads, memory.get<float>(), scratch.get<float>());
  }
  SL_END("sl_gated_block_forward")
  return SL_OK;
}
