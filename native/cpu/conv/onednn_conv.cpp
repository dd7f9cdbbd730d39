// oneDNN's convolutions: their primitives, and the reorders of weights.
#include "onednn_conv.h"

#include "../onednn.h"

namespace sluice {
namespace {

using dnnl::memory;

// Tells the primitives of one shape apart.
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

// Descriptors of a convolution: activations are plain NHWC, and the kernel chooses the layout of the weights.
struct Descriptors {
  memory::desc x, weights, y;
  memory::dims strides, padding;

  Descriptors(const ConvProblem& p, memory::data_type weights_type)
      : x({p.shape.batch, p.shape.in_channels, p.shape.height, p.shape.width}, onednn_type(p.shape.dtype),
          memory::format_tag::nhwc),
        weights({p.shape.out_channels, p.shape.in_channels, p.shape.kernel_height, p.shape.kernel_width}, weights_type,
                memory::format_tag::any),
        y({p.shape.batch, p.shape.out_channels, p.sizes.out_height, p.sizes.out_width}, onednn_type(p.shape.dtype),
          memory::format_tag::nhwc),
        strides{p.shape.stride, p.shape.stride},
        padding{p.shape.padding, p.shape.padding} {}
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

const Primitive& forward(const ConvProblem& p) {
  return p.context->onednn->cached(key(kind_forward, p.shape), [&] {
    const auto made = forward_descriptor(p.context, Descriptors(p, onednn_type(p.shape.dtype)));
    return make_primitive<dnnl::convolution_forward>(
        made,
        {{DNNL_ARG_SRC, made.src_desc()}, {DNNL_ARG_WEIGHTS, made.weights_desc()}, {DNNL_ARG_DST, made.dst_desc()}});
  });
}

const Primitive& backward_data(const ConvProblem& p) {
  return p.context->onednn->cached(key(kind_backward_data, p.shape), [&] {
    const Descriptors d(p, onednn_type(p.shape.dtype));
    constexpr auto algorithm = dnnl::algorithm::convolution_direct;
    const dnnl::engine& engine = p.context->onednn->engine;
    const auto hint = forward_descriptor(p.context, d);
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

const Primitive& backward_weights(const ConvProblem& p) {
  return p.context->onednn->cached(key(kind_backward_weights, p.shape), [&] {
    const Descriptors d(p, memory::data_type::f32);
    constexpr auto algorithm = dnnl::algorithm::convolution_direct;
    const dnnl::engine& engine = p.context->onednn->engine;
    const auto hint = forward_descriptor(p.context, Descriptors(p, onednn_type(p.shape.dtype)));
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

const Primitive& direction_primitive(const ConvProblem& p, int32_t direction) {
  return direction == SL_CONV_FORWARD ? forward(p) : backward_data(p);
}

// to += from.
template <typename T>
void add_to(sl_context* context, const T* from, T* to, int64_t n) {
  parallel_for(context->threads, n, 16384, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = from_float<T>(to_float(to[i]) + to_float(from[i]));
  });
}

}  // namespace

int64_t onednn_packed_bytes(const ConvProblem& p, int32_t direction) {
  use_threads(p.context);
  return static_cast<int64_t>(direction_primitive(p, direction)[DNNL_ARG_WEIGHTS].get_size());
}

void onednn_pack(const ConvProblem& p, int32_t direction, const float* weights, void* packed) {
  use_threads(p.context);
  const Kind kind = direction == SL_CONV_FORWARD ? kind_pack_forward : kind_pack_backward_data;
  const memory::desc& layout = direction_primitive(p, direction)[DNNL_ARG_WEIGHTS];
  const Primitive& reorder = p.context->onednn->cached(
      key(kind, p.shape), [&] { return make_reorder(p.context, master(p.shape), layout, false); });
  execute(p.context, reorder, {{DNNL_ARG_SRC, weights}, {DNNL_ARG_DST, packed}});
}

void onednn_convolve(const ConvProblem& p, int32_t direction, const void* input, const void* packed, void* output,
                     bool accumulate) {
  use_threads(p.context);
  const bool is_forward = direction == SL_CONV_FORWARD;
  const int64_t elements = is_forward ? p.sizes.y : p.sizes.x;
  const RequiredScratch scratch(p.context, accumulate ? elements * element_bytes(p.shape.dtype) : 0);
  execute(p.context, direction_primitive(p, direction),
          {{is_forward ? DNNL_ARG_SRC : DNNL_ARG_DIFF_DST, input},
           {DNNL_ARG_WEIGHTS, packed},
           {is_forward ? DNNL_ARG_DST : DNNL_ARG_DIFF_SRC, accumulate ? scratch.get() : output}});
  if (!accumulate) return;
  if (p.shape.dtype == SL_BF16) {
    add_to(p.context, scratch.get<bf16>(), static_cast<bf16*>(output), elements);
  } else {
    add_to(p.context, scratch.get<float>(), static_cast<float*>(output), elements);
  }
}

void onednn_backward_weights(const ConvProblem& p, const void* x, const void* dy, float* dw, bool accumulate) {
  use_threads(p.context);
  const Primitive& primitive = backward_weights(p);
  const memory::desc& layout = primitive[DNNL_ARG_DIFF_WEIGHTS];
  const bool direct = !accumulate && layout == master(p.shape);
  const RequiredScratch scratch(p.context, direct ? 0 : static_cast<int64_t>(layout.get_size()));
  void* const target = direct ? dw : scratch.get();
  execute(p.context, primitive, {{DNNL_ARG_SRC, x}, {DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_WEIGHTS, target}});
  if (direct) return;
  const Primitive& unpack = p.context->onednn->cached(key(accumulate ? kind_unpack_add : kind_unpack, p.shape), [&] {
    return make_reorder(p.context, layout, master(p.shape), accumulate);
  });
  execute(p.context, unpack, {{DNNL_ARG_SRC, target}, {DNNL_ARG_DST, dw}});
}

}  // namespace sluice
