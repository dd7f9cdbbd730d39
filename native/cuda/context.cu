// Contexts of the CUDA library, with memory, copies, streams and events.
#include "context.h"

#include <cstring>
#include <new>

#include "nvidia/cublaslt.h"
#include "nvidia/cudnn.h"

struct sl_stream {
  sl_context* context;
  cudaStream_t stream;
};
struct sl_event {
  sl_context* context;
  cudaEvent_t event;
};

namespace sluice {
namespace {

void* device_malloc(size_t bytes) {
  void* pointer = nullptr;
  if (cudaMalloc(&pointer, bytes) == cudaSuccess) return pointer;
  cudaGetLastError();  // clears the error: the caller reports it
  return nullptr;
}
void device_free(void* pointer) { cudaFree(pointer); }

void* pinned_malloc(size_t bytes) {
  void* pointer = nullptr;
  if (cudaMallocHost(&pointer, bytes) == cudaSuccess) return pointer;
  cudaGetLastError();
  return nullptr;
}
void pinned_free(void* pointer) { cudaFreeHost(pointer); }

const char* fault_sentence(int32_t fault) {
  switch (fault) {
    case fault_gather_index: return "sl_gather_rows: an index is outside the rows of x";
    case fault_scatter_index: return "sl_scatter_add_rows: an index is outside the rows of dx";
    case fault_label: return "sl_cross_entropy: a label is outside the classes";
    case fault_gate_temperature: return "sl_gate_sample: tau must be positive";
    case fault_augment_index: return "sl_augment: an index is outside the images";
    default: return "sl_augment: the parameters of a view have a value outside its range";
  }
}

// Reports the fault that a kernel stored. Call it after waiting for the device.
int32_t report_fault(sl_context* context) {
  const int32_t fault = __atomic_exchange_n(context->fault, static_cast<int32_t>(no_fault), __ATOMIC_RELAXED);
  if (fault == no_fault) return SL_OK;
  return fail(SL_ERROR_INVALID_ARGUMENT, "%s", fault_sentence(fault));
}

int32_t allocate(const char* name, Allocator& allocator, int64_t bytes, void** host_pointer) {
  SL_REQUIRE_POINTERS(name, host_pointer);
  SL_REQUIRE(bytes >= 0, "%s: bytes is %lld, want 0 or more", name, static_cast<long long>(bytes));
  void* pointer = nullptr;
  try {
    pointer = allocator.allocate(bytes);
  } catch (const std::bad_alloc&) {  // reported below, like a refusal of the device
  }
  if (pointer == nullptr) return out_of_memory(name, allocator, bytes);
  *host_pointer = pointer;
  return SL_OK;
}

int32_t release(const char* name, Allocator& allocator, void* pointer) {
  if (pointer == nullptr) return SL_OK;
  SL_REQUIRE(allocator.release(pointer), "%s: %p is not a live buffer of this context", name, pointer);
  return SL_OK;
}

// The CUDA stream of a handle; a null handle means the compute stream.
int32_t stream_of(const char* name, const sl_context* context, const sl_stream* stream, cudaStream_t* result) {
  SL_REQUIRE(stream == nullptr || stream->context == context, "%s: the stream belongs to another context", name);
  *result = stream == nullptr ? context->stream : stream->stream;
  return SL_OK;
}

int32_t copy(const char* name, sl_context* context, sl_stream* stream, void* destination, const void* source,
             int64_t bytes, cudaMemcpyKind kind) {
  SL_REQUIRE_POINTERS(name, context);
  SL_CUDA(name, cudaSetDevice(context->device));
  cudaStream_t queue = nullptr;
  SL_TRY(stream_of(name, context, stream, &queue));
  if (kind != cudaMemcpyDeviceToDevice) SL_TRY(check_not_recording(name, context));
  SL_REQUIRE_POINTERS(name, destination, source);
  SL_REQUIRE(bytes >= 0, "%s: bytes is %lld, want 0 or more", name, static_cast<long long>(bytes));
  const size_t count = static_cast<size_t>(bytes);
  if (kind == cudaMemcpyHostToDevice && count > 0 && count <= Staging::piece_bytes) {
    return cuda_status(name, context->staging.upload(queue, destination, source, count));
  }
  SL_CUDA(name, cudaMemcpyAsync(destination, source, count, kind, queue));
  if (kind == cudaMemcpyDeviceToDevice) return SL_OK;
  // For ordinary memory, CUDA does not tell whether it has waited for the copy.
  const void* const host = kind == cudaMemcpyHostToDevice ? source : destination;
  return context->host_allocator.is_live(host) ? SL_OK : cuda_status(name, cudaStreamSynchronize(queue));
}

int32_t check_event(const char* name, const sl_context* context, const sl_event* event) {
  SL_REQUIRE_POINTERS(name, context, event);
  SL_REQUIRE(event->context == context, "%s: the event belongs to another context", name);
  SL_TRY(check_not_recording(name, context));
  return cuda_status(name, cudaSetDevice(context->device));
}

}  // namespace

int32_t cuda_status(const char* name, cudaError_t error) noexcept {
  if (error == cudaSuccess) return SL_OK;
  cudaGetLastError();  // clears the error: it is reported here
  return fail(error == cudaErrorMemoryAllocation ? SL_ERROR_OUT_OF_MEMORY : SL_ERROR_BACKEND, "%s: CUDA: %s", name,
              cudaGetErrorString(error));
}

int32_t check_not_recording(const char* name, const sl_context* context) noexcept {
  if (context->recording == nullptr) return SL_OK;
  return fail(SL_ERROR_UNSUPPORTED, "%s: work is being recorded, which cannot wait for the device or follow the host",
              name);
}

int32_t out_of_memory(const char* name, const Allocator& allocator, int64_t bytes) noexcept {
  size_t free_bytes = 0, total = 0;
  // After an earlier failure the device refuses every call, also those for memory.
  if (const cudaError_t state = cudaMemGetInfo(&free_bytes, &total); state != cudaSuccess)
    return cuda_status(name, state);
  const Allocator::Stats stats = allocator.stats();
  return fail(SL_ERROR_OUT_OF_MEMORY,
              "%s: no room for %lld bytes: %lld bytes are in use, %lld reserved, and the device has %lld of %lld free",
              name, static_cast<long long>(bytes), static_cast<long long>(stats.in_use),
              static_cast<long long>(stats.reserved), static_cast<long long>(free_bytes),
              static_cast<long long>(total));
}

}  // namespace sluice

