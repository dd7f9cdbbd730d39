// The stem's convolution, spread over images. With 3 channels, oneDNN's kernels for 16 channels would be mostly idle.
#include "stem.h"

#include "../onednn.h"
#include "stem_kernels.h"

namespace sluice {
namespace {

int64_t padded_floats(const sl_conv_shape& s) {
  return int64_t{stem_channels} * (s.height + 2 * s.padding) * (s.width + 2 * s.padding);
}

// Copies an image to f32 and surrounds it with zeros.
template <typename T>
void pad_image(const sl_conv_shape& s, const T* image, float* padded) {
  const int64_t row = int64_t{stem_channels} * (s.width + 2 * s.padding), inner = int64_t{stem_channels} * s.width;
  std::fill(padded, padded + padded_floats(s), 0.0f);
  for (int64_t y = 0; y < s.height; ++y) {
    float* const to = padded + (y + s.padding) * row + int64_t{stem_channels} * s.padding;
    const T* const from = image + y * inner;
    for (int64_t i = 0; i < inner; ++i) to[i] = to_float(from[i]);
  }
}

// Calls body(image, padded copy of the image) for every image.
template <typename Body>
void for_each_image(sl_context* context, const sl_conv_shape& s, const void* x, const Body& body) {
  const int64_t floats = (padded_floats(s) + 15) / 16 * 16, pixels = int64_t{s.height} * s.width * stem_channels;
  const RequiredScratch scratch(context, context->threads * floats * static_cast<int64_t>(sizeof(float)));
  parallel_for(context->threads, s.batch, 1, [&](int64_t image, int64_t) {
    float* const padded = scratch.get<float>() + omp_get_thread_num() * floats;
    if (s.dtype == SL_BF16) {
      pad_image(s, static_cast<const bf16*>(x) + image * pixels, padded);
    } else {
      pad_image(s, static_cast<const float*>(x) + image * pixels, padded);
    }
    body(image, padded);
  });
}

StemImage geometry_of(const sl_conv_shape& s, const float* padded) {
  return {padded, int64_t{stem_channels} * (s.width + 2 * s.padding), int64_t{s.height} + 2 * s.padding - 2,
          int64_t{s.width} + 2 * s.padding - 2, s.out_channels};
}

}  // namespace

bool stem_suits(const sl_conv_shape& s) {
  if (s.kernel_height != 3 || s.kernel_width != 3 || s.stride != 1 || s.in_channels != stem_channels) return false;
  return s.out_channels % stem_lanes == 0 && onednn_supports(dnnl::cpu_isa::avx512_core);
}

int64_t stem_packed_bytes(const sl_conv_shape& s) {
  return int64_t{stem_taps} * s.out_channels * static_cast<int64_t>(sizeof(float));
}

void stem_pack(const sl_conv_shape& s, const float* weights, void* packed) {
  float* const to = static_cast<float*>(packed);
  for (int64_t out = 0; out < s.out_channels; ++out)
    for (int64_t tap = 0; tap < stem_taps; ++tap)
      to[(out / stem_lanes * stem_taps + tap) * stem_lanes + out % stem_lanes] = weights[out * stem_taps + tap];
}

void stem_forward(sl_context* context, const sl_conv_shape& s, const void* x, const void* packed, void* y) {
  for_each_image(context, s, x, [&](int64_t image, const float* padded) {
    const StemImage g = geometry_of(s, padded);
    const int64_t offset = image * g.out_height * g.out_width * g.out_channels;
    if (s.dtype == SL_BF16) {
      stem_forward_avx512(g, static_cast<const float*>(packed), static_cast<bf16*>(y) + offset);
    } else {
      stem_forward_avx512(g, static_cast<const float*>(packed), static_cast<float*>(y) + offset);
    }
  });
}

void stem_backward_weights(sl_context* context, const sl_conv_shape& s, const void* x, const void* dy, float* dw,
                           bool accumulate) {
  const int64_t count = int64_t{stem_taps} * s.out_channels;
  // Each image has its own sums, which are added in order: the result does not depend on the threads.
  const RequiredScratch sums(context, s.batch * count * static_cast<int64_t>(sizeof(float)));
  for_each_image(context, s, x, [&](int64_t image, const float* padded) {
    const StemImage g = geometry_of(s, padded);
    const int64_t offset = image * g.out_height * g.out_width * g.out_channels;
    float* const own = sums.get<float>() + image * count;
    if (s.dtype == SL_BF16) {
      stem_gradient_avx512(g, static_cast<const bf16*>(dy) + offset, own);
    } else {
      stem_gradient_avx512(g, static_cast<const float*>(dy) + offset, own);
    }
  });
  parallel_for(context->threads, count, 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t out = i / stem_taps, tap = i % stem_taps;
      const float* const from =
          sums.get<float>() + (out / stem_lanes * stem_taps + tap) * stem_lanes + out % stem_lanes;
      double total = accumulate ? dw[i] : 0.0;
      for (int64_t image = 0; image < s.batch; ++image) total += from[image * count];
      dw[i] = static_cast<float>(total);
    }
  });
}

}  // namespace sluice
