// Winograd's convolution: the rules for shapes and tiles, the packing of weights, and the work spread over threads.
#include "winograd.h"

#include "../gradient_sums.h"
#include "../onednn.h"
#include "winograd_kernels.h"
#include "winograd_weights.h"

namespace sluice {
namespace {

const WinogradKernels& kernels_of(const sl_conv_shape& shape, const WinogradGeometry& g) {
  return shape.dtype == SL_BF16 ? winograd_avx512_bf16() : winograd_avx512_f32(g.tile);
}

// The geometry of a direction. Backward data is a convolution of the output's gradients with kernels turned by half.
WinogradGeometry geometry_of(const sl_conv_shape& s, int32_t direction) {
  const int64_t out_height = s.height + 2 * s.padding - 2, out_width = s.width + 2 * s.padding - 2;
  if (direction == SL_CONV_FORWARD) {
    return {s.batch,        s.height,   s.width,
            s.in_channels,  out_height, out_width,
            s.out_channels, s.padding,  winograd_tile(s.dtype, out_height, out_width)};
  }
  return {s.batch,        out_height,    out_width,
          s.out_channels, s.height,      s.width,
          s.in_channels,  2 - s.padding, winograd_tile(s.dtype, s.height, s.width)};
}

// The geometry of some images of the buffers.
WinogradGeometry geometry_of(const sl_conv_shape& s, const WinogradInference& of) {
  WinogradGeometry g = geometry_of(s, SL_CONV_FORWARD);
  g.in_images = of.in_images;
  g.out_images = of.out_images;
  return g;
}

// Loads 16 kernels of consecutive input channels of OHWI weights, turned by half if `turned`.
void load_kernels(const float* weights, int64_t in_channels, int64_t out, int64_t in, bool turned,
                  WinogradChannelKernels& g) {
  const float* const from = weights + out * winograd_taps * in_channels + in;
  for (int64_t tap = 0; tap < winograd_taps; ++tap) {
    const float* const kernels = from + (turned ? winograd_taps - 1 - tap : tap) * in_channels;
    std::copy(kernels, kernels + winograd_channels, g[tap]);
  }
}

// Packs 16 output channels by 16 input channels, as the direction's geometry counts them.
template <typename T>
struct Packing {
  const sl_conv_shape& shape;
  int32_t direction;
  const float* weights;
  T* packed;
  WinogradGeometry geometry;
  WinogradWeightTransform transform;
  int64_t group;         // output channels of the geometry that lie together: [input channel][channel of the group]
  bool positions_first;  // [position][group] instead of [group][position]

  static constexpr int64_t joined = sizeof(float) / sizeof(T);

