// Which channels each image opens, and which images are computed together: lists made on the device, which the kernels
// of gated convolutions read.
#pragma once

#include "../launch.h"

namespace sluice {
namespace {

// The most masks of a table that there are kernels for; a basic block has one, a bottleneck two.
constexpr int most_masks = 2;

// The rows of a tile are pixels of images that open the same channels by every mask.
constexpr int tile_rows = 64;

// The sums run over whole groups of four channels, read with one load.
SL_HOST_DEVICE constexpr int64_t padded(int64_t channels) { return (channels + 3) / 4 * 4; }

constexpr int64_t pieces(int64_t n, int64_t size) { return (n + size - 1) / size; }

// A tile of a group's rows. A leader below 0 marks a tile that no group needs.
struct RowTile {
  int32_t leader;  // the image whose lists of open channels hold for all
  int32_t first;   // the group's first place among the members
  int32_t images;  // of the group
  int32_t tile;    // its number among the group's tiles
};

// The channels that one of the masks opens.
struct OpenChannels {
  int32_t* open;    // [images, channels]: of each image, ascending
  int32_t* counts;  // [images]: how many channels are open
};

// Image numbers count from the beginning of the chunk in work.
struct Groups {
  int32_t images, channels;
  int32_t masks;
  int32_t tiles_an_image;  // if it shares none
  int64_t pixels;          // of one image
  bool shared;             // whether images of equal masks form groups; else each image is a group
  RowTile* tiles;          // [images * tiles_an_image]
  OpenChannels lists[most_masks];
  int32_t* members;  // [images]: group by group
  uint32_t* bits;    // [words, images]: the masks; this and the rest only if shared
  int32_t* leaders;  // [images]: the first image of the same masks
  int32_t* ranks;    // [images]: how many images of the same masks come before
  int32_t* sizes;    // [images]: how many images have the same masks
};

// Words of a mask's bits.
SL_HOST_DEVICE constexpr int64_t mask_words(int64_t channels) { return (channels + 31) / 32; }

// The masks of a chunk, [images, channels] each.
struct Masks {
  const float* of[most_masks];
};

// Chooses between groups of one image and groups of all images with the same masks. Tiles that end with their image
// leave rows empty. If more than a fifth are empty, tiles that continue with the next image of the same masks are worth
// the comparison of all masks. The bits of the result are the same either way.
inline bool groups_share_tiles(int64_t images, int64_t pixels) {
  const int64_t empty_rows = pieces(pixels, tile_rows) * tile_rows - pixels;
  return images > 1 && 4 * empty_rows > pixels;
}

// Every mask is compared with every other of the chunk.
constexpr int64_t most_compared_images = 4096;

// The hidden maps of a chunk take at most this, unless one image takes more. Chunks are as equal as they can be.
constexpr int64_t most_hidden_bytes = int64_t{256} << 20;

inline int64_t images_of_chunk(int64_t batch, int64_t floats, bool shared) {
  int64_t most = std::max<int64_t>(1, most_hidden_bytes / (floats * int64_t{sizeof(float)}));
  if (shared) most = std::min(most, most_compared_images);
  return pieces(batch, pieces(batch, most));
}

// The first of this warp's images, and the step to its next image. The lanes of a warp take the same image.
__device__ inline int32_t first_image() { return static_cast<int32_t>(first_element() / warp_threads); }
__device__ inline int32_t image_stride() { return static_cast<int32_t>(element_stride() / warp_threads); }

// A warp's list of the channels that one of the masks opens in one image.
__device__ inline void list_open(const Groups& groups, const float* mask, int which, int32_t image) {
  const int lane = threadIdx.x % warp_threads;
  const OpenChannels& list = groups.lists[which];
  const int64_t row = static_cast<int64_t>(image) * groups.channels;
  uint32_t* const words = groups.bits + which * mask_words(groups.channels) * groups.images + image;
  int32_t count = 0;
  for (int64_t first = 0; first < groups.channels; first += warp_threads) {
    const int64_t channel = first + lane;
    const bool open = channel < groups.channels && mask[row + channel] != 0.0f;
    const unsigned bits = __ballot_sync(whole_warp, open);
    if (open) list.open[row + count + __popc(bits & ((1u << lane) - 1))] = static_cast<int32_t>(channel);
    if (groups.shared && lane == 0) words[first / warp_threads * groups.images] = bits;
    count += __popc(bits);
  }
  if (lane == 0) list.counts[image] = count;
}

// One warp an image: the lists of its open channels, and its tiles, which stay empty for now if groups share them.
__global__ void open_channels_kernel(const Groups groups, const Masks masks) {
  const int lane = threadIdx.x % warp_threads;
  for (int32_t image = first_image(); image < groups.images; image += image_stride()) {
    // Unrolled, so that arrays in the kernel's parameters have constant indices.
    for (int which = 0; which < most_masks; ++which) {
      if (which < groups.masks) list_open(groups, masks.of[which], which, image);
    }
    RowTile* const tiles = groups.tiles + static_cast<int64_t>(image) * groups.tiles_an_image;
    for (int32_t tile = lane; tile < groups.tiles_an_image; tile += warp_threads) {
      tiles[tile] = groups.shared ? RowTile{-1, 0, 0, 0} : RowTile{image, image, 1, tile};
    }
    if (lane == 0 && !groups.shared) groups.members[image] = image;
  }
}

__device__ inline bool same_masks(const Groups& groups, int32_t a, int32_t b) {
  const int64_t words = groups.masks * mask_words(groups.channels);
  const uint32_t* bits = groups.bits;
  for (int64_t word = 0; word < words; ++word, bits += groups.images) {
    if (bits[a] != bits[b]) return false;
  }
  return true;
}

template <typename T>
__device__ T warp_sum(T value) {
  for (int bit = warp_threads / 2; bit > 0; bit /= 2) value += __shfl_xor_sync(whole_warp, value, bit);
  return value;
}

// One warp an image: its place among the images of the same masks.
__global__ void equal_masks_kernel(const Groups groups) {
  const int lane = threadIdx.x % warp_threads;
  for (int32_t image = first_image(); image < groups.images; image += image_stride()) {
    int32_t leader = groups.images, rank = 0, size = 0;
    for (int32_t other = lane; other < groups.images; other += warp_threads) {
      if (!same_masks(groups, image, other)) continue;
      if (other < leader) leader = other;
      if (other < image) ++rank;
      ++size;
    }
    for (int bit = warp_threads / 2; bit > 0; bit /= 2) {
      const int32_t others = __shfl_xor_sync(whole_warp, leader, bit);
      if (others < leader) leader = others;
    }
    rank = warp_sum(rank);
    size = warp_sum(size);
    if (lane != 0) continue;
    groups.leaders[image] = leader;
    groups.ranks[image] = rank;
    groups.sizes[image] = size;
  }
}

__device__ inline int32_t tiles_of(const Groups& groups, int32_t images) {
  return static_cast<int32_t>((images * groups.pixels + tile_rows - 1) / tile_rows);
}

// One warp an image: writes the image's place among the members; a leader also writes the tiles of its group. Groups
// are in the order of their leaders.
__global__ void shared_tiles_kernel(const Groups groups) {
  const int lane = threadIdx.x % warp_threads;
  for (int32_t image = first_image(); image < groups.images; image += image_stride()) {
    const int32_t leader = groups.leaders[image], size = groups.sizes[image];
    int32_t first = 0, first_tile = 0;
    for (int32_t other = lane; other < leader; other += warp_threads) {
      if (groups.leaders[other] != other) continue;
      first += groups.sizes[other];
      first_tile += tiles_of(groups, groups.sizes[other]);
    }
    first = warp_sum(first);
    first_tile = warp_sum(first_tile);
    if (lane == 0) groups.members[first + groups.ranks[image]] = image;
    if (leader != image) continue;
    for (int32_t tile = lane; tile < tiles_of(groups, size); tile += warp_threads) {
      groups.tiles[first_tile + tile] = RowTile{leader, first, size, tile};
    }
  }
}

// Fills the lists.
inline int32_t make_groups(const sl_context* context, const char* name, const Groups& groups, const Masks& masks) {
  const dim3 blocks = blocks_for(context, groups.images, block_threads / warp_threads);
  SL_TRY(launch(context, name, blocks, block_threads, open_channels_kernel, groups, masks));
  if (!groups.shared) return SL_OK;
  SL_TRY(launch(context, name, blocks, block_threads, equal_masks_kernel, groups));
  return launch(context, name, blocks, block_threads, shared_tiles_kernel, groups);
}

// Takes pieces of one buffer, each aligned. Without memory it counts bytes.
class Pieces {
 public:
  explicit Pieces(void* memory) : begin_(static_cast<char*>(memory)) {}

