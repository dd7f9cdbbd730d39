// How native code reports failures: with a status, and a sentence that each thread keeps.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>

#include "../include/sluice.h"

namespace sluice {

// Formats the thread's error sentence (printf-style, cut at 1,023 bytes) and returns `status`.
__attribute__((format(printf, 2, 3))) int32_t fail(int32_t status, const char* format, ...) noexcept;

// INVALID_ARGUMENT with the name of the first pointer that is null. `names` lists the names, separated by commas.
int32_t check_pointers(const char* function, const char* names, std::initializer_list<const void*> pointers) noexcept;

// A failure of a library below this one, with the status that it means for the caller.
struct BackendError : std::runtime_error {
  int32_t status;
  BackendError(int32_t status_, const std::string& sentence) : std::runtime_error(sentence), status(status_) {}
};

// Turns the exception that is being handled into a status and a sentence. `shapes` describes the call's operands.
int32_t exception_status(const char* function, const char* shapes = nullptr) noexcept;

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

// Every exported function starts with the checks that its comment in sluice.h promises:
// SL_REQUIRE(condition, "sl_x: ...", values).
#define SL_REQUIRE(condition, ...) \
  do { \
    if (!(condition)) return ::sluice::fail(SL_ERROR_INVALID_ARGUMENT, __VA_ARGS__); \
  } while (0)

// Returns from the function if the status of a nested call is not SL_OK.
#define SL_TRY(call) \
  do { \
    const int32_t sl_status_ = (call); \
    if (sl_status_ != SL_OK) return sl_status_; \
  } while (0)

// Refuses null pointers with "sl_x: NAME is null", NAME as written here: SL_REQUIRE_POINTERS("sl_x", context, y).
#define SL_REQUIRE_POINTERS(function, ...) SL_TRY(::sluice::check_pointers(function, #__VA_ARGS__, {__VA_ARGS__}))

// No C++ exception crosses the C interface: the body of an exported function that can throw stands between these two.
// SL_END takes the arguments of exception_status.
#define SL_BEGIN try {
#define SL_END(...) \
  } \
  catch (...) { \
    return ::sluice::exception_status(__VA_ARGS__); \
  }
