// The rule for products of shifted pixels, and their work spread over threads.
#include "shifted.h"

#include "../onednn.h"
#include "shifted_kernels.h"
#include "taps.h"

namespace sluice {

bool shifted_suits(const sl_conv_shape& s) {
  if (s.kernel_height != 3 || s.kernel_width != 3) return false;
  if (s.in_channels % 16 != 0 || s.out_channels % 16 != 0) return false;
  // With few channels the copies cost more than the products. In f32, oneDNN is slower only with many channels.
  const bool worthwhile =
      s.dtype == SL_BF16 ? s.in_channels >= 32 : int64_t{s.in_channels} * s.out_channels >= (1 << 16);
  return worthwhile && prefers_own_products(s.dtype);
}

void shifted_backward_weights(const ConvProblem& p, const void* x, const void* dy, float* dw, bool accumulate) {
  const ShiftedKernels& kernels = p.shape.dtype == SL_BF16 ? shifted_avx512_bf16 : shifted_avx512_f32;
  backward_weights_by_taps(p, 2, kernels.gather, kernels.multiply, x, dy, dw, accumulate);
}

}  // namespace sluice
