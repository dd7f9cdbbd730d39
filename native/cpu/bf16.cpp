// Whether this processor rounds to bf16 by itself.
#include "bf16.h"

#include <oneapi/dnnl/dnnl.hpp>

namespace sluice {

bool has_native_bf16() {
  constexpr int wanted = static_cast<int>(dnnl::cpu_isa::avx512_core_bf16);
  static const bool has = (static_cast<int>(dnnl::get_effective_cpu_isa()) & wanted) == wanted;
  return has;
}

}  // namespace sluice
