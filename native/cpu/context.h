// What a context of the CPU library holds.
#pragma once

#include <memory>

#include "../common/allocator.h"
#include "../common/status.h"
#include "bf16.h"
#include "parallel.h"

namespace sluice {
struct OneDnn;  // engine, stream and primitive caches: onednn.h

// Calls body with a value of the element type:
// SL_DISPATCH(dtype, "sl_x", [&](auto zero) { using T = decltype(zero); ... }).
#define SL_DISPATCH(dtype, name, body) \
  do { \
    if ((dtype) == SL_F32) { \
      (body)(float{}); \
    } else if ((dtype) == SL_BF16) { \
      (body)(::sluice::bf16{}); \
    } else { \
      return ::sluice::fail(SL_ERROR_INVALID_ARGUMENT, name ": dtype %d is neither f32 nor bf16", \
                            static_cast<int>(dtype)); \
    } \
  } while (0)
}  // namespace sluice

struct sl_context {
  int threads;
  sluice::Allocator allocator;  // device memory; also scratch of native calls
  sluice::Allocator host_allocator;  // sl_host_malloc's, kept out of the device's statistics
  std::unique_ptr<sluice::OneDnn> onednn;

  explicit sl_context(int thread_count);
  ~sl_context();
};
