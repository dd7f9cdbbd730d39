// Checks of calls that may be recorded, for every device.
#pragma once

#include "status.h"

namespace sluice {

inline int32_t check_constant(int64_t bytes) noexcept {
  constexpr int64_t most = int64_t{256} << 10;
  SL_REQUIRE(bytes >= 0 && bytes <= most, "sl_upload_constant: bytes is %lld, want 0 to %lld",
             static_cast<long long>(bytes), static_cast<long long>(most));
  return SL_OK;
}

}  // namespace sluice
