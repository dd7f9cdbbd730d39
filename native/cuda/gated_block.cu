// The gated block at inference: only the channels that each image's mask opens are computed.
#include <algorithm>

#include "../common/gated_block_checks.h"
#include "gated_block_kernels.h"

namespace sluice {
namespace {

int32_t check_shape(const char* name, const sl_gated_block_shape* shape) {
  SL_REQUIRE(shape != nullptr, "%s: shape is null", name);
  return check_gated_block(name, *shape);
}

// The first convolution's weights are read along the terms of each open output channel: [C, 9 I], each row padded. The
// second's are read along the output channels of each tap of an open hidden channel: [9, C, C], padded likewise.
int64_t packed_floats(const sl_gated_block_shape& s, int32_t convolution) {
  const int64_t channels = s.channels;
  if (convolution == SL_GATED_BLOCK_SECOND) return taps * channels * padded(channels);
  return channels * padded(int64_t{taps} * s.in_channels);
}

int32_t pack_first(const sl_context* context, const sl_gated_block_shape& s, const float* weights, float* packed) {
  const int64_t terms = int64_t{taps} * s.in_channels;
  return for_each(context, "sl_gated_block_pack", packed_floats(s, SL_GATED_BLOCK_FIRST), [=] __device__(int64_t i) {
    const int64_t channel = i / padded(terms), term = i % padded(terms);
    packed[i] = term < terms ? weights[channel * terms + term] : 0.0f;
  });
}

constexpr int pack_side = 32;

// packed [terms, padded channels] = weights [channels, terms] transposed, a square at a time.
__global__ void pack_second_kernel(int64_t terms, int32_t channels, const float* weights, float* packed) {
  __shared__ float square[pack_side][pack_side + 1];
  const int64_t across = (padded(channels) + pack_side - 1) / pack_side;
  const int64_t first_term = blockIdx.x / across * pack_side, first_channel = blockIdx.x % across * pack_side;
  const int inner = threadIdx.x % pack_side, step = blockDim.x / pack_side;
  for (int line = threadIdx.x / pack_side; line < pack_side; line += step) {
    const int64_t channel = first_channel + line, term = first_term + inner;
    square[line][inner] = channel < channels && term < terms ? weights[channel * terms + term] : 0.0f;
  }
  __syncthreads();
  for (int line = threadIdx.x / pack_side; line < pack_side; line += step) {
    const int64_t channel = first_channel + inner, term = first_term + line;
    if (channel < padded(channels) && term < terms) packed[term * padded(channels) + channel] = square[inner][line];
  }
}

int32_t pack_second(const sl_context* context, const sl_gated_block_shape& s, const float* weights, float* packed) {
  const int64_t terms = int64_t{taps} * s.channels;
  const dim3 blocks(static_cast<unsigned>(pieces(terms, pack_side) * pieces(padded(s.channels), pack_side)));
  return launch(context, "sl_gated_block_pack", blocks, block_threads, pack_second_kernel, terms, s.channels, weights,
                packed);
}

// The batch in chunks, so that hidden maps take no more than this unless one image does, as equal as can be.
constexpr int64_t most_hidden_bytes = int64_t{256} << 20;

struct Plan {
  sl_gated_block_shape shape;
  int64_t out_height, out_width, pixels;
  bool shared;     // groups_share_tiles
  int64_t images;  // of a chunk, but for the last

  explicit Plan(const sl_gated_block_shape& s)
      : shape(s),
        out_height((s.height - 1) / s.stride + 1),
        out_width((s.width - 1) / s.stride + 1),
        pixels(out_height * out_width),
        shared(groups_share_tiles(s.batch, pixels)) {
    int64_t most = std::max<int64_t>(1, most_hidden_bytes / (hidden_floats() * int64_t{sizeof(float)}));
    if (shared) most = std::min(most, most_compared_images);
    images = pieces(s.batch, pieces(s.batch, most));
  }

  int64_t hidden_floats() const { return pixels * padded(shape.channels); }
  int64_t tiles_an_image() const { return pieces(pixels, tile_rows); }
};

// The memory of a chunk: hidden maps, then lists. Without memory it counts bytes.
struct Memory {
  float* hidden;
  Groups groups{};
  int64_t bytes = 0;

  Memory(const Plan& plan, void* memory) : begin_(static_cast<char*>(memory)) {
    const int64_t images = plan.images, channels = plan.shape.channels;
    hidden = take<float>(images * plan.hidden_floats());
    groups.images = static_cast<int32_t>(images);
    groups.channels = plan.shape.channels;
    groups.tiles_an_image = static_cast<int32_t>(plan.tiles_an_image());
    groups.pixels = plan.pixels;
    groups.shared = plan.shared;
    groups.tiles = take<RowTile>(images * plan.tiles_an_image());
    groups.open = take<int32_t>(images * channels);
    groups.counts = take<int32_t>(images);
    groups.members = take<int32_t>(images);
    if (!plan.shared) return;
    groups.bits = take<uint32_t>(images * pieces(channels, warp_threads));
    groups.leaders = take<int32_t>(images);
    groups.ranks = take<int32_t>(images);
    groups.sizes = take<int32_t>(images);
  }

 private:
  template <typename T>
  T* take(int64_t count) {
    constexpr int64_t alignment = 64;
    T* const taken = begin_ == nullptr ? nullptr : reinterpret_cast<T*>(begin_ + bytes);
    bytes += pieces(count * int64_t{sizeof(T)}, alignment) * alignment;
    return taken;
  }