using namespace sluice;

// Shorter than on the host, because the device reserves all memory of a stretch at once.
constexpr int64_t device_stretch_bytes = int64_t{256} << 20;
constexpr int64_t pinned_stretch_bytes = int64_t{32} << 20;

sl_context::sl_context()
    : allocator(device_malloc, device_free, device_stretch_bytes),
      host_allocator(pinned_malloc, pinned_free, pinned_stretch_bytes) {}

sl_context::~sl_context() {
  cudaSetDevice(device);
  if (stream != nullptr) cudaStreamSynchronize(stream);
  cudnn.reset();
  cublaslt.reset();
  if (fault != nullptr) cudaFreeHost(fault);
  if (stream != nullptr) cudaStreamDestroy(stream);
}

SL_API int32_t sl_context_create(int32_t index, int32_t threads, sl_context** host_context) {
  SL_REQUIRE(threads >= 1, "sl_context_create: threads is %d, want 1 or more", threads);
  SL_REQUIRE_POINTERS("sl_context_create", host_context);
  int32_t count = 0;
  SL_TRY(sl_device_count(&count));
  SL_REQUIRE(index >= 0 && index < count, "sl_context_create: device %d does not exist, there are %d", index, count);
  int major = 0;
  SL_CUDA("sl_context_create", cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, index));
  if (major < least_capability) {
    return fail(SL_ERROR_UNSUPPORTED,
                "sl_context_create: device %d has compute capability %d, this library needs %d.0 or more", index, major,
                least_capability);
  }
  SL_BEGIN
  auto context = std::make_unique<sl_context>();
  context->device = index;
  SL_CUDA("sl_context_create", cudaSetDevice(index));
  SL_CUDA("sl_context_create",
          cudaDeviceGetAttribute(&context->multiprocessors, cudaDevAttrMultiProcessorCount, index));
  SL_CUDA("sl_context_create", cudaStreamCreateWithFlags(&context->stream, cudaStreamNonBlocking));
  void* fault = nullptr;
  SL_CUDA("sl_context_create", cudaMallocHost(&fault, sizeof(int32_t)));
  context->fault = static_cast<int32_t*>(fault);
  *context->fault = no_fault;
  *host_context = context.release();
  return SL_OK;
  SL_END("sl_context_create")
}

