// What a context of the CPU library holds.
#pragma once

#include <memory>

#include "../common/allocator.h"
#include "../common/dispatch.h"
#include "../common/status.h"
#include "bf16.h"
#include "parallel.h"

namespace sluice {
struct OneDnn;  // engine, stream and primitive caches: onednn.h
}  // namespace sluice

struct sl_context {
  int threads;
  sluice::Allocator allocator;       // device memory; also scratch of native calls
  sluice::Allocator host_allocator;  // sl_host_malloc's, kept out of the device's statistics
  std::unique_ptr<sluice::OneDnn> onednn;

  explicit sl_context(int thread_count);
  ~sl_context();
};
