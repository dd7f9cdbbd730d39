// The table of a gated operation and the checks that its calls start with, on every device.
#pragma once

#include <cstdio>

#include "dispatch.h"
#include "size_checks.h"

namespace sluice {

// One row of the table with the sizes that follow from the rows above it.
struct GatedLayer {
  int32_t kernel, stride, padding;
  int32_t group;  // channels that a mask opens together, 0 without a mask
  int64_t in_height, in_width, in_channels;
  int64_t out_height, out_width, out_channels;
  int32_t dtype;  // of maps

  bool masked() const { return group != 0; }
  int64_t taps() const { return int64_t{kernel} * kernel; }
  int64_t in_pixels() const { return in_height * in_width; }
  int64_t out_pixels() const { return out_height * out_width; }
  // The padding keeps the map's size at stride 1.
  bool is_centred() const { return kernel % 2 == 1 && padding == kernel / 2; }
};

// The shape and the table in words, for error sentences.
struct GatedText {
  char text[320];
  GatedText(const sl_gated_shape& s, const sl_gated_convolution* convolutions) noexcept {
    int length = std::snprintf(text, sizeof text, "x %s [%d,%d,%d,%d]", s.dtype == SL_BF16 ? "bf16" : "f32", s.batch,
                               s.height, s.width, s.in_channels);
    for (int32_t i = 0; i < s.convolutions && i < SL_GATED_MOST_CONVOLUTIONS; ++i) {
      const size_t at = std::min(static_cast<size_t>(length), sizeof text - 1);
      const sl_gated_convolution& c = convolutions[i];
      length += std::snprintf(text + at, sizeof text - at, ", %dx%d to %d stride %d padding %d group %d", c.kernel,
                              c.kernel, c.outputs, c.stride, c.padding, c.group);
    }
  }
};

// A valid shape and table, and the caller's own, which live as long as the call.
struct GatedTable {
  const sl_gated_shape* shape = nullptr;
  const sl_gated_convolution* convolutions = nullptr;
  int32_t batch = 0, count = 0;
  GatedLayer layers[SL_GATED_MOST_CONVOLUTIONS] = {};

  GatedText words() const { return GatedText(*shape, convolutions); }
  const GatedLayer& first() const { return layers[0]; }
  const GatedLayer& last() const { return layers[count - 1]; }
  int64_t x_elements() const { return first().in_pixels() * first().in_channels; }  // of one image
  int64_t y_elements() const { return last().out_pixels() * last().out_channels; }  // of one image

  // Whether nothing is to be computed: no image, no pixel, or a convolution without outputs.
  bool is_empty() const {
    bool empty = batch == 0;
    for (int32_t i = 0; i < count; ++i) empty = empty || layers[i].in_pixels() == 0 || layers[i].out_channels == 0;
    return empty;
  }
};

// Output length along one axis; -1 if the kernel is longer than the padded input. An axis of no input has no output.
inline int64_t gated_output_length(int64_t length, const sl_gated_convolution& c) noexcept {
  if (length == 0) return 0;
  const int64_t room = length + int64_t{2} * c.padding - c.kernel;
  return room < 0 ? -1 : room / c.stride + 1;
}

// INVALID_ARGUMENT if the shape or the table makes no sense, else its sizes into *table.
inline int32_t check_gated_table(const char* name, const sl_gated_shape* host_shape,
                                 const sl_gated_convolution* host_convolutions, GatedTable* table) noexcept {
  SL_REQUIRE_POINTERS(name, host_shape, host_convolutions);
  const sl_gated_shape& s = *host_shape;
  const sl_gated_convolution* const convolutions = host_convolutions;
  SL_REQUIRE(s.convolutions >= 1 && s.convolutions <= SL_GATED_MOST_CONVOLUTIONS,
             "%s: %d convolutions, which must be 1 to %d", name, s.convolutions, SL_GATED_MOST_CONVOLUTIONS);
  SL_REQUIRE(s.dtype == SL_F32 || s.dtype == SL_BF16, "%s: dtype %d is neither f32 nor bf16", name, s.dtype);
  table->shape = host_shape;
  table->convolutions = host_convolutions;
  SL_REQUIRE(s.batch >= 0 && s.height >= 0 && s.width >= 0 && s.in_channels >= 0, "%s: a size is negative (%s)", name,
             table->words().text);
  SL_REQUIRE(is_countable({s.batch, s.height, s.width, s.in_channels}), "%s: more elements than can be counted (%s)",
             name, table->words().text);
  table->batch = s.batch;
  table->count = s.convolutions;
  int64_t height = s.height, width = s.width, channels = s.in_channels;
  for (int32_t i = 0; i < s.convolutions; ++i) {
    const sl_gated_convolution& c = convolutions[i];
    SL_REQUIRE(c.kernel >= 1 && c.stride >= 1 && c.padding >= 0 && c.outputs >= 0,
               "%s: convolution %d has a kernel or stride below 1, or a negative padding or number of outputs (%s)",
               name, i, table->words().text);
    SL_REQUIRE(
        c.group == 0 || (c.group > 0 && c.outputs % c.group == 0 && i + 1 < s.convolutions),
        "%s: the group of convolution %d is %d, which must be 0 or a divisor of its outputs, and 0 in the last (%s)",
        name, i, c.group, table->words().text);
    const int64_t out_height = gated_output_length(height, c), out_width = gated_output_length(width, c);
    SL_REQUIRE(out_height >= 0 && out_width >= 0,
               "%s: the kernel of convolution %d is larger than its padded input (%s)", name, i, table->words().text);
    SL_REQUIRE(is_countable({c.outputs, c.kernel, c.kernel, channels}) &&
                   is_countable({s.batch, out_height, out_width, c.outputs}),
               "%s: more elements than can be counted (%s)", name, table->words().text);
    table->layers[i] = {c.kernel, c.stride,   c.padding, c.group,   height, width,
                        channels, out_height, out_width, c.outputs, s.dtype};
    height = out_height;
    width = out_width;
    channels = c.outputs;
  }
  return SL_OK;
}

// The answer of sl_gated_full_from if no image is computed in full.
inline int32_t gated_never_full(const GatedTable& table) noexcept {
  return static_cast<int32_t>(std::min<int64_t>(table.first().out_channels, INT32_MAX - 1) + 1);
}

inline int32_t check_gated_index(const char* name, const GatedTable& table, int32_t index) noexcept {
  SL_REQUIRE(index >= 0 && index < table.count, "%s: convolution %d of %d: count from 0", name, index, table.count);
  return SL_OK;
}

// The buffers of a convolution that has weights.
inline int32_t check_gated_pack(const float* weights, const void* packed) noexcept {
  SL_REQUIRE_POINTERS("sl_gated_pack", weights, packed);
  return SL_OK;
}

inline int32_t gated_unsupported(const char* name, const GatedTable& table) noexcept {
  return fail(SL_ERROR_UNSUPPORTED, "%s: this library has no kernels for the table; ask sl_gated_supports first (%s)",
              name, table.words().text);
}

// The caller's operands of one convolution.
struct GatedOperands {
  const float* mask;
  const float* packed;
  const float *scale, *shift;
};

// The operands of a forward call that is not empty.
struct GatedCall {
  int64_t element;  // bytes of an element of x, residual and y
  const void *x, *residual;
  void* y;
  float* pooled;  // or null
  GatedOperands layers[SL_GATED_MOST_CONVOLUTIONS];

