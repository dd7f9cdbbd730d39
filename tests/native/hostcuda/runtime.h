// Internal interface of the stand-in for the CUDA runtime, which the stand-ins for cuDNN and cuBLASLt use, too.
#pragma once

#include <cuda_runtime.h>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

// Work stays in its stream until somebody waits for it, which is the latest time at which a device may run it. So host
// code that reuses memory too early or forgets an event gives wrong results.
//
// The clock advances by the stated cost of the work, so measured times are the same in every run.
struct CUevent_st {
  struct Mark {
    bool reached = false;
    uint64_t clock = 0;  // the stream's clock at the event
  };
  bool timed = true;
  CUstream_st* stream = nullptr;  // stream of the last record
  uint64_t position = 0;          // pieces of that stream's work up to the event
  std::shared_ptr<Mark> mark;     // of the last record
};
struct CUgraph_st;
struct CUstream_st {
  struct Work {
    std::function<void()> run;
    uint64_t cost;
  };
  std::deque<Work> waiting;
  uint64_t enqueued = 0, done = 0;
  uint64_t clock = 0;  // total cost of the work that is done, in milliseconds
  bool running = false;
  std::unique_ptr<CUgraph_st> capture;  // takes the stream's work instead, if it is not null
};
// Work in the order of its stream, which a launch appends to a stream.
struct CUgraph_st {
  std::vector<CUstream_st::Work> work;
  bool invalid = false;  // whether a call was made that a capture does not allow
};
struct CUgraphExec_st {
  std::vector<CUstream_st::Work> work;
};

namespace hostcuda {

// The order in which a block's threads run between two barriers, and a grid's blocks run: the environment variable
// HOSTCUDA_ORDER, `ascending` (default), `descending` or `shuffled`.
enum class Order { ascending, descending, shuffled };
Order order();

// The index that runs at `step` of `count` steps, in the given round.
unsigned taken(Order order, unsigned step, unsigned count, unsigned round);

// Several threads may use the device, as CUDA allows. Each call of the runtime holds this lock.
std::recursive_mutex& lock();
using Locked = std::lock_guard<std::recursive_mutex>;

// What a call of the runtime returns: the error, or that of device work that has failed. cudaGetLastError returns it,
// too.
cudaError_t result(cudaError_t error);

// Whether the stream exists.
bool knows(CUstream_st* stream);

// Whether the stream is being captured. The capture is invalid from then on, as it is in CUDA after calls that wait for
// the stream (CUDA C++ Programming Guide, "CUDA Graphs", "Invalidation").
bool spoils_capture(CUstream_st* stream);

// Records the first failure of device work. As in CUDA, every later call returns it.
void fail_device(const std::string& cause);
bool device_failed();

// Appends work to a stream. Running it advances the stream's clock by `cost` milliseconds.
cudaError_t enqueue(CUstream_st* stream, std::function<void()> work, uint64_t cost = 1);
// Runs a stream until `position` pieces of its work are done.
void run_until(CUstream_st* stream, uint64_t position);
void run_all();

// Whether [pointer, pointer + bytes) is inside one live allocation of device memory, or of pinned host memory.
bool on_device(const void* pointer, size_t bytes);
bool pinned(const void* pointer, size_t bytes);

// Allows access to device memory while it exists. Under AddressSanitizer, the host cannot access device memory
// otherwise.
class DeviceAccess {
 public:
  DeviceAccess();
  ~DeviceAccess();
  DeviceAccess(const DeviceAccess&) = delete;
  DeviceAccess& operator=(const DeviceAccess&) = delete;
};

void run_grid(dim3 grid, dim3 block, const std::function<void()>& thread);

}  // namespace hostcuda
