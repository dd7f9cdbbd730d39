// Contexts of the CPU library, with memory, copies, and streams, which are trivial here.
#include "context.h"

#include <omp.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <new>
#include <string>

#include "../common/json.h"
#include "onednn.h"

// Every call on the CPU is finished when it returns, so streams and events hold only their context.
struct sl_stream {
  sl_context* context;
};
struct sl_event {
  sl_context* context;
};

namespace {

constexpr size_t huge_page = size_t{2} << 20;

void* host_malloc(size_t bytes) {
  void* pointer = nullptr;
  if (bytes < huge_page) return posix_memalign(&pointer, 64, bytes) == 0 ? pointer : nullptr;
  if (posix_memalign(&pointer, huge_page, bytes) != 0) return nullptr;
  madvise(pointer, bytes / huge_page * huge_page, MADV_HUGEPAGE);  // only advice: the system may refuse
  return pointer;
}

// Few, long stretches, because no buffer crosses the border of a stretch. The system provides memory only for the pages
// that are touched.
constexpr int64_t stretch_bytes = int64_t{1} << 30;

constexpr int64_t most_threads_per_core = 16;

int usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return omp_get_num_procs();
}

// The processor's name in /proc/cpuinfo.
std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) != 0) continue;
    const size_t colon = line.find(": ");
    if (colon == std::string::npos) break;
    return line.substr(colon + 2);
  }
  return "CPU";
}

int32_t allocate(sluice::Allocator& allocator, const char* name, int64_t bytes, void** host_pointer) {
  SL_REQUIRE_POINTERS(name, host_pointer);
  SL_REQUIRE(bytes >= 0, "%s: bytes is %lld, want 0 or more", name, static_cast<long long>(bytes));
  void* pointer = nullptr;
  try {
    pointer = allocator.allocate(bytes);
  } catch (const std::bad_alloc&) {  // reported below, like a refusal of the system
  }
  if (pointer == nullptr) {
    return sluice::fail(SL_ERROR_OUT_OF_MEMORY, "%s: the system has no %lld bytes more (%lld bytes are reserved)", name,
                        static_cast<long long>(bytes), static_cast<long long>(allocator.stats().reserved));
  }
  *host_pointer = pointer;
  return SL_OK;
}

int32_t release(sluice::Allocator& allocator, const char* name, void* pointer) {
  if (pointer == nullptr) return SL_OK;
  SL_REQUIRE(allocator.release(pointer), "%s: %p is not a live buffer of this context", name, pointer);
  return SL_OK;
}

int32_t copy(sl_context* context, const char* name, sl_stream* stream, void* destination, const void* source,
             int64_t bytes) {
  SL_REQUIRE_POINTERS(name, context);
  SL_REQUIRE(stream == nullptr || stream->context == context, "%s: the stream belongs to another context", name);
  SL_REQUIRE_POINTERS(name, destination, source);
  SL_REQUIRE(bytes >= 0, "%s: bytes is %lld, want 0 or more", name, static_cast<long long>(bytes));
  sluice::parallel_for(context->threads, bytes, int64_t{1} << 20, [=](int64_t begin, int64_t end) {
    std::memcpy(static_cast<char*>(destination) + begin, static_cast<const char*>(source) + begin,
                static_cast<size_t>(end - begin));
  });
  return SL_OK;
}

int32_t check_event(const char* name, sl_context* context, const sl_event* event, const sl_stream* stream) {
  SL_REQUIRE_POINTERS(name, context, event);
  SL_REQUIRE(event->context == context, "%s: the event belongs to another context", name);
  SL_REQUIRE(stream == nullptr || stream->context == context, "%s: the stream belongs to another context", name);
  return SL_OK;
}

template <typename Handle>
int32_t create(const char* name, sl_context* context, Handle** host_handle) {
  SL_REQUIRE_POINTERS(name, context, host_handle);
  Handle* handle = new (std::nothrow) Handle{context};
  if (handle == nullptr) return sluice::fail(SL_ERROR_OUT_OF_MEMORY, "%s: out of host memory", name);
  *host_handle = handle;
  return SL_OK;
}

template <typename Handle>
int32_t destroy(const char* name, sl_context* context, Handle* handle) {
  SL_REQUIRE_POINTERS(name, context);
  SL_REQUIRE(handle == nullptr || handle->context == context, "%s: the handle belongs to another context", name);
  delete handle;
  return SL_OK;
}

}  // namespace