  // From an element of x, of residual or of y on.
  const void* x_at(int64_t index) const { return static_cast<const char*>(x) + index * element; }
  const void* residual_at(int64_t index) const { return static_cast<const char*>(residual) + index * element; }
  void* y_at(int64_t index) const { return static_cast<char*>(y) + index * element; }

  // Moves on to the images behind the next `images` ones.
  void advance(const GatedTable& table, int64_t images) {
    x = x_at(images * table.x_elements());
    residual = residual_at(images * table.y_elements());
    y = y_at(images * table.y_elements());
    for (int32_t i = 0; i < table.count; ++i) {
      if (table.layers[i].masked()) layers[i].mask += images * table.layers[i].out_channels;
    }
  }
};

// INVALID_ARGUMENT if an operand is missing, else all of them into *call.
inline int32_t check_gated_forward(const GatedTable& table, int32_t products, const uint64_t* host_operands,
                                   const void* x, const void* residual, void* y, float* pooled,
                                   GatedCall* call) noexcept {
  constexpr const char* name = "sl_gated_forward";
  SL_REQUIRE(products == SL_F32 || products == SL_BF16, "%s: products of %d, which is neither f32 nor bf16", name,
             products);
  SL_REQUIRE_POINTERS(name, host_operands, residual, y);
  if (table.x_elements() > 0) SL_REQUIRE_POINTERS(name, x);
  call->element = element_bytes(table.shape->dtype);
  call->x = x;
  call->residual = residual;
  call->y = y;
  call->pooled = pooled;
  for (int32_t i = 0; i < table.count; ++i) {
    const GatedLayer& layer = table.layers[i];
    const auto operand = [&](int32_t column) {
      return reinterpret_cast<const float*>(static_cast<uintptr_t>(host_operands[i * SL_GATED_COLUMNS + column]));
    };
    const GatedOperands given{operand(SL_GATED_MASK), operand(SL_GATED_PACKED), operand(SL_GATED_SCALE),
                              operand(SL_GATED_SHIFT)};
    SL_REQUIRE((given.packed != nullptr || layer.in_channels == 0) && given.scale != nullptr && given.shift != nullptr,
               "%s: the packed weights, the scale or the shift of convolution %d is null (%s)", name, i,
               table.words().text);
    SL_REQUIRE((given.mask != nullptr) == layer.masked(), "%s: convolution %d is %s, and its mask is %s (%s)", name, i,
               layer.masked() ? "masked" : "not masked", given.mask == nullptr ? "null" : "given", table.words().text);
    call->layers[i] = given;
  }
  return SL_OK;
}

}  // namespace sluice
