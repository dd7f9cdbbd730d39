// What the CPU refuses of convolutions that make sense.
#include "conv_shape.h"

#include "../onednn.h"

namespace sluice {

int32_t check_conv(const char* name, const sl_context* context, const sl_conv_shape* shape, ConvSizes* sizes) {
  SL_REQUIRE(context != nullptr, "%s: context is null", name);
  SL_TRY(check_conv_shape(name, shape, sizes));
  if (shape->dtype == SL_BF16 && !onednn_has_bf16()) {
    return fail(SL_ERROR_UNSUPPORTED, "%s: bf16 needs a processor with AVX-512, this one is used as %s: take f32", name,
                onednn_isa().c_str());
  }
  return SL_OK;
}

}  // namespace sluice
