// The gated bottleneck at inference: only the channels that each image's two masks open are computed.
#include <algorithm>

#include "../../common/gated_bottleneck_checks.h"
#include "gated_block_kernels.h"
#include "gated_block_packs.h"

namespace sluice {
namespace {

int32_t check_shape(const char* name, const sl_gated_bottleneck_shape* shape) {
  SL_REQUIRE(shape != nullptr, "%s: shape is null", name);
  return check_gated_bottleneck(name, *shape);
}

using FirstKind = ConvolutionKind<1, every_channel, 0>;
using SecondKind = ConvolutionKind<3, 0, 1>;
using ThirdKind = ConvolutionKind<1, 1, every_channel>;

// Of the second convolution single weights are gathered, each by a lane of its own.
struct PackedSize {
  int64_t outputs, terms;
  bool rows;

  PackedSize(const sl_gated_bottleneck_shape& s, int32_t convolution)
      : outputs(s.channels), terms(s.in_channels), rows(convolution != SL_GATED_BOTTLENECK_THIRD) {
    if (convolution == SL_GATED_BOTTLENECK_SECOND) terms = int64_t{SecondKind::taps} * s.channels;
    if (rows) return;
    outputs = bottleneck_expansion * s.channels;
    terms = s.channels;
  }

  int64_t floats() const { return rows ? row_floats(outputs, terms) : column_floats(outputs, terms); }
};

// The batch in chunks. Tiles are lists of pixels: of the input for the first convolution, of the output for the others.
struct Plan {
  sl_gated_bottleneck_shape shape;
  int64_t out_height, out_width, in_pixels, out_pixels, out_channels;
  bool in_shared, out_shared;  // groups_share_tiles
  int64_t images;              // of a chunk, but for the last

  explicit Plan(const sl_gated_bottleneck_shape& s)
      : shape(s),
        out_height((s.height - 1) / s.stride + 1),
        out_width((s.width - 1) / s.stride + 1),
        in_pixels(int64_t{s.height} * s.width),
        out_pixels(out_height * out_width),
        out_channels(bottleneck_expansion * s.channels),
        in_shared(groups_share_tiles(s.batch, in_pixels)),
        out_shared(groups_share_tiles(s.batch, out_pixels)),
        images(images_of_chunk(s.batch, hidden_floats(in_pixels + out_pixels, s.channels), in_shared || out_shared)) {}

  // Whether the input's tiles serve the output too.
  bool same_tiles() const { return in_pixels == out_pixels; }
};

// The memory of a chunk: hidden maps, then lists. Without memory it counts bytes.
struct Memory {
  Pieces taken;
  float *hidden1, *hidden2;
  Groups in_groups, out_groups;

