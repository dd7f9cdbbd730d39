// The stand-in for the CUDA runtime: device memory, streams, events and errors on the host.
#include "runtime.h"

#include <map>
#include <set>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace hostcuda {
namespace {

std::map<const char*, size_t>& device_memory() {
  static std::map<const char*, size_t> blocks;
  return blocks;
}
std::map<const char*, size_t>& pinned_memory() {
  static std::map<const char*, size_t> blocks;
  return blocks;
}
std::set<CUstream_st*>& streams() {
  static std::set<CUstream_st*> all;
  return all;
}
std::set<CUevent_st*>& events() {
  static std::set<CUevent_st*> all;
  return all;
}

bool failed = false;
std::string failure;
thread_local cudaError_t last = cudaSuccess;

size_t limit() {
  const char* const text = std::getenv("HOSTCUDA_MEMORY");
  return text == nullptr ? size_t{4} << 30 : static_cast<size_t>(std::strtoull(text, nullptr, 10));
}
size_t in_use = 0;

bool within(const std::map<const char*, size_t>& blocks, const void* pointer, size_t bytes) {
  const char* const first = static_cast<const char*>(pointer);
  auto after = blocks.upper_bound(first);
  if (after == blocks.begin()) return false;
  const auto& [begin, size] = *std::prev(after);
  return first >= begin && first + bytes <= begin + size;
}

// New device memory has arbitrary contents.
constexpr int garbage = 0xcb;

int open_accesses = 0;

void protect(const char* begin, size_t bytes, bool closed) {
#if defined(__SANITIZE_ADDRESS__)
  if (closed) {
    ASAN_POISON_MEMORY_REGION(begin, bytes);
  } else {
    ASAN_UNPOISON_MEMORY_REGION(begin, bytes);
  }
#else
  (void)begin, (void)bytes, (void)closed;
#endif
}

cudaError_t allocate(std::map<const char*, size_t>& blocks, void** pointer, size_t bytes) {
  constexpr size_t alignment = 256;
  if (pointer == nullptr) return cudaErrorInvalidValue;
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment, bytes) != 0) return cudaErrorMemoryAllocation;
  blocks[static_cast<char*>(memory)] = bytes;
  *pointer = memory;
  return cudaSuccess;
}

bool knows(CUevent_st* event) { return events().count(event) == 1; }

bool spoils_any_capture() {
  bool spoilt = false;
  for (CUstream_st* const stream : streams()) spoilt |= spoils_capture(stream);
  return spoilt;
}

}  // namespace

std::recursive_mutex& lock() {
  static std::recursive_mutex mutex;
  return mutex;
}

cudaError_t result(cudaError_t error) {
  if (failed) error = cudaErrorLaunchFailure;
  if (error != cudaSuccess) last = error;
  return error;
}

bool knows(CUstream_st* stream) { return streams().count(stream) == 1; }

Order order() {
  static const Order chosen = [] {
    const char* const text = std::getenv("HOSTCUDA_ORDER");
    const std::string name = text == nullptr ? "ascending" : text;
    return name == "descending" ? Order::descending : name == "shuffled" ? Order::shuffled : Order::ascending;
  }();
  return chosen;
}

void fail_device(const std::string& cause) {
  if (failed) return;
  failed = true;
  failure = "unspecified launch failure (" + cause + ")";
}
bool device_failed() { return failed; }

DeviceAccess::DeviceAccess() {
  if (open_accesses++ > 0) return;
  for (const auto& [begin, bytes] : device_memory()) protect(begin, bytes, false);
}
DeviceAccess::~DeviceAccess() {
  if (--open_accesses > 0) return;
  for (const auto& [begin, bytes] : device_memory()) protect(begin, bytes, true);
}

bool on_device(const void* pointer, size_t bytes) { return within(device_memory(), pointer, bytes); }
bool pinned(const void* pointer, size_t bytes) { return within(pinned_memory(), pointer, bytes); }

cudaError_t enqueue(CUstream_st* stream, std::function<void()> work, uint64_t cost) {
  const Locked locked(lock());
  if (!knows(stream)) return result(cudaErrorInvalidResourceHandle);
  if (stream->capture != nullptr) {
    stream->capture->work.push_back({std::move(work), cost});
    return result(cudaSuccess);
  }
  stream->waiting.push_back({std::move(work), cost});
  ++stream->enqueued;
  return result(cudaSuccess);
}

void run_until(CUstream_st* stream, uint64_t position) {
  // Access marks all memory of the device, which takes as long as the memory is large.
  if (stream->done >= position || stream->waiting.empty()) return;
  const DeviceAccess access;
  while (stream->done < position && !stream->waiting.empty()) {
    const CUstream_st::Work work = std::move(stream->waiting.front());
    stream->waiting.pop_front();
    if (!failed) work.run();
    stream->clock += work.cost;
    ++stream->done;
  }
}