SL_API int32_t sl_context_allow_tf32(sl_context* context, int32_t allow) {
  SL_ENTER("sl_context_allow_tf32", context);
  context->tf32 = allow != 0;
  return SL_OK;
}

SL_API int32_t sl_context_destroy(sl_context* context) {
  delete context;
  return SL_OK;
}

SL_API int32_t sl_synchronize(sl_context* context) {
  SL_ENTER("sl_synchronize", context);
  SL_TRY(check_not_recording("sl_synchronize", context));
  SL_CUDA("sl_synchronize", cudaDeviceSynchronize());
  return report_fault(context);
}

SL_API int32_t sl_malloc(sl_context* context, int64_t bytes, void** host_pointer) {
  SL_ENTER("sl_malloc", context);
  return allocate("sl_malloc", context->allocator, bytes, host_pointer);
}

SL_API int32_t sl_free(sl_context* context, void* pointer) {
  SL_ENTER("sl_free", context);
  return release("sl_free", context->allocator, pointer);
}

SL_API int32_t sl_host_malloc(sl_context* context, int64_t bytes, void** host_pointer) {
  SL_ENTER("sl_host_malloc", context);
  return allocate("sl_host_malloc", context->host_allocator, bytes, host_pointer);
}

SL_API int32_t sl_host_free(sl_context* context, void* pointer) {
  SL_ENTER("sl_host_free", context);
  return release("sl_host_free", context->host_allocator, pointer);
}

SL_API int32_t sl_memory_stats(sl_context* context, int64_t* host_stats) {
  SL_REQUIRE_POINTERS("sl_memory_stats", context, host_stats);
  const Allocator::Stats stats = context->allocator.stats();
  host_stats[0] = stats.in_use;
  host_stats[1] = stats.reserved;
  host_stats[2] = stats.peak;
  host_stats[3] = stats.live;
  return SL_OK;
}

SL_API int32_t sl_memory_total(sl_context* context, int64_t* host_bytes) {
  SL_ENTER("sl_memory_total", context);
  SL_REQUIRE_POINTERS("sl_memory_total", host_bytes);
  size_t free_bytes = 0, total = 0;
  SL_CUDA("sl_memory_total", cudaMemGetInfo(&free_bytes, &total));
  *host_bytes = static_cast<int64_t>(total);
  return SL_OK;
}

SL_API int32_t sl_memory_reset_peak(sl_context* context) {
  SL_REQUIRE_POINTERS("sl_memory_reset_peak", context);
  context->allocator.reset_peak();
  return SL_OK;
}

SL_API int32_t sl_memory_trim(sl_context* context) {
  SL_ENTER("sl_memory_trim", context);
  SL_TRY(check_not_recording("sl_memory_trim", context));
  context->allocator.trim();
  context->host_allocator.trim();
  return SL_OK;
}

