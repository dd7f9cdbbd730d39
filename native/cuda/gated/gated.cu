// Gated convolutions at inference: only the channels that each image's masks open are computed.
#include <algorithm>

#include "../../common/gated_checks.h"
#include "../pooling.h"
#include "gated_kernels.h"
#include "gated_packs.h"

namespace sluice {
namespace {

// How a convolution of a table is computed: its weights packed in rows, an output channel each, or in columns.
struct Step {
  int32_t (*convolve)(sl_context* context, const char* name, const Pass& pass, Multiply multiply) = nullptr;
  bool rows = false;

  bool exists() const { return convolve != nullptr; }
};

template <int Side, int OpenInputs, int OpenOutputs>
Step step_of() {
  using Kind = ConvolutionKind<Side, OpenInputs, OpenOutputs>;
  return {&convolve<Kind>, Kind::hidden_output};
}

// The one place that knows which convolutions there are kernels for. Masks are numbered from 0: the convolution in row
// `index` reads the channels that mask index - 1 opens, and writes those that mask `index` opens.
Step step_of(const GatedTable& table, int32_t index) {
  const GatedLayer& layer = table.layers[index];
  const int32_t masks = table.count - 1;
  const bool is_last = index == masks;
  const bool same_hidden = is_last || layer.out_channels == table.first().out_channels;
  if (!layer.is_centred() || layer.masked() == is_last || !same_hidden) return {};
  if (masks < 1 || masks > most_masks || (is_last && layer.stride != 1)) return {};
  if (layer.taps() * padded(layer.in_channels) > INT32_MAX / 2) return {};  // kernels count terms in 32 bits
  const int32_t kernel = layer.kernel;
  if (index == 0 && kernel == 1) return step_of<1, every_channel, 0>();
  if (index == 0 && kernel == 3) return step_of<3, every_channel, 0>();
  if (index == 1 && kernel == 3) return is_last ? step_of<3, 0, every_channel>() : step_of<3, 0, 1>();
  if (index == 2 && kernel == 1) return step_of<1, 1, every_channel>();
  return {};
}

bool supports(const GatedTable& table) {
  bool all = table.shape->dtype == SL_F32;
  for (int32_t index = 0; index < table.count; ++index) all = all && step_of(table, index).exists();
  return all;
}

int64_t packed_floats(const GatedTable& table, int32_t index) {
  const GatedLayer& layer = table.layers[index];
  const int64_t terms = layer.taps() * layer.in_channels;
  return step_of(table, index).rows ? row_floats(layer.out_channels, terms) : column_floats(layer.out_channels, terms);
}

// The batch in chunks. Images are grouped anew if a convolution changes the number of pixels, since tiles are lists
// of output pixels.
struct Plan {
  const GatedTable& table;
  int64_t images;  // of a chunk, but for the last

  explicit Plan(const GatedTable& t) : table(t) {
    int64_t floats = 0;
    bool shared = false;
    for (int32_t index = 0; index < table.count; ++index) {
      const GatedLayer& layer = table.layers[index];
      if (layer.masked()) floats += hidden_floats(layer.out_pixels(), layer.out_channels);
      shared = shared || groups_share_tiles(table.batch, layer.out_pixels());
    }
    images = images_of_chunk(table.batch, floats, shared);
  }

  // Whether the convolution has the groups of the one before it.
  bool keeps_groups(int32_t index) const {
    return index > 0 && table.layers[index].out_pixels() == table.layers[index - 1].out_pixels();
  }
};

// The memory of a chunk: hidden maps, then lists. Without memory it counts bytes.
struct Memory {
  Pieces taken;
  float* hidden[most_masks];
  Groups groups[most_masks + 1];  // by convolution