void run_all() {
  for (CUstream_st* const stream : streams()) run_until(stream, stream->enqueued);
}

cudaError_t enqueue_launch(const cudaLaunchConfig_t& config, std::function<void()> thread) {
  // Limits of all compute capabilities for which sluice is built (CUDA C++ Programming Guide, "Technical Specifications
  // per Compute Capability"). More than 48 KiB of shared memory would need an explicit request.
  const dim3 grid = config.gridDim, block = config.blockDim;
  const bool fits = grid.x >= 1 && grid.x <= 0x7fffffffu && grid.y >= 1 && grid.y <= 65535 && grid.z >= 1 &&
                    grid.z <= 65535 && block.x >= 1 && block.y >= 1 && block.z >= 1 && block.z <= 64 &&
                    uint64_t{block.x} * block.y * block.z <= 1024 && config.dynamicSmemBytes <= (48u << 10);
  if (!fits || config.numAttrs != 0) return result(cudaErrorInvalidConfiguration);
  return enqueue(config.stream, [grid, block, thread = std::move(thread)] { run_grid(grid, block, thread); });
}

}  // namespace hostcuda

using namespace hostcuda;

extern "C" {

cudaError_t cudaDriverGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) { return result(device == 0 ? cudaSuccess : cudaErrorInvalidDevice); }
cudaError_t cudaDeviceSynchronize() {
  const Locked locked(lock());
  if (spoils_any_capture()) return result(cudaErrorStreamCaptureUnsupported);
  run_all();
  return result(cudaSuccess);
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  if (device != 0) return result(cudaErrorInvalidDevice);
  if (attribute == cudaDevAttrMultiProcessorCount) {
    const char* const text = std::getenv("HOSTCUDA_MULTIPROCESSORS");
    *value = text == nullptr ? 2 : std::atoi(text);
  } else if (attribute == cudaDevAttrComputeCapabilityMajor) {
    *value = 9;
  } else if (attribute == cudaDevAttrComputeCapabilityMinor) {
    *value = 0;
  } else {
    return result(cudaErrorInvalidValue);
  }
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device != 0) return result(cudaErrorInvalidDevice);
  std::strcpy(properties->name, "hostcuda");
  return cudaSuccess;
}
const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "no error";
    case cudaErrorInvalidValue: return "invalid argument";
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorInvalidConfiguration: return "invalid configuration argument";
    case cudaErrorInvalidMemcpyDirection: return "invalid copy direction for memcpy";
    case cudaErrorInvalidDevice: return "invalid device ordinal";
    case cudaErrorInvalidResourceHandle: return "invalid resource handle";
    case cudaErrorIllegalState: return "the operation cannot be performed in the present state";
    case cudaErrorStreamCaptureUnsupported: return "operation not permitted when stream is capturing";
    case cudaErrorStreamCaptureInvalidated: return "operation failed due to a previous error during capture";
    case cudaErrorNotReady: return "device not ready";
    case cudaErrorLaunchFailure: return failure.c_str();
    default: return "unknown error";
  }
}
cudaError_t cudaGetLastError() {
  const cudaError_t error = last;
  last = cudaSuccess;
  return error;
}
cudaError_t cudaMemGetInfo(size_t* free_bytes, size_t* total) {
  const Locked locked(lock());
  *total = limit();
  *free_bytes = limit() - std::min(limit(), in_use);
  return result(cudaSuccess);
}

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  const Locked locked(lock());
  if (in_use + bytes > limit()) return result(cudaErrorMemoryAllocation);
  const cudaError_t error = allocate(device_memory(), pointer, bytes);
  if (error != cudaSuccess || bytes == 0) return result(error);
  in_use += bytes;
  // Filling a long allocation would cost the host real memory, and the parts that tests use are small.
  constexpr size_t enough = size_t{4} << 20;
  std::memset(*pointer, garbage, std::min(bytes, enough));
  if (open_accesses == 0) protect(static_cast<char*>(*pointer), bytes, true);
  return result(cudaSuccess);
}
cudaError_t cudaFree(void* pointer) {
  const Locked locked(lock());
  if (pointer == nullptr) return result(cudaSuccess);
  const auto found = device_memory().find(static_cast<char*>(pointer));
  if (found == device_memory().end()) return result(cudaErrorInvalidValue);
  run_all();  // cudaFree waits for the device (CUDA Runtime API, "Memory Management")
  protect(found->first, found->second, false);
  in_use -= found->second;
  device_memory().erase(found);
  std::free(pointer);
  return result(cudaSuccess);
}
cudaError_t cudaMallocHost(void** pointer, size_t bytes) {
  const Locked locked(lock());
  return result(allocate(pinned_memory(), pointer, bytes));
}
cudaError_t cudaFreeHost(void* pointer) {
  const Locked locked(lock());
  if (pointer == nullptr) return result(cudaSuccess);
  if (pinned_memory().erase(static_cast<char*>(pointer)) == 0) return result(cudaErrorInvalidValue);
  run_all();
  std::free(pointer);
  return result(cudaSuccess);
}

