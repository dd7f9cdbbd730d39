// What the parts of the stand-in for the CUDA runtime know of each other; the stand-ins of cuDNN and cuBLASLt use it too.
#pragma once

#include <cuda_runtime.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>

// Work waits in its stream until somebody waits for it, as late as a device may take it up: so that host code which
// reuses memory too early, or forgets an event, computes something else.
//
// Time is what the work is said to cost, so that what is measured is the same on every run.
struct CUevent_st {
  struct Mark {
    bool reached = false;
    uint64_t clock = 0;  // the stream's when it came here
  };
  bool timed = true;
  CUstream_st* stream = nullptr;  // where it was recorded last
  uint64_t position = 0;          // how much of that stream's work comes before it
  std::shared_ptr<Mark> mark;     // of the last record
};
struct CUstream_st {
  struct Work {
    std::function<void()> run;
    uint64_t cost;
  };
  std::deque<Work> waiting;
  uint64_t enqueued = 0, done = 0;
  uint64_t clock = 0;  // what the work that is done has cost
  bool running = false;
};

namespace hostcuda {

// In which order the threads of a block are taken between two barriers, and the blocks of a grid: the environment
// variable HOSTCUDA_ORDER, `ascending` (default), `descending` or `shuffled`.
enum class Order { ascending, descending, shuffled };
Order order();

// The index that is taken `step`-th of `count`, in the `round`-th round.
unsigned taken(Order order, unsigned step, unsigned count, unsigned round);

// Keeps the first failure of device work: every later call returns it, as CUDA does.
void fail_device(const std::string& cause);
bool device_failed();

// Appends work to a stream, whose clock it advances by `cost` milliseconds; runs streams until `position` pieces of this
// one's work are done.
cudaError_t enqueue(CUstream_st* stream, std::function<void()> work, uint64_t cost = 1);
void run_until(CUstream_st* stream, uint64_t position);
void run_all();

// Whether all of [pointer, pointer + bytes) lies in one live allocation of the device (of pinned host memory).
bool on_device(const void* pointer, size_t bytes);
bool pinned(const void* pointer, size_t bytes);

// Device memory is closed to the host (under AddressSanitizer) but while device work runs, which holds one of these.
class DeviceAccess {
 public:
  DeviceAccess();
  ~DeviceAccess();
  DeviceAccess(const DeviceAccess&) = delete;
  DeviceAccess& operator=(const DeviceAccess&) = delete;
};

// Runs all blocks of a grid.
void run_grid(dim3 grid, dim3 block, const std::function<void()>& thread);

}  // namespace hostcuda
