// Checks of sizes, for every device: INVALID_ARGUMENT if a size is negative, or if the product of sizes is too large.
// Multiply sizes only after these checks.
#pragma once

#include <algorithm>
#include <cstdio>
#include <initializer_list>

#include "status.h"

namespace sluice {

// The most elements of an array: more than any machine holds, and so far below 2^63 that bytes, padding and workspaces
// computed from valid sizes cannot overflow.
constexpr int64_t most_elements = int64_t{1} << 48;

// Whether the product of non-negative sizes is at most most_elements. A size of 0 counts as 1, so that the product of
// any of the sizes cannot overflow.
inline bool is_countable(std::initializer_list<int64_t> sizes) noexcept {
  int64_t product = 1;
  for (const int64_t size : sizes) {
    if (__builtin_mul_overflow(product, std::max<int64_t>(size, 1), &product) || product > most_elements) return false;
  }
  return true;
}

// INVALID_ARGUMENT with the sizes in its sentence, unless they are countable.
inline int32_t check_countable(const char* name, std::initializer_list<int64_t> sizes) noexcept {
  if (is_countable(sizes)) return SL_OK;
  char text[160];
  int length = 0;
  for (const int64_t size : sizes) {
    const int room = static_cast<int>(sizeof text) - length;
    length += std::snprintf(text + length, static_cast<size_t>(room), length == 0 ? "%lld" : ", %lld", (long long)size);
    length = std::min(length, static_cast<int>(sizeof text) - 1);
  }
  return fail(SL_ERROR_INVALID_ARGUMENT, "%s: [%s] are more elements than can be counted", name, text);
}

inline int32_t check_length(const char* name, int64_t n) noexcept {
  SL_REQUIRE(n >= 0, "%s: n is negative (%lld)", name, (long long)n);
  return check_countable(name, {n});
}

inline int32_t check_sizes(const char* name, int64_t a, int64_t b) noexcept {
  SL_REQUIRE(a >= 0 && b >= 0, "%s: negative size [%lld, %lld]", name, (long long)a, (long long)b);
  return check_countable(name, {a, b});
}

inline int32_t check_sizes(const char* name, int64_t a, int64_t b, int64_t c) noexcept {
  SL_REQUIRE(a >= 0 && b >= 0 && c >= 0, "%s: negative size [%lld, %lld, %lld]", name, (long long)a, (long long)b,
             (long long)c);
  return check_countable(name, {a, b, c});
}

}  // namespace sluice