cudaError_t cudaMemcpyAsync(void* destination, const void* source, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  const Locked locked(lock());
  if (!knows(stream)) return result(cudaErrorInvalidResourceHandle);
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (kind > cudaMemcpyDeviceToDevice) return result(cudaErrorInvalidMemcpyDirection);
  if (bytes == 0) return result(cudaSuccess);
  if (on_device(destination, bytes) != to_device || on_device(source, bytes) != from_device) {
    return result(cudaErrorInvalidValue);
  }
  // Only pinned memory can be read or written whenever a graph is launched.
  const bool pageable = (!from_device && !pinned(source, bytes)) || (!to_device && !pinned(destination, bytes));
  if (pageable && spoils_capture(stream)) return result(cudaErrorStreamCaptureUnsupported);
  // A copy from pageable host memory is staged before the call returns, and a copy to it completes before (CUDA Runtime
  // API, "API synchronization behavior"). Pinned memory is read and written when the stream runs the copy.
  if (!from_device && !pinned(source, bytes)) {
    std::string staged(static_cast<const char*>(source), bytes);
    return enqueue(
        stream, [destination, staged = std::move(staged)] { std::memcpy(destination, staged.data(), staged.size()); });
  }
  const cudaError_t error = enqueue(stream, [=] { std::memmove(destination, source, bytes); });
  if (error == cudaSuccess && !to_device && !pinned(destination, bytes)) run_until(stream, stream->enqueued);
  return result(error);
}
cudaError_t cudaMemsetAsync(void* pointer, int value, size_t bytes, cudaStream_t stream) {
  const Locked locked(lock());
  if (bytes > 0 && !on_device(pointer, bytes)) return result(cudaErrorInvalidValue);
  return enqueue(stream, [=] { std::memset(pointer, value, bytes); });
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  const Locked locked(lock());
  streams().insert(*stream = new CUstream_st);
  return result(cudaSuccess);
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const Locked locked(lock());
  if (!knows(stream)) return result(cudaErrorInvalidResourceHandle);
  run_until(stream, stream->enqueued);
  for (CUevent_st* const event : events()) {
    if (event->stream == stream) event->stream = nullptr;
  }
  streams().erase(stream);
  delete stream;
  return result(cudaSuccess);
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const Locked locked(lock());
  if (!knows(stream)) return result(cudaErrorInvalidResourceHandle);
  if (spoils_capture(stream)) return result(cudaErrorStreamCaptureUnsupported);
  run_until(stream, stream->enqueued);
  return result(cudaSuccess);
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  const Locked locked(lock());
  if (!knows(event)) return result(cudaErrorInvalidResourceHandle);
  if (knows(stream) && spoils_capture(stream)) return result(cudaErrorStreamCaptureUnsupported);
  if (event->stream == nullptr) return result(knows(stream) ? cudaSuccess : cudaErrorInvalidResourceHandle);
  return enqueue(stream, [other = event->stream, position = event->position] {
    if (knows(other)) run_until(other, position);
  });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  const Locked locked(lock());
  events().insert(*event = new CUevent_st);
  (*event)->timed = (flags & cudaEventDisableTiming) == 0;
  return result(cudaSuccess);
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  const Locked locked(lock());
  if (!knows(event)) return result(cudaErrorInvalidResourceHandle);
  events().erase(event);
  delete event;
  return result(cudaSuccess);
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  const Locked locked(lock());
  if (!knows(event) || !knows(stream)) return result(cudaErrorInvalidResourceHandle);
  if (spoils_capture(stream)) return result(cudaErrorStreamCaptureUnsupported);
  const auto mark = std::make_shared<CUevent_st::Mark>();
  const cudaError_t error = enqueue(stream, [stream, mark] { *mark = {true, stream->clock}; }, 0);
  event->mark = mark;
  event->stream = stream;
  event->position = stream->enqueued;
  return result(error);
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const Locked locked(lock());
  if (!knows(event)) return result(cudaErrorInvalidResourceHandle);
  if (event->stream != nullptr) run_until(event->stream, event->position);
  return result(cudaSuccess);
}
// CUDA Runtime API, "Event Management": an event that was not recorded or has no timing is an invalid handle here, and
// an event that the device has not reached is not ready.
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  const Locked locked(lock());
  if (milliseconds == nullptr) return result(cudaErrorInvalidValue);
  for (CUevent_st* const event : {begin, end}) {
    if (!knows(event) || !event->timed || event->mark == nullptr) return result(cudaErrorInvalidResourceHandle);
  }
  if (!begin->mark->reached || !end->mark->reached) return result(cudaErrorNotReady);
  *milliseconds = static_cast<float>(static_cast<int64_t>(end->mark->clock - begin->mark->clock));
  return result(cudaSuccess);
}

}  // extern "C"
