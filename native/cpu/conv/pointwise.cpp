// The matrix product of a 1x1 convolution's weights' gradient, and the pixels of a strided convolution.
#include "pointwise.h"

#include <algorithm>

#include "../onednn.h"

namespace sluice {
namespace {

// Copies the pixels of x [N,H,W,I] that a strided 1x1 convolution reads, to [N,H',W',I].
template <typename T>
void pick_pixels(const ConvProblem& p, const T* x, T* picked) {
  const sl_conv_shape& s = p.shape;
  const int64_t channels = s.in_channels, stride = s.stride;
  const int64_t out_height = p.sizes.out_height, out_width = p.sizes.out_width;
  parallel_for(p.context->threads, s.batch * out_height, 1, [=](int64_t line, int64_t) {
    const int64_t image = line / out_height, row = line % out_height * stride;
    const T* const from = x + (image * s.height + row) * s.width * channels;
    T* const to = picked + line * out_width * channels;
    for (int64_t pixel = 0; pixel < out_width; ++pixel)
      std::copy(from + pixel * stride * channels, from + (pixel * stride + 1) * channels, to + pixel * channels);
  });
}

}  // namespace

bool pointwise_suits(const sl_conv_shape& s) { return s.kernel_height == 1 && s.kernel_width == 1 && s.padding == 0; }

// dw = dy' x over all pixels. (oneDNN 2.6's own kernel for this gradient writes outside its memory on AVX2.)
void pointwise_backward_weights(const ConvProblem& p, const void* x, const void* dy, float* dw, bool accumulate) {
  const sl_conv_shape& s = p.shape;
  const int64_t rows = s.batch * p.sizes.out_height * p.sizes.out_width;
  const bool strided = s.stride > 1;
  const RequiredScratch picked(p.context, strided ? rows * s.in_channels * element_bytes(s.dtype) : 0);
  if (strided && s.dtype == SL_BF16) {
    pick_pixels(p, static_cast<const bf16*>(x), picked.get<bf16>());
  } else if (strided) {
    pick_pixels(p, static_cast<const float*>(x), picked.get<float>());
  }
  const int32_t status = sl_matmul(p.context, s.dtype, SL_F32, s.out_channels, s.in_channels, rows, 1, 0, 1.0f, dy,
                                   strided ? picked.get() : x, accumulate ? 1.0f : 0.0f, dw, nullptr);
  if (status != SL_OK) throw BackendError(status, sl_last_error());
}

}  // namespace sluice
