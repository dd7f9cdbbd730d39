// The context of the CPU library.
#pragma once

#include <memory>
#include <new>

#include "../common/allocator.h"
#include "../common/dispatch.h"
#include "../common/status.h"
#include "bf16.h"
#include "parallel.h"

namespace sluice {
struct OneDnn;  // engine, stream and cache of primitives: onednn.h
}  // namespace sluice

struct sl_context {
  int threads;
  sluice::Allocator allocator;       // device memory, and scratch of native calls
  sluice::Allocator host_allocator;  // for sl_host_malloc, which the device's statistics leave out
  std::unique_ptr<sluice::OneDnn> onednn;

  explicit sl_context(int thread_count);
  ~sl_context();
};

namespace sluice {

// Scratch that a call cannot do without. Throws std::bad_alloc if there is no memory; empty for 0 bytes.
class RequiredScratch : public Scratch {
 public:
  RequiredScratch(sl_context* context, int64_t bytes) : Scratch(context->allocator, bytes) {
    if (bytes > 0 && get() == nullptr) throw std::bad_alloc();
  }
};

}  // namespace sluice