  Memory(const Plan& plan, void* memory)
      : taken(memory),
        hidden1(taken.take<float>(plan.images * hidden_floats(plan.in_pixels, plan.shape.channels))),
        hidden2(taken.take<float>(plan.images * hidden_floats(plan.out_pixels, plan.shape.channels))),
        in_groups(take_groups(taken, plan.images, plan.shape.channels, 2, plan.in_pixels, plan.in_shared)),
        out_groups(plan.same_tiles() ? in_groups
                                     : take_groups(taken, plan.images, plan.shape.channels, 2, plan.out_pixels,
                                                   plan.out_shared)) {}
};

Pass first_pass(const Plan& plan, const BottleneckOperands& operands, const Memory& memory) {
  const sl_gated_bottleneck_shape& s = plan.shape;
  Pass pass{};
  pass.groups = memory.in_groups;
  pass.input = operands.x;
  pass.weights = static_cast<const float*>(operands.packed1);
  pass.scale = operands.scale1;
  pass.shift = operands.shift1;
  pass.output = memory.hidden1;
  pass.height = s.height;
  pass.width = s.width;
  pass.in_channels = s.in_channels;
  pass.out_channels = s.channels;
  pass.stride = 1;
  pass.out_width = s.width;
  return pass;
}

Pass second_pass(const Plan& plan, const BottleneckOperands& operands, const Memory& memory) {
  Pass pass = first_pass(plan, operands, memory);
  pass.groups = memory.out_groups;
  pass.input = memory.hidden1;
  pass.weights = static_cast<const float*>(operands.packed2);
  pass.scale = operands.scale2;
  pass.shift = operands.shift2;
  pass.output = memory.hidden2;
  pass.in_channels = plan.shape.channels;
  pass.stride = plan.shape.stride;
  pass.out_width = plan.out_width;
  return pass;
}

Pass third_pass(const Plan& plan, const BottleneckOperands& operands, const Memory& memory) {
  Pass pass = second_pass(plan, operands, memory);
  pass.input = memory.hidden2;
  pass.weights = static_cast<const float*>(operands.packed3);
  pass.scale = operands.scale3;
  pass.shift = operands.shift3;
  pass.residual = operands.residual;
  pass.output = operands.y;
  pass.height = plan.out_height;
  pass.width = plan.out_width;
  pass.out_channels = static_cast<int32_t>(plan.out_channels);
  pass.stride = 1;
  pass.pairs = can_pair(pass);
  return pass;
}

int32_t forward_chunk(const sl_context* context, const Plan& plan, const BottleneckOperands& operands,
                      const Memory& memory) {
  constexpr const char* name = "sl_gated_bottleneck_forward";
  const Masks masks{{operands.mask1, operands.mask2}};
  SL_TRY(make_groups(context, name, memory.in_groups, masks));
  if (!plan.same_tiles()) SL_TRY(make_groups(context, name, memory.out_groups, masks));
  SL_TRY(convolve<FirstKind>(context, name, first_pass(plan, operands, memory)));
  SL_TRY(convolve<SecondKind>(context, name, second_pass(plan, operands, memory)));
  return convolve<ThirdKind>(context, name, third_pass(plan, operands, memory));
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_gated_bottleneck_packed_bytes(sl_context* context, const sl_gated_bottleneck_shape* host_shape,
                                                int32_t convolution, int64_t* host_bytes) {
  SL_ENTER("sl_gated_bottleneck_packed_bytes", context);
  SL_TRY(check_shape("sl_gated_bottleneck_packed_bytes", host_shape));
  SL_TRY(check_bottleneck_convolution("sl_gated_bottleneck_packed_bytes", convolution));
  SL_REQUIRE(host_bytes != nullptr, "sl_gated_bottleneck_packed_bytes: host_bytes is null");
  const sl_gated_bottleneck_shape s = *host_shape;
  *host_bytes = is_empty(s) ? 0 : PackedSize(s, convolution).floats() * int64_t{sizeof(float)};
  return SL_OK;
}

SL_API int32_t sl_gated_bottleneck_pack(sl_context* context, const sl_gated_bottleneck_shape* host_shape,
                                        int32_t convolution, const float* weights, void* packed) {
  SL_ENTER("sl_gated_bottleneck_pack", context);
  SL_TRY(check_shape("sl_gated_bottleneck_pack", host_shape));
  SL_TRY(check_bottleneck_convolution("sl_gated_bottleneck_pack", convolution));
  const sl_gated_bottleneck_shape s = *host_shape;
  const PackedSize size(s, convolution);
  if (is_empty(s) || size.floats() == 0) return SL_OK;
  SL_TRY(check_gated_bottleneck_pack(s, weights, packed));
  const auto pack = size.rows ? pack_rows : pack_columns;
  return pack(context, "sl_gated_bottleneck_pack", size.outputs, size.terms, weights, static_cast<float*>(packed));
}

SL_API int32_t sl_gated_bottleneck_forward(sl_context* context, const sl_gated_bottleneck_shape* host_shape,
                                           const float* x, const float* mask1, const float* mask2, const void* packed1,
                                           const float* scale1, const float* shift1, const void* packed2,
                                           const float* scale2, const float* shift2, const void* packed3,
                                           const float* scale3, const float* shift3, const float* residual, float* y) {
  SL_ENTER("sl_gated_bottleneck_forward", context);
  constexpr const char* name = "sl_gated_bottleneck_forward";
  SL_TRY(check_shape(name, host_shape));
  const sl_gated_bottleneck_shape s = *host_shape;
  if (is_empty(s)) return SL_OK;
  BottleneckOperands operands{x,      mask1,   mask2,  packed1, scale1,   shift1, packed2,
                              scale2, shift2,  packed3, scale3, shift3, residual, y};
  SL_TRY(check_gated_bottleneck_forward(s, operands));
  for (const void* const packed : {packed1, packed2, packed3}) {
    SL_REQUIRE(is_aligned(packed, sizeof(Four)), "%s: packed weights do not begin at 16 bytes (%s)", name,
               GatedBottleneckText(s).text);
  }
  SL_BEGIN
  const Plan plan(s);
  const int64_t bytes = Memory(plan, nullptr).taken.bytes();
  const Scratch scratch(context->allocator, bytes);
  if (!scratch) return out_of_memory(name, context->allocator, bytes);
  Memory memory(plan, scratch.get());
  const int64_t inputs = plan.in_pixels * s.in_channels, outputs = plan.out_pixels * plan.out_channels;
  for (int64_t image = 0; image < s.batch; image += plan.images) {
    const int64_t images = std::min(plan.images, s.batch - image);
    memory.in_groups.images = memory.out_groups.images = static_cast<int32_t>(images);
    SL_TRY(forward_chunk(context, plan, operands, memory));
    operands.x += images * inputs;
    operands.mask1 += images * s.channels;
    operands.mask2 += images * s.channels;
    operands.residual += images * outputs;
    operands.y += images * outputs;
  }
  return SL_OK;
  SL_END("sl_gated_bottleneck_forward")
}
