// Detects the processor's rounding instruction for bf16.
#include "bf16.h"

#include "onednn.h"

namespace sluice {

bool has_native_bf16() {
  static const bool has = onednn_supports(dnnl::cpu_isa::avx512_core_bf16);
  return has;
}

}  // namespace sluice