  char* begin_;
};

bool is_aligned(const void* pointer, size_t bytes) { return reinterpret_cast<uintptr_t>(pointer) % bytes == 0; }

struct Operands {
  const float *x, *mask, *packed1, *scale1, *shift1, *packed2, *scale2, *shift2, *residual;
  float* y;
};

Pass first_pass(const Plan& plan, const Operands& operands, const Memory& memory) {
  const sl_gated_block_shape& s = plan.shape;
  Pass pass{};
  pass.groups = memory.groups;
  pass.input = operands.x;
  pass.weights = operands.packed1;
  pass.scale = operands.scale1;
  pass.shift = operands.shift1;
  pass.output = memory.hidden;
  pass.height = s.height;
  pass.width = s.width;
  pass.depth = s.in_channels;
  pass.stride = s.stride;
  pass.out_width = plan.out_width;
  pass.column_tiles = static_cast<int32_t>(pieces(s.channels, tile_columns));
  return pass;
}

Pass second_pass(const Plan& plan, const Operands& operands, const Memory& memory) {
  Pass pass = first_pass(plan, operands, memory);
  pass.input = memory.hidden;
  pass.weights = operands.packed2;
  pass.scale = operands.scale2;
  pass.shift = operands.shift2;
  pass.residual = operands.residual;
  pass.output = operands.y;
  pass.height = plan.out_height;
  pass.width = plan.out_width;
  pass.stride = 1;
  pass.pairs = plan.shape.channels % lane_columns == 0 && is_aligned(operands.residual, sizeof(Two)) &&
               is_aligned(operands.y, sizeof(Two));
  return pass;
}

int32_t forward_chunk(const sl_context* context, const Plan& plan, const Operands& operands, const Memory& memory) {
  constexpr const char* name = "sl_gated_block_forward";
  const Pass first = first_pass(plan, operands, memory), second = second_pass(plan, operands, memory);
  const dim3 blocks(
      static_cast<unsigned>(memory.groups.images * plan.tiles_an_image() * int64_t{first.column_tiles}));
  const bool fours = first.depth % four == 0 && is_aligned(operands.x, sizeof(Four));
  SL_TRY(make_groups(context, name, memory.groups, operands.mask));
  SL_TRY(launch(context, name, blocks, tile_threads,
                fours ? gated_convolution_kernel<true, true> : gated_convolution_kernel<true, false>, first));
  return launch(context, name, blocks, tile_threads, gated_convolution_kernel<false, true>, second);
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_gated_block_packed_bytes(sl_context* context, const sl_gated_block_shape* host_shape,
                                           int32_t convolution, int64_t* host_bytes) {
  SL_ENTER("sl_gated_block_packed_bytes", context);
  SL_TRY(check_shape("sl_gated_block_packed_bytes", host_shape));
  SL_TRY(check_gated_convolution("sl_gated_block_packed_bytes", convolution));
  SL_REQUIRE(host_bytes != nullptr, "sl_gated_block_packed_bytes: host_bytes is null");
  *host_bytes = is_empty(*host_shape) ? 0 : packed_floats(*host_shape, convolution) * int64_t{sizeof(float)};
  return SL_OK;
}

SL_API int32_t sl_gated_block_pack(sl_context* context, const sl_gated_block_shape* host_shape, int32_t convolution,
                                   const float* weights, void* packed) {
  SL_ENTER("sl_gated_block_pack", context);
  SL_TRY(check_shape("sl_gated_block_pack", host_shape));
  SL_TRY(check_gated_convolution("sl_gated_block_pack", convolution));
  const sl_gated_block_shape s = *host_shape;
  if (is_empty(s) || packed_floats(s, convolution) == 0) return SL_OK;
  SL_TRY(check_gated_block_pack(s, weights, packed));
  float* const to = static_cast<float*>(packed);
  return convolution == SL_GATED_BLOCK_FIRST ? pack_first(context, s, weights, to)
                                             : pack_second(context, s, weights, to);
}

SL_API int32_t sl_gated_block_forward(sl_context* context, const sl_gated_block_shape* host_shape, const float* x,
                                      const float* mask, const void* packed1, const float* scale1,
                                      const float* shift1, const void* packed2, const float* scale2,
                                      const float* shift2, const float* residual, float* y) {
  SL_ENTER("sl_gated_block_forward", context);
  SL_TRY(check_shape("sl_gated_block_forward", host_shape));
  const sl_gated_block_shape s = *host_shape;
  if (is_empty(s)) return SL_OK;
  SL_TRY(check_gated_block_forward(s, x, mask, packed1, scale1, shift1, packed2, scale2, shift2, residual, y));
  SL_REQUIRE(is_aligned(packed1, sizeof(Four)) && is_aligned(packed2, sizeof(Four)),
             "sl_gated_block_forward: packed weights do not begin at 16 bytes (%s)", GatedBlockText(s).text);
  SL_BEGIN
  const Plan plan(s);
  const int64_t bytes = Memory(plan, nullptr).bytes;
  const Scratch scratch(context->allocator, bytes);
  if (!scratch) return out_of_memory("sl_gated_block_forward", context->allocator, bytes);
  Memory memory(plan, scratch.get());
  const float* const weights1 = static_cast<const float*>(packed1);
  const float* const weights2 = static_cast<const float*>(packed2);
  Operands operands{x, mask, weights1, scale1, shift1, weights2, scale2, shift2, residual, y};
  const int64_t inputs = int64_t{s.height} * s.width * s.in_channels, outputs = plan.pixels * s.channels;
  for (int64_t image = 0; image < s.batch; image += plan.images) {
    const int64_t images = std::min(plan.images, s.batch - image);
    memory.groups.images = static_cast<int32_t>(images);
    SL_TRY(forward_chunk(context, plan, operands, memory));
    operands.x += images * inputs;
    operands.mask += images * s.channels;
    operands.residual += images * outputs;
    operands.y += images * outputs;
  }
  return SL_OK;
  SL_END("sl_gated_block_forward")
}
