// The gated block at inference: only the channels that each image's mask opens are computed.
#include <algorithm>

#include "../../common/gated_block_checks.h"
#include "gated_block_kernels.h"
#include "gated_block_packs.h"

namespace sluice {
namespace {

int32_t check_shape(const char* name, const sl_gated_block_shape* shape) {
  SL_REQUIRE(shape != nullptr, "%s: shape is null", name);
  return check_gated_block(name, *shape);
}

using FirstKind = ConvolutionKind<3, every_channel, 0>;
using SecondKind = ConvolutionKind<3, 0, every_channel>;

int64_t terms_of(const sl_gated_block_shape& s, int32_t convolution) {
  return int64_t{9} * (convolution == SL_GATED_BLOCK_FIRST ? s.in_channels : s.channels);
}

int64_t packed_floats(const sl_gated_block_shape& s, int32_t convolution) {
  const int64_t terms = terms_of(s, convolution);
  return convolution == SL_GATED_BLOCK_FIRST ? row_floats(s.channels, terms) : column_floats(s.channels, terms);
}

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
    images = images_of_chunk(s.batch, hidden_floats(pixels, s.channels), shared);
  }
};

// The memory of a chunk: hidden maps, then lists. Without memory it counts bytes.
struct Memory {
  Pieces taken;
  float* hidden;
  Groups groups;

  Memory(const Plan& plan, void* memory)
      : taken(memory),
        hidden(taken.take<float>(plan.images * hidden_floats(plan.pixels, plan.shape.channels))),
        groups(take_groups(taken, plan.images, plan.shape.channels, 1, plan.pixels, plan.shared)) {}
};

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
  pass.in_channels = s.in_channels;
  pass.out_channels = s.channels;
  pass.stride = s.stride;
  pass.out_width = plan.out_width;
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
  pass.in_channels = plan.shape.channels;
  pass.stride = 1;
  pass.pairs = can_pair(pass);
  return pass;
}

int32_t forward_chunk(const sl_context* context, const Plan& plan, const Operands& operands, const Memory& memory) {
  constexpr const char* name = "sl_gated_block_forward";
  SL_TRY(make_groups(context, name, memory.groups, {{operands.mask}}));
  SL_TRY(convolve<FirstKind>(context, name, first_pass(plan, operands, memory)));
  return convolve<SecondKind>(context, name, second_pass(plan, operands, memory));
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
  const auto pack = convolution == SL_GATED_BLOCK_FIRST ? pack_rows : pack_columns;
  return pack(context, "sl_gated_block_pack", s.channels, terms_of(s, convolution), weights, to);
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
  const int64_t bytes = Memory(plan, nullptr).taken.bytes();
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