sl_context::sl_context(int thread_count)
    : threads(thread_count),
      allocator(host_malloc, std::free, stretch_bytes),
      host_allocator(host_malloc, std::free, stretch_bytes),
      onednn(std::make_unique<sluice::OneDnn>()) {}

sl_context::~sl_context() = default;

SL_API int32_t sl_device_count(int32_t* host_count) {
  SL_REQUIRE_POINTERS("sl_device_count", host_count);
  *host_count = 1;
  return SL_OK;
}

SL_API int32_t sl_device_describe(int32_t index, char* host_text, int64_t capacity) {
  SL_REQUIRE(index == 0, "sl_device_describe: device %d does not exist, the CPU library has device 0 only", index);
  SL_REQUIRE_POINTERS("sl_device_describe", host_text);
  SL_REQUIRE(capacity >= 0, "sl_device_describe: capacity is %lld, want 0 or more", static_cast<long long>(capacity));
  SL_BEGIN
  using sluice::json_string;
  const std::string text =
      "{\"kind\":\"cpu\",\"name\":" + json_string(processor_name()) + ",\"isa\":" + json_string(sluice::onednn_isa()) +
      ",\"cores\":" + std::to_string(usable_cores()) +
      ",\"backend\":\"oneDNN\",\"backendVersion\":" + json_string(sluice::onednn_version()) +
      ",\"bf16\":" + (sluice::onednn_has_bf16() ? "true" : "false") + ",\"tf32\":false,\"sharedPacks\":false}";
  return sluice::write_text("sl_device_describe", text, host_text, capacity);
  SL_END("sl_device_describe")
}

// oneDNN is always found: this library is linked with it and would not have opened without it.
SL_API int32_t sl_requirements(int32_t, char* host_text, int64_t capacity) {
  SL_REQUIRE_POINTERS("sl_requirements", host_text);
  SL_BEGIN
  const std::string text = "[" + sluice::json_requirement("oneDNN", true, true, sluice::onednn_detail()) + "]";
  return sluice::write_text("sl_requirements", text, host_text, capacity);
  SL_END("sl_requirements")
}

SL_API int32_t sl_context_create(int32_t index, int32_t threads, sl_context** host_context) {
  SL_REQUIRE(index == 0, "sl_context_create: device %d does not exist, the CPU library has device 0 only", index);
  SL_REQUIRE(threads >= 1, "sl_context_create: threads is %d, want 1 or more", threads);
  SL_REQUIRE_POINTERS("sl_context_create", host_context);
  // OpenMP ends the process if it cannot start a thread, so numbers that cannot work are refused here.
  const int64_t most = std::min<int64_t>(most_threads_per_core * usable_cores(), omp_get_thread_limit());
  SL_REQUIRE(threads <= most, "sl_context_create: threads is %d, this machine takes at most %lld", threads,
             static_cast<long long>(most));
  SL_BEGIN
  *host_context = new sl_context(threads);
  return SL_OK;
  SL_END("sl_context_create")
}

SL_API int32_t sl_context_allow_tf32(sl_context* context, int32_t allow) {
  SL_REQUIRE_POINTERS("sl_context_allow_tf32", context);
  if (allow == 0) return SL_OK;
  return sluice::fail(SL_ERROR_UNSUPPORTED, "sl_context_allow_tf32: a processor has no TF32: take f32");
}

SL_API int32_t sl_context_autotune(sl_context* context, int32_t measure) {
  SL_REQUIRE_POINTERS("sl_context_autotune", context);
  if (measure == 0) return SL_OK;
  return sluice::fail(SL_ERROR_UNSUPPORTED,
                      "sl_context_autotune: a processor's convolutions have no engines to choose from: leave out "
                      "--autotune");
}

SL_API int32_t sl_plans_export(sl_context* context, char* host_text, int64_t capacity, int64_t* host_bytes) {
  SL_REQUIRE_POINTERS("sl_plans_export", context);
  SL_REQUIRE(capacity >= 0, "sl_plans_export: capacity is %lld, want 0 or more", static_cast<long long>(capacity));
  if (capacity > 0) SL_REQUIRE_POINTERS("sl_plans_export", host_text);
  SL_REQUIRE_POINTERS("sl_plans_export", host_bytes);
  *host_bytes = 1;
  if (capacity > 0) host_text[0] = '\0';
  return SL_OK;
}