  int64_t bytes() const { return bytes_; }

  template <typename T>
  T* take(int64_t count) {
    constexpr int64_t alignment = 64;
    T* const taken = begin_ == nullptr ? nullptr : reinterpret_cast<T*>(begin_ + bytes_);
    bytes_ += pieces(count * int64_t{sizeof(T)}, alignment) * alignment;
    return taken;
  }

 private:
  char* begin_;
  int64_t bytes_ = 0;
};

// Room for the lists of `masks` masks of a chunk, for maps of `pixels` pixels.
inline Groups take_groups(Pieces& memory, int64_t images, int32_t channels, int32_t masks, int64_t pixels,
                          bool shared) {
  Groups groups{};
  groups.images = static_cast<int32_t>(images);
  groups.channels = channels;
  groups.masks = masks;
  groups.tiles_an_image = static_cast<int32_t>(pieces(pixels, tile_rows));
  groups.pixels = pixels;
  groups.shared = shared;
  groups.tiles = memory.take<RowTile>(images * groups.tiles_an_image);
  for (int which = 0; which < masks; ++which) {
    groups.lists[which] = {memory.take<int32_t>(images * channels), memory.take<int32_t>(images)};
  }
  groups.members = memory.take<int32_t>(images);
  if (!shared) return groups;
  groups.bits = memory.take<uint32_t>(images * masks * mask_words(channels));
  groups.leaders = memory.take<int32_t>(images);
  groups.ranks = memory.take<int32_t>(images);
  groups.sizes = memory.take<int32_t>(images);
  return groups;
}

}  // namespace
}  // namespace sluice
