// How native code reports failures: a status, and one sentence kept for the calling thread.
#pragma once

#include <cstdint>
#include <exception>
#include <new>

#include "../include/sluice.h"

namespace sluice {

// Formats the thread's error sentence (printf-style, cut at 1,023 bytes) and returns `status`.
__attribute__((format(printf, 2, 3))) int32_t fail(int32_t status, const char* format, ...) noexcept;

// Bytes of one element, 0 for an unknown dtype.
inline int64_t element_bytes(int32_t dtype) noexcept {
  switch (dtype) {
    case SL_F32:
    case SL_I32: return 4;
    case SL_BF16: return 2;
    case SL_U8: return 1;
    default: return 0;
  }
}

}  // namespace sluice

// Every exported function starts with the checks its comment in sluice.h promises:
// SL_REQUIRE(condition, "sl_x: ...", values).
#define SL_REQUIRE(condition, ...) \
  do { \
    if (!(condition)) return ::sluice::fail(SL_ERROR_INVALID_ARGUMENT, __VA_ARGS__); \
  } while (0)

// Passes on the status of a nested call.
#define SL_TRY(call) \
  do { \
    const int32_t sl_status_ = (call); \
    if (sl_status_ != SL_OK) return sl_status_; \
  } while (0)

// No C++ exception crosses the C interface: the body of an exported function that can throw stands between these two.
#define SL_BEGIN try {
#define SL_END(name) \
  } \
  catch (const std::bad_alloc&) { \
    return ::sluice::fail(SL_ERROR_OUT_OF_MEMORY, name ": out of host memory"); \
  } \
  catch (const std::exception& error) { \
    return ::sluice::fail(SL_ERROR_BACKEND, name ": %s", error.what()); \
  }
