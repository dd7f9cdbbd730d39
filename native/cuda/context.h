// The context of the CUDA library.
#pragma once

#include <cuda_runtime.h>

#include <memory>

#include "../common/allocator.h"
#include "../common/bf16.h"
#include "../common/dispatch.h"
#include "../common/status.h"
#include "staging.h"

namespace sluice {
class Cudnn;     // handle and plans: nvidia/cudnn.h
class CublasLt;  // handle, heuristics and workspace: nvidia/cublaslt.h

// Major compute capability of the oldest architecture that the library has code for.
constexpr int least_capability = 8;

// An error that only a kernel can detect. The kernel stores the fault in the context and accesses nothing outside its
// buffers; the next call that waits for the device reports it.
enum Fault : int32_t {
  no_fault,
  fault_gather_index,
  fault_scatter_index,
  fault_label,
  fault_augment_index,
  fault_augment_parameter,
  fault_gate_temperature
};

// Turns the result of a call of the CUDA runtime into a status, and sets the sentence of `name`, an exported function.
int32_t cuda_status(const char* name, cudaError_t error) noexcept;

// OUT_OF_MEMORY with the requested bytes, the bytes in use and the bytes of the device.
int32_t out_of_memory(const char* name, const Allocator& allocator, int64_t bytes) noexcept;

// Returns the status of a call of the CUDA runtime from an exported function, if the call failed.
#define SL_CUDA(name, call) SL_TRY(::sluice::cuda_status(name, (call)))

}  // namespace sluice

struct sl_context {
  int device = 0;
  int multiprocessors = 1;
  cudaStream_t stream = nullptr;         // all computation is queued here
  int32_t* fault = nullptr;              // a sluice::Fault in pinned memory, written by kernels
  sluice::Allocator allocator;           // device memory, and scratch of native calls
  sluice::Allocator host_allocator;      // pinned host memory
  bool tf32 = false;                     // whether f32 products may round their operands to ten bits
  sluice::Staging staging;               // for small uploads
  sl_graph* recording = nullptr;         // takes the compute stream's work, from sl_graph_begin to sl_graph_end
  std::unique_ptr<sluice::Cudnn> cudnn;  // created at first use
  std::unique_ptr<sluice::CublasLt> cublaslt;

  sl_context();
  ~sl_context();
  sl_context(const sl_context&) = delete;
  sl_context& operator=(const sl_context&) = delete;
};

namespace sluice {

// UNSUPPORTED while work is being recorded, for calls of `name` that wait for the device or depend on the host.
int32_t check_not_recording(const char* name, const sl_context* context) noexcept;

// Begins every exported function that works on a device: the call may come from any thread, which has its own device.
#define SL_ENTER(name, context) \
  SL_REQUIRE_POINTERS(name, context); \
  SL_CUDA(name, cudaSetDevice((context)->device))

}  // namespace sluice