SL_API int32_t sl_plans_import(sl_context* context, const char* host_text) {
  SL_REQUIRE_POINTERS("sl_plans_import", context, host_text);
  SL_REQUIRE(host_text[0] == '\0',
             "sl_plans_import: the plans are another device's: a processor has none, leave them out");
  return SL_OK;
}

SL_API int32_t sl_context_destroy(sl_context* context) {
  delete context;
  return SL_OK;
}

SL_API int32_t sl_synchronize(sl_context* context) {
  SL_REQUIRE_POINTERS("sl_synchronize", context);
  return SL_OK;
}

SL_API int32_t sl_malloc(sl_context* context, int64_t bytes, void** host_pointer) {
  SL_REQUIRE_POINTERS("sl_malloc", context);
  return allocate(context->allocator, "sl_malloc", bytes, host_pointer);
}

SL_API int32_t sl_free(sl_context* context, void* pointer) {
  SL_REQUIRE_POINTERS("sl_free", context);
  return release(context->allocator, "sl_free", pointer);
}

SL_API int32_t sl_host_malloc(sl_context* context, int64_t bytes, void** host_pointer) {
  SL_REQUIRE_POINTERS("sl_host_malloc", context);
  return allocate(context->host_allocator, "sl_host_malloc", bytes, host_pointer);
}

SL_API int32_t sl_host_free(sl_context* context, void* pointer) {
  SL_REQUIRE_POINTERS("sl_host_free", context);
  return release(context->host_allocator, "sl_host_free", pointer);
}

SL_API int32_t sl_memory_stats(sl_context* context, int64_t* host_stats) {
  SL_REQUIRE_POINTERS("sl_memory_stats", context, host_stats);
  const sluice::Allocator::Stats stats = context->allocator.stats();
  host_stats[0] = stats.in_use;
  host_stats[1] = stats.reserved;
  host_stats[2] = stats.peak;
  host_stats[3] = stats.live;
  return SL_OK;
}

SL_API int32_t sl_memory_total(sl_context* context, int64_t* host_bytes) {
  SL_REQUIRE_POINTERS("sl_memory_total", context, host_bytes);
  *host_bytes = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGE_SIZE);
  return SL_OK;
}

SL_API int32_t sl_memory_reset_peak(sl_context* context) {
  SL_REQUIRE_POINTERS("sl_memory_reset_peak", context);
  context->allocator.reset_peak();
  return SL_OK;
}

SL_API int32_t sl_memory_trim(sl_context* context) {
  SL_REQUIRE_POINTERS("sl_memory_trim", context);
  context->allocator.trim();
  context->host_allocator.trim();
  return SL_OK;
}

SL_API int32_t sl_upload(sl_context* context, sl_stream* stream, void* destination, const void* host_source,
                         int64_t bytes) {
  return copy(context, "sl_upload", stream, destination, host_source, bytes);
}

SL_API int32_t sl_download(sl_context* context, sl_stream* stream, void* host_destination, const void* source,
                           int64_t bytes) {
  return copy(context, "sl_download", stream, host_destination, source, bytes);
}

SL_API int32_t sl_copy(sl_context* context, sl_stream* stream, void* destination, const void* source, int64_t bytes) {
  return copy(context, "sl_copy", stream, destination, source, bytes);
}

SL_API int32_t sl_stream_create(sl_context* context, sl_stream** host_stream) {
  return create("sl_stream_create", context, host_stream);
}

SL_API int32_t sl_stream_destroy(sl_context* context, sl_stream* stream) {
  return destroy("sl_stream_destroy", context, stream);
}

SL_API int32_t sl_event_create(sl_context* context, sl_event** host_event) {
  return create("sl_event_create", context, host_event);
}

SL_API int32_t sl_event_destroy(sl_context* context, sl_event* event) {
  return destroy("sl_event_destroy", context, event);
}

SL_API int32_t sl_event_record(sl_context* context, sl_event* event, sl_stream* stream) {
  return check_event("sl_event_record", context, event, stream);
}

SL_API int32_t sl_event_wait(sl_context* context, sl_event* event, sl_stream* stream) {
  return check_event("sl_event_wait", context, event, stream);
}

SL_API int32_t sl_event_synchronize(sl_context* context, sl_event* event) {
  return check_event("sl_event_synchronize", context, event, nullptr);
}
