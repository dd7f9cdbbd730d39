// The three convolutions of one image in a gated bottleneck.
#include "gated_bottleneck_image.h"

#include <algorithm>

#include "../winograd/winograd.h"

namespace sluice {
namespace {

constexpr int64_t taps = 9;

sl_conv_shape second_shape(const sl_gated_bottleneck_shape& s) {
  return {1, s.height, s.width, s.channels, s.channels, 3, 3, s.stride, 1, SL_F32};
}

// Winograd's weights are four times as many, all gathered anew for each image: that wants many tiles, and memory that
// grows with the square of the channels.
int64_t tile_of(const sl_gated_bottleneck_shape& s) {
  constexpr int64_t fewest_pixels = 512;
  constexpr int32_t fewest_channels = 32, most_channels = 256;
  const bool worthwhile = int64_t{s.height} * s.width >= fewest_pixels && s.channels >= fewest_channels &&
                          s.channels <= most_channels;
  return worthwhile && winograd_suits(second_shape(s)) ? winograd_tile(SL_F32, s.height, s.width) : 0;
}

// Tiles are taken as many at a time as leave their operands in a core's cache.
constexpr int64_t cached_floats = int64_t{1} << 17;

// Entries of the list of how many channels are open before each eight, and after them all.
int64_t eights_of(int64_t channels) { return pieces(channels, 8) + 1; }

// Inputs of the second convolution for so many open channels: rows of gathered weights may end in zeros, as the pixels
// they meet do. Winograd's kernels read whole vectors, at least one; direct sums of whole vectors are faster, since no
// read crosses a cache line, where that adds no more than an eighth.
int64_t second_depth(const Bottleneck& b, int64_t open) {
  if (b.tile != 0) return std::max(padded(open), gated_vector);
  return 8 * padded(open) <= 9 * open ? padded(open) : open;
}

int64_t weights_floats(const Bottleneck& b) {
  return b.positions() * padded(b.shape.channels) * padded(b.shape.channels);
}

}  // namespace

Bottleneck::Bottleneck(const sl_gated_bottleneck_shape& s, const BottleneckOperands& given)
    : shape(s),
      operands(given),
      in_pixels(int64_t{s.height} * s.width),
      out_height((s.height - 1) / s.stride + 1),
      out_width((s.width - 1) / s.stride + 1),
      out_pixels(out_height * out_width),
      out_channels(bottleneck_expansion * s.channels),
      tile(tile_of(s)) {}

int64_t Bottleneck::packed_floats(int32_t convolution) const {
  const int64_t channels = shape.channels;
  if (convolution == SL_GATED_BOTTLENECK_FIRST) return channels * shape.in_channels;
  if (convolution == SL_GATED_BOTTLENECK_THIRD) return out_channels * channels;
  return (tile == 0 ? taps : positions()) * channels * channels;
}

void Bottleneck::pack(sl_context* context, int32_t convolution, const float* weights, float* packed) const {
  if (convolution == SL_GATED_BOTTLENECK_THIRD) {
    pack_gated_groups(context, out_channels, shape.channels, weights, packed);
  } else if (convolution == SL_GATED_BOTTLENECK_SECOND && tile != 0) {
    winograd_pack_rows(context, second_shape(shape), weights, packed);
  } else {
    parallel_for(context->threads, packed_floats(convolution), 65536, [=](int64_t begin, int64_t end) {
      std::copy(weights + begin, weights + end, packed + begin);
    });
  }
}

int64_t Bottleneck::image_floats() const {
  const int64_t channels = shape.channels;
  return 2 * GatedChannels::floats(channels) + padded(eights_of(channels)) +
         (in_pixels + out_pixels) * padded(channels) + weights_floats(*this);
}

int64_t Bottleneck::scratch_floats() const {
  if (tile == 0) return gated_block_kernels().first_channels * taps * padded(shape.channels);
  return std::max(cached_floats, gated_winograd_floats(tile, 1, padded(shape.channels), padded(shape.channels)));
}

BottleneckImage::BottleneckImage(const Bottleneck& b, int64_t image, const int32_t* in_order, float* memory)
    : tile_(b.tile), positions_(b.positions()), in_order_(in_order) {
  const sl_gated_bottleneck_shape& s = b.shape;
  const BottleneckOperands& o = b.operands;
  const int64_t channels = s.channels;
  const auto take = [&](int64_t floats) {
    float* const taken = memory;
    memory += floats;
    return taken;
  };
  const GatedChannels one(o.mask1 + image * channels, s.channels, o.scale1, o.shift1,
                          take(GatedChannels::floats(channels)));
  const GatedChannels two(o.mask2 + image * channels, s.channels, o.scale2, o.shift2,
                          take(GatedChannels::floats(channels)));
  int32_t* const before = reinterpret_cast<int32_t*>(take(padded(eights_of(channels))));
  for (int64_t eight = 0, count = 0; eight < eights_of(channels); ++eight) {
    while (count < one.count && one.open[count] < eight * 8) ++count;
    before[eight] = static_cast<int32_t>(count);
  }
  float* const hidden1 = take(b.in_pixels * padded(channels));
  float* const hidden2 = take(b.out_pixels * padded(channels));
  gathered_ = take(weights_floats(b));
  const int64_t depth = second_depth(b, one.count);
  const int64_t out_depth = b.tile == 0 ? two.count : std::max(padded(two.count), gated_vector);
  for (int64_t at = one.count; depth > one.count && at < b.in_pixels * depth; at += depth)
    std::fill_n(hidden1 + at, depth - one.count, 0.0f);

  first_.x = o.x + image * b.in_pixels * s.in_channels;
  first_.height = first_.out_height = 1;
  first_.width = first_.out_width = b.in_pixels;
  first_.in_channels = s.in_channels;
  first_.stride = 1;
  first_.channels = channels;
  first_.weights = static_cast<const float*>(o.packed1);
  first_.scale = one.scale;
  first_.shift = one.shift;
  first_.open = one.open;
  first_.open_count = one.count;
  first_.hidden = hidden1;
  first_.hidden_channels = depth;

  second_ = {hidden1,  s.height,  s.width,   depth,    s.stride,  b.out_height, b.out_width, channels,
             static_cast<const float*>(o.packed2), two.scale, two.shift, two.open, two.count, hidden2, out_depth};
  wanted_ = {one.open, one.count, before, channels};

  const int64_t at = image * b.out_pixels * b.out_channels;
  third_ = {hidden2,  out_depth, two.open, two.count, 1, b.out_pixels, channels, b.out_channels,
            static_cast<const float*>(o.packed3), o.scale3, o.shift3, o.residual + at, o.y + at};
}

// For a tile of entries at a time the weights of the open inputs are gathered, then any tile of pixels reads them.
void BottleneckImage::second_of_rows(int64_t open_begin, int64_t open_end, int64_t row_begin, int64_t row_end,
                                     float* scratch) const {
  const GatedBlockKernels& kernels = gated_block_kernels();
  for_pieces(open_end - open_begin, kernels.first_channels, [&](int64_t begin, int64_t entries) {
    const int64_t entry = open_begin + begin;
    for (int64_t i = 0; i < entries; ++i)
      kernels.take(wanted_, second_.weights + second_.open[entry + i] * taps * wanted_.channels, taps,
                   second_.in_channels, scratch + i * taps * second_.in_channels);
    FirstConvolution some = second_;
    some.weights = scratch;
    some.open = in_order_;
    some.open_count = entries;
    some.scale += entry;
    some.shift += entry;
    some.hidden += entry;
    kernels.first(some, 0, entries, row_begin, row_end);
  });
}

void BottleneckImage::gather_positions(int64_t begin, int64_t end) const {
  const GatedBlockKernels& kernels = gated_block_kernels();
  const int64_t depth = second_.in_channels, channels = wanted_.channels;
  for (int64_t position = begin; position < end; ++position)
    for (int64_t entry = 0; entry < second_.open_count; ++entry)
      kernels.take(wanted_, second_.weights + (position * channels + second_.open[entry]) * channels, 1, depth,
                   gathered_ + (position * second_.hidden_channels + entry) * depth);
}

void BottleneckImage::second_of_tiles(int64_t begin, int64_t end, float* scratch) const {
  FirstConvolution open = second_;
  open.weights = gathered_;
  open.open = in_order_;
  open.channels = second_.hidden_channels;
  int64_t most = end - begin;
  while (most > 1 && gated_winograd_floats(tile_, most, open.in_channels, open.channels) > cached_floats) --most;
  for_pieces(end - begin, most, [&](int64_t tile, int64_t tiles) {
    gated_winograd_avx512(tile_).first(&open, 1, begin + tile, begin + tile + tiles, scratch);
  });
}

}  // namespace sluice
