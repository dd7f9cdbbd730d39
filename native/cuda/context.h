// What a context of the CUDA library holds.
#pragma once

#include <cuda_runtime.h>

#include <memory>

#include "../common/allocator.h"
#include "../common/bf16.h"
#include "../common/dispatch.h"
#include "../common/status.h"
#include "staging.h"

namespace sluice {
class Cudnn;     // handle and plans: cudnn.h
class CublasLt;  // handle, heuristics and workspace: cublaslt.h

// Major compute capability of the oldest architecture that there is code for.
constexpr int least_capability = 8;

// What only a kernel can see to be wrong. It leaves the fault in the context and touches nothing outside its buffers;
// the next call that waits for the device reports it.
enum Fault : int32_t {
  no_fault,
  fault_gather_index,
  fault_scatter_index,
  fault_label,
  fault_augment_index,
  fault_augment_parameter
};

// The status of a call of the CUDA runtime, with a sentence for `name`, an exported function.
int32_t cuda_status(const char* name, cudaError_t error) noexcept;

// OUT_OF_MEMORY with the request, the bytes in use and those that the device has.
int32_t out_of_memory(const char* name, const Allocator& allocator, int64_t bytes) noexcept;

// Returns from an exported function with the status of a failed call of the CUDA runtime.
#define SL_CUDA(name, call) SL_TRY(::sluice::cuda_status(name, (call)))

}  // namespace sluice

struct sl_context {
  int device = 0;
  int multiprocessors = 1;
  cudaStream_t stream = nullptr;         // of all computation
  int32_t* fault = nullptr;              // a sluice::Fault in pinned memory, which kernels write
  sluice::Allocator allocator;           // device memory; also scratch of native calls
  sluice::Allocator host_allocator;      // pinned host memory
  bool tf32 = false;                     // whether products of f32 may round their operands to ten bits
  sluice::Staging staging;               // of small uploads
  std::unique_ptr<sluice::Cudnn> cudnn;  // made when first used
  std::unique_ptr<sluice::CublasLt> cublaslt;

  sl_context();
  ~sl_context();
  sl_context(const sl_context&) = delete;
  sl_context& operator=(const sl_context&) = delete;
};

namespace sluice {

// Every exported function that works on a device begins with this: calls may come from any thread.
#define SL_ENTER(name, context) \
  SL_REQUIRE((context) != nullptr, name ": the context is NULL"); \
  SL_CUDA(name, cudaSetDevice((context)->device))

}  // namespace sluice