SL_API int32_t sl_upload(sl_context* context, sl_stream* stream, void* destination, const void* host_source,
                         int64_t bytes) {
  return copy("sl_upload", context, stream, destination, host_source, bytes, cudaMemcpyHostToDevice);
}

SL_API int32_t sl_download(sl_context* context, sl_stream* stream, void* host_destination, const void* source,
                           int64_t bytes) {
  // If the host memory is pinned, the copy is not finished yet and a later call reports the fault.
  SL_TRY(copy("sl_download", context, stream, host_destination, source, bytes, cudaMemcpyDeviceToHost));
  return report_fault(context);
}

SL_API int32_t sl_copy(sl_context* context, sl_stream* stream, void* destination, const void* source, int64_t bytes) {
  return copy("sl_copy", context, stream, destination, source, bytes, cudaMemcpyDeviceToDevice);
}

SL_API int32_t sl_stream_create(sl_context* context, sl_stream** host_stream) {
  SL_ENTER("sl_stream_create", context);
  SL_REQUIRE_POINTERS("sl_stream_create", host_stream);
  cudaStream_t stream = nullptr;
  SL_CUDA("sl_stream_create", cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  *host_stream = new (std::nothrow) sl_stream{context, stream};
  if (*host_stream != nullptr) return SL_OK;
  cudaStreamDestroy(stream);
  return fail(SL_ERROR_OUT_OF_MEMORY, "sl_stream_create: out of host memory");
}

SL_API int32_t sl_stream_destroy(sl_context* context, sl_stream* stream) {
  SL_ENTER("sl_stream_destroy", context);
  if (stream == nullptr) return SL_OK;
  SL_REQUIRE(stream->context == context, "sl_stream_destroy: the handle belongs to another context");
  const int32_t status = cuda_status("sl_stream_destroy", cudaStreamDestroy(stream->stream));
  delete stream;
  return status;
}

SL_API int32_t sl_event_create(sl_context* context, sl_event** host_event) {
  SL_ENTER("sl_event_create", context);
  SL_REQUIRE_POINTERS("sl_event_create", host_event);
  cudaEvent_t event = nullptr;
  SL_CUDA("sl_event_create", cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  *host_event = new (std::nothrow) sl_event{context, event};
  if (*host_event != nullptr) return SL_OK;
  cudaEventDestroy(event);
  return fail(SL_ERROR_OUT_OF_MEMORY, "sl_event_create: out of host memory");
}

SL_API int32_t sl_event_destroy(sl_context* context, sl_event* event) {
  SL_ENTER("sl_event_destroy", context);
  if (event == nullptr) return SL_OK;
  SL_REQUIRE(event->context == context, "sl_event_destroy: the handle belongs to another context");
  const int32_t status = cuda_status("sl_event_destroy", cudaEventDestroy(event->event));
  delete event;
  return status;
}

SL_API int32_t sl_event_record(sl_context* context, sl_event* event, sl_stream* stream) {
  SL_TRY(check_event("sl_event_record", context, event));
  cudaStream_t queue = nullptr;
  SL_TRY(stream_of("sl_event_record", context, stream, &queue));
  return cuda_status("sl_event_record", cudaEventRecord(event->event, queue));
}

SL_API int32_t sl_event_wait(sl_context* context, sl_event* event, sl_stream* stream) {
  SL_TRY(check_event("sl_event_wait", context, event));
  cudaStream_t queue = nullptr;
  SL_TRY(stream_of("sl_event_wait", context, stream, &queue));
  return cuda_status("sl_event_wait", cudaStreamWaitEvent(queue, event->event, 0));
}

SL_API int32_t sl_event_synchronize(sl_context* context, sl_event* event) {
  SL_TRY(check_event("sl_event_synchronize", context, event));
  SL_CUDA("sl_event_synchronize", cudaEventSynchronize(event->event));
  return report_fault(context);
}