  Memory(const Plan& plan, void* memory) : taken(memory), hidden{}, groups{} {
    const GatedTable& table = plan.table;
    const int32_t masks = table.count - 1;
    for (int32_t index = 0; index < masks; ++index) {
      const GatedLayer& layer = table.layers[index];
      hidden[index] = taken.take<float>(plan.images * hidden_floats(layer.out_pixels(), layer.out_channels));
    }
    const int32_t channels = static_cast<int32_t>(table.first().out_channels);
    for (int32_t index = 0; index < table.count; ++index) {
      const int64_t pixels = table.layers[index].out_pixels();
      groups[index] = plan.keeps_groups(index) ? groups[index - 1]
                                               : take_groups(taken, plan.images, channels, masks, pixels,
                                                             groups_share_tiles(table.batch, pixels));
    }
  }
};

Pass pass_of(const Plan& plan, const GatedCall& call, const Memory& memory, int32_t index) {
  const GatedLayer& layer = plan.table.layers[index];
  const bool is_last = index + 1 == plan.table.count;
  Pass pass{};
  pass.groups = memory.groups[index];
  pass.input = index == 0 ? static_cast<const float*>(call.x) : memory.hidden[index - 1];
  pass.weights = call.layers[index].packed;
  pass.scale = call.layers[index].scale;
  pass.shift = call.layers[index].shift;
  pass.residual = is_last ? static_cast<const float*>(call.residual) : nullptr;
  pass.output = is_last ? static_cast<float*>(call.y) : memory.hidden[index];
  pass.height = layer.in_height;
  pass.width = layer.in_width;
  pass.in_channels = static_cast<int32_t>(layer.in_channels);
  pass.out_channels = static_cast<int32_t>(layer.out_channels);
  pass.stride = layer.stride;
  pass.out_width = layer.out_width;
  pass.pairs = is_last && can_pair(pass);
  return pass;
}

int32_t forward_chunk(sl_context* context, const Plan& plan, const GatedCall& call, const Memory& memory,
                      Multiply multiply) {
  constexpr const char* name = "sl_gated_forward";
  const Masks masks{{call.layers[0].mask, call.layers[1].mask}};
  for (int32_t index = 0; index < plan.table.count; ++index) {
    if (!plan.keeps_groups(index)) SL_TRY(make_groups(context, name, memory.groups[index], masks));
  }
  for (int32_t index = 0; index < plan.table.count; ++index) {
    SL_TRY(step_of(plan.table, index).convolve(context, name, pass_of(plan, call, memory, index), multiply));
  }
  return SL_OK;
}

// Checks shape and table, of which there must be kernels.
int32_t check_supported(const char* name, const sl_gated_shape* shape, const sl_gated_convolution* convolutions,
                        GatedTable* table) {
  SL_TRY(check_gated_table(name, shape, convolutions, table));
  return supports(*table) ? SL_OK : gated_unsupported(name, *table);
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_gated_supports(sl_context* context, const sl_gated_shape* host_shape,
                                 const sl_gated_convolution* host_convolutions, int32_t* host_supported) {
  SL_ENTER("sl_gated_supports", context);
  GatedTable table;
  SL_TRY(check_gated_table("sl_gated_supports", host_shape, host_convolutions, &table));
  SL_REQUIRE_POINTERS("sl_gated_supports", host_supported);
  *host_supported = supports(table) ? 1 : 0;
  return SL_OK;
}

SL_API int32_t sl_gated_full_from(sl_context* context, const sl_gated_shape* host_shape,
                                  const sl_gated_convolution* host_convolutions, int32_t* host_open) {
  constexpr const char* name = "sl_gated_full_from";
  SL_ENTER(name, context);
  GatedTable table;
  SL_TRY(check_supported(name, host_shape, host_convolutions, &table));
  SL_REQUIRE_POINTERS(name, host_open);
  *host_open = gated_never_full(table);
  return SL_OK;
}

SL_API int32_t sl_gated_packed_bytes(sl_context* context, const sl_gated_shape* host_shape,
                                     const sl_gated_convolution* host_convolutions, int32_t index,
                                     int64_t* host_bytes) {
  constexpr const char* name = "sl_gated_packed_bytes";
  SL_ENTER("sl_gated_packed_bytes", context);
  GatedTable table;
  SL_TRY(check_supported(name, host_shape, host_convolutions, &table));
  SL_TRY(check_gated_index(name, table, index));
  SL_REQUIRE_POINTERS(name, host_bytes);
  *host_bytes = table.is_empty() ? 0 : packed_floats(table, index) * int64_t{sizeof(float)};
  return SL_OK;
}

SL_API int32_t sl_gated_pack(sl_context* context, const sl_gated_shape* host_shape,
                             const sl_gated_convolution* host_convolutions, int32_t index, const float* weights,
                             void* packed) {
  constexpr const char* name = "sl_gated_pack";
  SL_ENTER("sl_gated_pack", context);
  GatedTable table;
  SL_TRY(check_supported(name, host_shape, host_convolutions, &table));
  SL_TRY(check_gated_index(name, table, index));
  if (table.is_empty() || packed_floats(table, index) == 0) return SL_OK;
  SL_TRY(check_gated_pack(weights, packed));
  const GatedLayer& layer = table.layers[index];
  const auto pack = step_of(table, index).rows ? pack_rows : pack_columns;
  return pack(context, name, layer.out_channels, layer.taps() * layer.in_channels, weights,
              static_cast<float*>(packed));
}

SL_API int32_t sl_gated_forward(sl_context* context, const sl_gated_shape* host_shape,
                                const sl_gated_convolution* host_convolutions, int32_t products,
                                const uint64_t* host_operands, const void* x, const void* residual, void* y,
                                float* pooled) {
  constexpr const char* name = "sl_gated_forward";
  SL_ENTER("sl_gated_forward", context);
  GatedTable table;
  SL_TRY(check_supported(name, host_shape, host_convolutions, &table));
  if (table.is_empty()) return SL_OK;
  GatedCall call{};
  SL_TRY(check_gated_forward(table, products, host_operands, x, residual, y, pooled, &call));
  for (int32_t index = 0; index < table.count; ++index) {
    SL_REQUIRE(is_aligned(call.layers[index].packed, sizeof(Four)),
               "%s: the packed weights of convolution %d do not begin at a multiple of 16 bytes (%s)", name, index,
               table.words().text);
  }
  SL_BEGIN
  const Plan plan(table);
  const int64_t bytes = Memory(plan, nullptr).taken.bytes();
  const Scratch scratch(context->allocator, bytes);
  if (!scratch) return out_of_memory(name, context->allocator, bytes);
  Memory memory(plan, scratch.get());
  const Multiply multiply = products == SL_BF16 ? Multiply::bf16 : context->tf32 ? Multiply::tf32 : Multiply::f32;
  for (int64_t image = 0; image < table.batch; image += plan.images) {
    const int64_t images = std::min<int64_t>(plan.images, table.batch - image);
    for (Groups& groups : memory.groups) groups.images = static_cast<int32_t>(images);
    SL_TRY(forward_chunk(context, plan, call, memory, multiply));
    call.advance(table, images);
  }
  if (pooled == nullptr) return SL_OK;
  return global_pool_forward(context, name, table.batch, table.last().out_pixels(), table.last().out_channels,
                             static_cast<const float*>(y), pooled);
  SL_END("sl_gated_forward")
}
