// Checks of sizes that most exported functions start with, on every device: INVALID_ARGUMENT where one is negative.
#pragma once

#include "status.h"

namespace sluice {

inline int32_t check_length(const char* name, int64_t n) noexcept {
  SL_REQUIRE(n >= 0, "%s: n is negative (%lld)", name, (long long)n);
  return SL_OK;
}

inline int32_t check_sizes(const char* name, int64_t a, int64_t b) noexcept {
  SL_REQUIRE(a >= 0 && b >= 0, "%s: negative size [%lld, %lld]", name, (long long)a, (long long)b);
  return SL_OK;
}

inline int32_t check_sizes(const char* name, int64_t a, int64_t b, int64_t c) noexcept {
  SL_REQUIRE(a >= 0 && b >= 0 && c >= 0, "%s: negative size [%lld, %lld, %lld]", name, (long long)a, (long long)b,
             (long long)c);
  return SL_OK;
}

}  // namespace sluice