  // `out` and `in` are channels of the OHWI weights, both multiples of 16.
  void block(int64_t out, int64_t in) const {
    WinogradTransformedKernels transformed[winograd_channels];
    for (int64_t i = 0; i < winograd_channels; ++i) {
      WinogradChannelKernels g;
      load_kernels(weights, shape.in_channels, out + i, in, direction == SL_CONV_BACKWARD_DATA, g);
      winograd_transform_kernels(geometry.tile + 2, transform, g, transformed[i]);
    }
    const bool forward = direction == SL_CONV_FORWARD;
    const int64_t column = forward ? out : in, row = forward ? in : out;  // output and input channel of the geometry
    const int64_t plane = geometry.in_channels * group;
    const int64_t next_group = positions_first ? plane : geometry.positions() * plane;
    const int64_t next_position = positions_first ? geometry.out_channels / group * plane : plane;
    T* const corner = packed + column / group * next_group + row * group + column % group * joined;
    for (int64_t position = 0; position < geometry.positions(); ++position) {
      float square[winograd_channels][winograd_channels];  // [input channel][output channel] of the geometry
      for (int64_t i = 0; i < winograd_channels; ++i)
        for (int64_t j = 0; j < winograd_channels; ++j)
          square[i][j] = forward ? transformed[j][position][i] : transformed[i][position][j];
      for (int64_t i = 0; i < winograd_channels; i += joined)
        for (int64_t j = 0; j < winograd_channels; ++j)
          for (int64_t part = 0; part < joined; ++part)
            corner[position * next_position + i * group + j * joined + part] = from_float<T>(square[i + part][j]);
    }
  }
};

template <typename T>
void pack_groups_as(sl_context* context, const sl_conv_shape& s, int32_t direction, int64_t group, bool positions_first,
                    const float* weights, T* packed) {
  const WinogradGeometry geometry = geometry_of(s, direction);
  const WinogradWeightTransform transform = winograd_weight_transform(static_cast<int>(geometry.tile));
  const Packing<T> packing{s, direction, weights, packed, geometry, transform, group, positions_first};
  const int64_t columns = s.in_channels / winograd_channels, blocks = columns * (s.out_channels / winograd_channels);
  parallel_for(context->threads, blocks, 1, [&](int64_t block, int64_t) {
    packing.block(block / columns * winograd_channels, block % columns * winograd_channels);
  });
}

void pack_groups(sl_context* context, const sl_conv_shape& s, int32_t direction, int64_t group, bool positions_first,
                 const float* weights, void* packed) {
  if (s.dtype == SL_BF16) {
    pack_groups_as(context, s, direction, group, positions_first, weights, static_cast<bf16*>(packed));
  } else {
    pack_groups_as(context, s, direction, group, positions_first, weights, static_cast<float*>(packed));
  }
}

// Computes dw from the sums [position][output channel][input channel].
void collect_gradients(sl_context* context, const WinogradGeometry& g, const float* sums, float* dw, bool accumulate) {
  const WinogradWeightTransform transform = winograd_weight_transform(static_cast<int>(g.tile));
  const int64_t in_channels = g.in_channels, plane = g.out_channels * in_channels;
  parallel_for(context->threads, g.out_channels, 1, [&, dw](int64_t out, int64_t) {
    for (int64_t in = 0; in < in_channels; in += winograd_channels) {
      WinogradTransformedKernels transformed;
      WinogradChannelKernels kernels;
      for (int64_t position = 0; position < g.positions(); ++position) {
        const float* const from = sums + position * plane + out * in_channels + in;
        std::copy(from, from + winograd_channels, transformed[position]);
      }
      winograd_gather_kernels(g.tile + 2, transform, transformed, kernels);
      for (int64_t tap = 0; tap < winograd_taps; ++tap) {
        float* const to = dw + (out * winograd_taps + tap) * in_channels + in;
        for (int64_t lane = 0; lane < winograd_channels; ++lane)
          to[lane] = (accumulate ? to[lane] : 0.0f) + kernels[tap][lane];
      }
    }
  });
}

void convolve(sl_context* context, const sl_conv_shape& s, const WinogradGeometry& g, const void* input,
              const void* packed, void* output, bool accumulate, const WinogradFollow* follow) {
  const int64_t block = winograd_block(g), tiles = g.tiles();
  const int64_t floats = winograd_scratch_floats(g);
  const RequiredScratch scratch(context, context->threads * floats * static_cast<int64_t>(sizeof(float)));
  const WinogradKernels& kernels = kernels_of(s, g);
  // A single image has only a few blocks of tiles. Threads then share a block and take different output channels.
  const int64_t blocks = (tiles + block - 1) / block, groups = g.out_channels / channel_group(g.out_channels);
  const int64_t shares = std::min(groups, (context->threads + blocks - 1) / blocks);
  parallel_for(context->threads, blocks * shares, 1, [&](int64_t unit, int64_t) {
    const int64_t first = unit / shares * block, share = unit % shares, size = channel_group(g.out_channels);
    float* const own = scratch.get<float>() + omp_get_thread_num() * floats;
    kernels.convolve(g, input, packed, output, accumulate, follow, first, std::min(block, tiles - first),
                     share * groups / shares * size, (share + 1) * groups / shares * size, own);
  });
}

}  // namespace

int64_t winograd_tile(int32_t dtype, int64_t height, int64_t width) {
  if (dtype == SL_BF16) return 2;
  int64_t best = 2, fewest = INT64_MAX;
  for (int64_t tile = 2; tile <= 4; ++tile) {
    const int64_t products = ((height + tile - 1) / tile) * ((width + tile - 1) / tile) * (tile + 2) * (tile + 2);
    if (products >= fewest) continue;
    best = tile;
    fewest = products;
  }
  return best;
}

bool winograd_suits(const sl_conv_shape& s) {
  if (s.kernel_height != 3 || s.kernel_width != 3 || s.stride != 1 || s.padding > 2) return false;
  if (s.in_channels % winograd_channels != 0 || s.out_channels % winograd_channels != 0) return false;
  // Transformed weights are two to three times larger: with too few tiles, fetching them does not pay.
  constexpr int64_t fewest_tiles = 24;
  if (geometry_of(s, SL_CONV_FORWARD).tiles() < fewest_tiles) return false;
  if (geometry_of(s, SL_CONV_BACKWARD_DATA).tiles() < fewest_tiles) return false;
  return prefers_own_products(s.dtype);
}

int64_t winograd_packed_bytes(const sl_conv_shape& s, int32_t direction) {
  return geometry_of(s, direction).positions() * s.in_channels * s.out_channels * (s.dtype == SL_BF16 ? 2 : 4);
}

void winograd_pack(sl_context* context, const sl_conv_shape& s, int32_t direction, const float* weights, void* packed) {
  pack_groups(context, s, direction, channel_group(geometry_of(s, direction).out_channels), false, weights, packed);
}

void winograd_pack_vectors(sl_context* context, const sl_conv_shape& s, const float* weights, void* packed) {
  pack_groups(context, s, SL_CONV_FORWARD, winograd_channels, true, weights, packed);
}

void winograd_pack_rows(sl_context* context, const sl_conv_shape& s, const float* weights, float* packed) {
  const WinogradGeometry geometry = geometry_of(s, SL_CONV_FORWARD);
  const WinogradWeightTransform transform = winograd_weight_transform(static_cast<int>(geometry.tile));
  const int64_t in_channels = s.in_channels, plane = s.out_channels * in_channels;
  parallel_for(context->threads, s.out_channels, 1, [&, packed](int64_t out, int64_t) {
    for (int64_t in = 0; in < in_channels; in += winograd_channels) {
      WinogradChannelKernels g;
      WinogradTransformedKernels transformed;
      load_kernels(weights, in_channels, out, in, false, g);
      winograd_transform_kernels(geometry.tile + 2, transform, g, transformed);
      for (int64_t position = 0; position < geometry.positions(); ++position)
        std::copy(transformed[position], transformed[position] + winograd_channels,
                  packed + position * plane + out * in_channels + in);
    }
  });
}

void winograd_convolve(sl_context* context, const sl_conv_shape& s, int32_t direction, const void* input,
                       const void* packed, void* output, bool accumulate) {
  convolve(context, s, geometry_of(s, direction), input, packed, output, accumulate, nullptr);
}

void winograd_infer(sl_context* context, const sl_conv_shape& s, const WinogradInference& of, const void* x,
                    const void* packed, void* y) {
  convolve(context, s, geometry_of(s, of), x, packed, y, false, &of.follow);
}

int64_t winograd_images_together(const sl_conv_shape& s) {
  const WinogradGeometry g = geometry_of(s, SL_CONV_FORWARD);
  return std::max<int64_t>(1, winograd_block(g) / (g.tile_rows() * g.tile_columns()));
}

int64_t winograd_thread_floats(const sl_conv_shape& s) {
  return winograd_scratch_floats(geometry_of(s, SL_CONV_FORWARD));
}

void winograd_infer_on_thread(const sl_conv_shape& s, const WinogradInference& of, const void* x, const void* packed,
                              void* y, float* scratch) {
  const WinogradGeometry g = geometry_of(s, of);
  const int64_t block = winograd_block(g), tiles = g.tiles();
  for (int64_t first = 0; first < tiles; first += block)
    kernels_of(s, g).convolve(g, x, packed, y, false, &of.follow, first, std::min(block, tiles - first), 0,
                              g.out_channels, scratch);
}

void winograd_backward_weights(sl_context* context, const sl_conv_shape& s, const void* x, const void* dy, float* dw,
                               bool accumulate) {
  const WinogradGeometry g = geometry_of(s, SL_CONV_FORWARD);
  const WinogradKernels& kernels = kernels_of(s, g);
  GradientSums sums(context, {g.positions(), g.positions(), g.tiles(), 2, g.in_channels, g.out_channels, s.dtype});
  sums.compute([&](int64_t first, int64_t begin, int64_t end,
                   const GradientOperands& operands) { kernels.transform(g, x, dy, first, begin, end, operands); },
               [&](const GradientOperands& operands, int64_t tiles, int64_t position, int64_t channel, float* target) {
                 kernels.multiply(g, operands, tiles, position, channel, target);
               });
  collect_gradients(context, g, sums.result(), dw, accumulate);
}

}  // namespace sluice
