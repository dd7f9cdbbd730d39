// Convolution in its three directions: by own kernels where they suit, else on oneDNN with activations plain NHWC and
// weights in the layout its kernels choose.
#include <cstring>

#include "../onednn.h"
#include "../winograd/winograd.h"
#include "conv_shape.h"
#include "shifted.h"
#include "stem.h"

namespace sluice {
namespace {

using dnnl::memory;

enum Kind : int64_t {
  kind_forward = 1,
  kind_backward_data,
  kind_backward_weights,
  kind_pack_forward,
  kind_pack_backward_data,
  kind_unpack,
  kind_unpack_add
};

PrimitiveKey key(Kind kind, const sl_conv_shape& s) {
  return {kind,           s.batch,  s.height,  s.width, s.in_channels, s.out_channels, s.kernel_height,
          s.kernel_width, s.stride, s.padding, s.dtype};
}

// Descriptors of a convolution: plain NHWC activations, weights of free layout.
struct Descriptors {
  memory::desc x, weights, y;
  memory::dims strides, padding;

  Descriptors(const sl_conv_shape& s, const ConvSizes& sizes, memory::data_type weights_type)
      : x({s.batch, s.in_channels, s.height, s.width}, onednn_type(s.dtype), memory::format_tag::nhwc),
        weights({s.out_channels, s.in_channels, s.kernel_height, s.kernel_width}, weights_type,
                memory::format_tag::any),
        y({s.batch, s.out_channels, sizes.out_height, sizes.out_width}, onednn_type(s.dtype), memory::format_tag::nhwc),
        strides{s.stride, s.stride},
        padding{s.padding, s.padding} {}
};

dnnl::convolution_forward::primitive_desc forward_descriptor(sl_context* context, const Descriptors& d) {
  constexpr auto kind = dnnl::prop_kind::forward_training;
  constexpr auto algorithm = dnnl::algorithm::convolution_direct;
  const dnnl::engine& engine = context->onednn->engine;
#if DNNL_VERSION_MAJOR >= 3
  return {engine, kind, algorithm, d.x, d.weights, d.y, d.strides, d.padding, d.padding, default_attributes()};
#else
  return {{kind, algorithm, d.x, d.weights, d.y, d.strides, d.padding, d.padding}, default_attributes(), engine};
#endif
}

const Primitive& forward(sl_context* context, const sl_conv_shape& s, const ConvSizes& sizes) {
  return context->onednn->cached(key(kind_forward, s), [&] {
    const auto made = forward_descriptor(context, Descriptors(s, sizes, onednn_type(s.dtype)));
    return make_primitive<dnnl::convolution_forward>(
        made,
        {{DNNL_ARG_SRC, made.src_desc()}, {DNNL_ARG_WEIGHTS, made.weights_desc()}, {DNNL_ARG_DST, made.dst_desc()}});
  });
}

const Primitive& backward_data(sl_context* context, const sl_conv_shape& s, const ConvSizes& sizes) {
  return context->onednn->cached(key(kind_backward_data, s), [&] {
    const Descriptors d(s, sizes, onednn_type(s.dtype));
    constexpr auto algorithm = dnnl::algorithm::convolution_direct;
    const dnnl::engine& engine = context->onednn->engine;
    const auto hint = forward_descriptor(context, d);
#if DNNL_VERSION_MAJOR >= 3
    const dnnl::convolution_backward_data::primitive_desc made(engine, algorithm, d.x, d.weights, d.y, d.strides,
                                                               d.padding, d.padding, hint, default_attributes());
#else
    const dnnl::convolution_backward_data::primitive_desc made(
        {algorithm, d.x, d.weights, d.y, d.strides, d.padding, d.padding}, default_attributes(), engine, hint);
#endif
    return make_primitive<dnnl::convolution_backward_data>(made, {{DNNL_ARG_DIFF_SRC, made.diff_src_desc()},
                                                                  {DNNL_ARG_WEIGHTS, made.weights_desc()},
                                                                  {DNNL_ARG_DIFF_DST, made.diff_dst_desc()}});
  });
}

const Primitive& backward_weights(sl_context* context, const sl_conv_shape& s, const ConvSizes& sizes) {
  return context->onednn->cached(key(kind_backward_weights, s), [&] {
    const Descriptors d(s, sizes, memory::data_type::f32);
    constexpr auto algorithm = dnnl::algorithm::convolution_direct;
    const dnnl::engine& engine = context->onednn->engine;
    const auto hint = forward_descriptor(context, Descriptors(s, sizes, onednn_type(s.dtype)));
#if DNNL_VERSION_MAJOR >= 3
    const dnnl::convolution_backward_weights::primitive_desc made(engine, algorithm, d.x, d.weights, d.y, d.strides,
                                                                  d.padding, d.padding, hint, default_attributes());
#else
    const dnnl::convolution_backward_weights::primitive_desc made(
        {algorithm, d.x, d.weights, d.y, d.strides, d.padding, d.padding}, default_attributes(), engine, hint);
#endif
    return make_primitive<dnnl::convolution_backward_weights>(made, {{DNNL_ARG_SRC, made.src_desc()},
                                                                     {DNNL_ARG_DIFF_WEIGHTS, made.diff_weights_desc()},
                                                                     {DNNL_ARG_DIFF_DST, made.diff_dst_desc()}});
  });
}

// The master weights: f32 OHWI.
memory::desc master(const sl_conv_shape& s) {
  return {{s.out_channels, s.in_channels, s.kernel_height, s.kernel_width},
          memory::data_type::f32,
          memory::format_tag::ohwi};
}

const Primitive& direction_primitive(sl_context* context, const sl_conv_shape& s, const ConvSizes& sizes,
                                     int32_t direction) {
  return direction == SL_CONV_FORWARD ? forward(context, s, sizes) : backward_data(context, s, sizes);
}

void set_zero(sl_context* context, void* data, int64_t bytes) {
  parallel_for(context->threads, bytes, int64_t{1} << 18, [=](int64_t begin, int64_t end) {
    std::memset(static_cast<char*>(data) + begin, 0, static_cast<size_t>(end - begin));
  });
}

template <typename T>
void add_to(sl_context* context, const T* from, T* to, int64_t n) {
  parallel_for(context->threads, n, 16384, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = from_float<T>(to_float(to[i]) + to_float(from[i]));
  });
}

// Whether the weights' gradient is one matrix product: pixels are only chosen, not combined.
bool chooses_pixels(const sl_conv_shape& s) { return s.kernel_height == 1 && s.kernel_width == 1 && s.padding == 0; }

// The pixels of x [N,H,W,I] that a strided 1x1 convolution sees, [N,H',W',I].
template <typename T>
void choose_pixels(sl_context* context, const sl_conv_shape& s, const ConvSizes& sizes, const T* x, T* chosen) {
  const int64_t channels = s.in_channels, stride = s.stride;
  parallel_for(context->threads, s.batch * sizes.out_height, 1, [=](int64_t line, int64_t) {
    const int64_t image = line / sizes.out_height, row = line % sizes.out_height * stride;
    const T* const from = x + (image * s.height + row) * s.width * channels;
    T* const to = chosen + line * sizes.out_width * channels;
    for (int64_t pixel = 0; pixel < sizes.out_width; ++pixel)
      std::copy(from + pixel * stride * channels, from + (pixel * stride + 1) * channels, to + pixel * channels);
  });
}

// dw [O,I] = dy' x over all pixels. (oneDNN 2.6's own kernel for this writes outside its memory on AVX2.)
int32_t backward_weights_1x1(sl_context* context, const sl_conv_shape& s, const ConvSizes& sizes, const void* x,
                             const void* dy, float* dw, bool accumulate) {
  const int64_t rows = s.batch * sizes.out_height * sizes.out_width;
  const bool strided = s.stride > 1;
  const Scratch chosen(context->allocator, strided ? rows * s.in_channels * element_bytes(s.dtype) : 0);
  if (strided) {
    if (!chosen) throw std::bad_alloc();
    SL_DISPATCH(s.dtype, "sl_conv_backward_weights", [&](auto zero) {
      using T = decltype(zero);
      choose_pixels(context, s, sizes, static_cast<const T*>(x), chosen.get<T>());
    });
  }
  return sl_matmul(context, s.dtype, SL_F32, s.out_channels, s.in_channels, rows, 1, 0, 1.0f, dy,
                   strided ? chosen.get() : x, accumulate ? 1.0f : 0.0f, dw, nullptr);
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_conv_packed_bytes(sl_context* context, const sl_conv_shape* host_shape, int32_t direction,
                                    int64_t* host_bytes) {
  ConvSizes sizes;
  SL_TRY(check_conv("sl_conv_packed_bytes", context, host_shape, &sizes));
  SL_TRY(check_conv_direction("sl_conv_packed_bytes", direction));
  SL_REQUIRE(host_bytes != nullptr, "sl_conv_packed_bytes: host_bytes is null");
  if (sizes.empty()) {
    *host_bytes = 0;
    return SL_OK;
  }
  if (winograd_suits(*host_shape)) {
    *host_bytes = winograd_packed_bytes(*host_shape, direction);
    return SL_OK;
  }
  if (direction == SL_CONV_FORWARD && stem_suits(*host_shape)) {
    *host_bytes = stem_packed_bytes(*host_shape);
    return SL_OK;
  }
  try {
    use_threads(context);
    const Primitive& primitive = direction_primitive(context, *host_shape, sizes, direction);
    *host_bytes = static_cast<int64_t>(primitive[DNNL_ARG_WEIGHTS].get_size());
    return SL_OK;
  } catch (...) {
    return exception_status("sl_conv_packed_bytes", ConvText(*host_shape).text);
  }
}

SL_API int32_t sl_conv_pack(sl_context* context, const sl_conv_shape* host_shape, int32_t direction,
                            const float* weights, void* packed) {
  ConvSizes sizes;
  SL_TRY(check_conv("sl_conv_pack", context, host_shape, &sizes));
  SL_TRY(check_conv_direction("sl_conv_pack", direction));
  SL_REQUIRE(weights != nullptr, "sl_conv_pack: weights is null");
  SL_REQUIRE(packed != nullptr, "sl_conv_pack: packed is null");
  if (sizes.empty()) return SL_OK;
  if (winograd_suits(*host_shape)) {
    winograd_pack(context, *host_shape, direction, weights, packed);
    return SL_OK;
  }
  if (direction == SL_CONV_FORWARD && stem_suits(*host_shape)) {
    stem_pack(*host_shape, weights, packed);
    return SL_OK;
  }
  try {
    use_threads(context);
    const Kind kind = direction == SL_CONV_FORWARD ? kind_pack_forward : kind_pack_backward_data;
    const memory::desc& layout = direction_primitive(context, *host_shape, sizes, direction)[DNNL_ARG_WEIGHTS];
    const Primitive& primitive = context->onednn->cached(
        key(kind, *host_shape), [&] { return make_reorder(context, master(*host_shape), layout, false); });
    execute(context, primitive, {{DNNL_ARG_SRC, weights}, {DNNL_ARG_DST, packed}});
    return SL_OK;
  } catch (...) {
    return exception_status("sl_conv_pack", ConvText(*host_shape).text);
  }
}

SL_API int32_t sl_conv_forward(sl_context* context, const sl_conv_shape* host_shape, const void* x, const void* packed,
                               void* y) {
  ConvSizes sizes;
  SL_TRY(check_conv("sl_conv_forward", context, host_shape, &sizes));
  SL_REQUIRE(x != nullptr, "sl_conv_forward: x is null");
  SL_REQUIRE(packed != nullptr, "sl_conv_forward: packed is null");
  SL_REQUIRE(y != nullptr, "sl_conv_forward: y is null");
  if (sizes.empty()) {
    set_zero(context, y, sizes.y * element_bytes(host_shape->dtype));
    return SL_OK;
  }
  try {
    if (winograd_suits(*host_shape)) {
      winograd_convolve(context, *host_shape, SL_CONV_FORWARD, x, packed, y, false);
      return SL_OK;
    }
    if (stem_suits(*host_shape)) {
      stem_forward(context, *host_shape, x, packed, y);
      return SL_OK;
    }
    use_threads(context);
    execute(context, forward(context, *host_shape, sizes),
            {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, packed}, {DNNL_ARG_DST, y}});
    return SL_OK;
  } catch (...) {
    return exception_status("sl_conv_forward", ConvText(*host_shape).text);
  }
}

SL_API int32_t sl_conv_backward_data(sl_context* context, const sl_conv_shape* host_shape, const void* dy,
                                     const void* packed, void* dx, int32_t accumulate) {
  ConvSizes sizes;
  SL_TRY(check_conv("sl_conv_backward_data", context, host_shape, &sizes));
  SL_REQUIRE(dy != nullptr, "sl_conv_backward_data: dy is null");
  SL_REQUIRE(packed != nullptr, "sl_conv_backward_data: packed is null");
  SL_REQUIRE(dx != nullptr, "sl_conv_backward_data: dx is null");
  const int64_t bytes = sizes.x * element_bytes(host_shape->dtype);
  if (sizes.empty()) {
    if (accumulate == 0) set_zero(context, dx, bytes);
    return SL_OK;
  }
  try {
    if (winograd_suits(*host_shape)) {
      winograd_convolve(context, *host_shape, SL_CONV_BACKWARD_DATA, dy, packed, dx, accumulate != 0);
      return SL_OK;
    }
    use_threads(context);
    const Scratch scratch(context->allocator, accumulate != 0 ? bytes : 0);
    if (accumulate != 0 && !scratch) throw std::bad_alloc();
    execute(context, backward_data(context, *host_shape, sizes),
            {{DNNL_ARG_DIFF_DST, dy},
             {DNNL_ARG_WEIGHTS, packed},
             {DNNL_ARG_DIFF_SRC, accumulate != 0 ? scratch.get() : dx}});
    if (accumulate != 0) {
      SL_DISPATCH(host_shape->dtype, "sl_conv_backward_data", [&](auto zero) {
        using T = decltype(zero);
        add_to(context, scratch.get<T>(), static_cast<T*>(dx), sizes.x);
      });
    }
    return SL_OK;
  } catch (...) {
    return exception_status("sl_conv_backward_data", ConvText(*host_shape).text);
  }
}

SL_API int32_t sl_conv_backward_weights(sl_context* context, const sl_conv_shape* host_shape, const void* x,
                                        const void* dy, float* dw, int32_t accumulate) {
  ConvSizes sizes;
  SL_TRY(check_conv("sl_conv_backward_weights", context, host_shape, &sizes));
  SL_REQUIRE(x != nullptr, "sl_conv_backward_weights: x is null");
  SL_REQUIRE(dy != nullptr, "sl_conv_backward_weights: dy is null");
  SL_REQUIRE(dw != nullptr, "sl_conv_backward_weights: dw is null");
  if (sizes.empty()) {
    if (accumulate == 0) set_zero(context, dw, sizes.weights * static_cast<int64_t>(sizeof(float)));
    return SL_OK;
  }
  try {
    if (winograd_suits(*host_shape)) {
      winograd_backward_weights(context, *host_shape, x, dy, dw, accumulate != 0);
      return SL_OK;
    }
    if (stem_suits(*host_shape)) {
      stem_backward_weights(context, *host_shape, x, dy, dw, accumulate != 0);
      return SL_OK;
    }
    if (shifted_suits(*host_shape)) {
      shifted_backward_weights(context, *host_shape, x, dy, dw, accumulate != 0);
      return SL_OK;
    }
    if (chooses_pixels(*host_shape))
      return backward_weights_1x1(context, *host_shape, sizes, x, dy, dw, accumulate != 0);
    use_threads(context);
    const Primitive& primitive = backward_weights(context, *host_shape, sizes);
    const memory::desc& layout = primitive[DNNL_ARG_DIFF_WEIGHTS];
    const bool direct = accumulate == 0 && layout == master(*host_shape);
    const Scratch scratch(context->allocator, direct ? 0 : static_cast<int64_t>(layout.get_size()));
    if (!direct && !scratch) throw std::bad_alloc();
    void* target = direct ? dw : scratch.get();
    execute(context, primitive, {{DNNL_ARG_SRC, x}, {DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_WEIGHTS, target}});
    if (direct) return SL_OK;
    const Primitive& unpack =
        context->onednn->cached(key(accumulate != 0 ? kind_unpack_add : kind_unpack, *host_shape),
                                [&] { return make_reorder(context, layout, master(*host_shape), accumulate != 0); });
    execute(context, unpack, {{DNNL_ARG_SRC, target}, {DNNL_ARG_DST, dw}});
    return SL_OK;
  } catch (...) {
    return exception_status("sl_conv_backward_weights", ConvText(*host_shape).text);
  }
}
