// Runs the threads of a grid as fibers that take turns, so that barriers and warp exchanges wait as on a device.
#include <array>
#include <cstdlib>
#include <memory>
#include <vector>

#include "runtime.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

// Saves the caller's stack pointer at *from and continues on the stack `to`. The registers that the System V ABI asks a
// callee to preserve are kept on the stack. swapcontext would work, too, but makes a system call for every switch.
extern "C" void hostcuda_switch(void** from, void* to);
asm(R"(
.text
.globl hostcuda_switch
.type hostcuda_switch, @function
hostcuda_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size hostcuda_switch, .-hostcuda_switch
)");

// Globals suffice: one grid runs at a time, under the runtime's lock.
uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace hostcuda {
namespace {

constexpr size_t stack_bytes = size_t{64} << 10;

struct Fiber {
  std::unique_ptr<char[]> stack{new char[stack_bytes]};
  void* saved = nullptr;       // stack pointer while other fibers run
  void* fake_stack = nullptr;  // of AddressSanitizer
};

enum class State { fresh, ready, at_barrier, in_warp, ended };

struct Thread {
  State state = State::fresh;
  Fiber* fiber = nullptr;
  int exchanges = 0;  // number of exchanges so far; its parity selects the slots
};

// Values that lanes exchange. A lane that is one exchange ahead writes to the other half, and no lane can be two ahead.
struct Warp {
  std::array<std::array<uint64_t, 32>, 2> values{};
  std::array<unsigned, 2> arrived{};
};

class Block {
 public:
  Block(dim3 size, const std::function<void()>& body) : size_(size), body_(body) {
    threads_.resize(count());
    warps_.resize((count() + 31) / 32);
  }

  unsigned count() const { return size_.x * size_.y * size_.z; }

  void run(unsigned first_round) {
    for (unsigned round = first_round; !failed_ && ended_ < count(); ++round) {
      bool moved = false;
      for (unsigned step = 0; step < count() && !failed_; ++step) moved |= resume(taken(order(), step, count(), round));
      if (!moved && !open_barrier()) fail("threads of a block wait for each other at different places");
    }
  }

  void barrier() {
    current().state = State::at_barrier;
    leave();
  }

  uint64_t exchange(unsigned mask, uint64_t value, int source, unsigned* nonzero) {
    Thread& thread = current();
    Warp& warp = warps_[index_ / 32];
    const int lane = static_cast<int>(index_ % 32), half = thread.exchanges++ & 1;
    if ((mask >> lane & 1u) == 0) fail("a lane exchanges a value with a mask that excludes the lane");
    warp.values[half][lane] = value;
    warp.arrived[half] |= 1u << lane;
    if ((warp.arrived[half] & mask) == mask) {
      warp.arrived[half] &= ~mask;
      for (unsigned other = 0; other < 32; ++other) {
        if ((mask >> other & 1u) != 0) threads_[index_ / 32 * 32 + other].state = State::ready;
      }
    } else {
      thread.state = State::in_warp;
    }
    // The last lane switches, too, so that results depend on the order of threads if there is a race.
    leave();
    if (nonzero != nullptr) {
      *nonzero = 0;
      for (unsigned other = 0; other < 32; ++other) {
        if ((mask >> other & 1u) != 0 && warp.values[half][other] != 0) *nonzero |= 1u << other;
      }
    }
    return warp.values[half][source];
  }

  unsigned index() const { return index_; }

 private:
  Thread& current() { return threads_[index_]; }

  void fail(const char* cause) {
    fail_device(cause);
    failed_ = true;
  }

  bool open_barrier() {
    bool any = false;
    for (Thread& thread : threads_) {
      if (thread.state == State::in_warp) return false;
      any |= thread.state == State::at_barrier;
    }
    for (Thread& thread : threads_) {
      if (thread.state == State::at_barrier) thread.state = State::ready;
    }
    return any;
  }

  bool resume(unsigned index) {
    Thread& thread = threads_[index];
    if (thread.state != State::fresh && thread.state != State::ready) return false;
    index_ = index;
    threadIdx = {index % size_.x, index / size_.x % size_.y, index / (size_.x * size_.y)};
    if (thread.state == State::fresh) start(thread);
    thread.state = State::ready;
    enter(*thread.fiber);
    if (thread.state == State::ended) {
      ++ended_;
      idle().push_back(thread.fiber);
    }
    return true;
  }

  // Fibers for reuse by the next blocks. They are never freed.
  static std::vector<Fiber*>& idle() {
    static std::vector<Fiber*>& fibers = *new std::vector<Fiber*>;
    return fibers;
  }

  void start(Thread& thread) {
    if (idle().empty()) idle().push_back(new Fiber);
    thread.fiber = idle().back();
    idle().pop_back();
    // The layout that hostcuda_switch leaves: six registers, then the return address. The entry function finds the
    // stack aligned as after a call.
    void** top =
        reinterpret_cast<void**>((reinterpret_cast<uintptr_t>(thread.fiber->stack.get()) + stack_bytes) / 16 * 16);
    *--top = nullptr;
    *--top = reinterpret_cast<void*>(&Block::entry);
    for (int saved = 0; saved < 6; ++saved) *--top = nullptr;
    thread.fiber->saved = top;
    thread.fiber->fake_stack = nullptr;
  }

  static void entry();

  void enter(Fiber& fiber) {
#if defined(__SANITIZE_ADDRESS__)
    void* fake_stack = nullptr;
    __sanitizer_start_switch_fiber(&fake_stack, fiber.stack.get(), stack_bytes);
    hostcuda_switch(&scheduler_, fiber.saved);
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
#else
    hostcuda_switch(&scheduler_, fiber.saved);
#endif
  }

  // Switches back to the scheduler.
  void leave() {
    Fiber& fiber = *current().fiber;
#if defined(__SANITIZE_ADDRESS__)
    const bool last = current().state == State::ended;
    __sanitizer_start_switch_fiber(last ? nullptr : &fiber.fake_stack, scheduler_stack_, scheduler_bytes_);
    hostcuda_switch(&fiber.saved, scheduler_);
    arrived();
#else
    hostcuda_switch(&fiber.saved, scheduler_);
#endif
  }

  void arrived() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(current().fiber->fake_stack, &scheduler_stack_, &scheduler_bytes_);
#endif
  }

  dim3 size_;
  const std::function<void()>& body_;
  std::vector<Thread> threads_;
  std::vector<Warp> warps_;
  unsigned index_ = 0, ended_ = 0;
  bool failed_ = false;
  void* scheduler_ = nullptr;
  const void* scheduler_stack_ = nullptr;
  size_t scheduler_bytes_ = 0;
};

Block* running = nullptr;

void Block::entry() {
  Block& block = *running;
  block.arrived();
  block.body_();
  running->current().state = State::ended;
  running->leave();
}

}  // namespace

void barrier() { running->barrier(); }

uint64_t exchange(unsigned mask, uint64_t value, int source) { return running->exchange(mask, value, source, nullptr); }

unsigned ballot(unsigned mask, bool value) {
  unsigned bits = 0;
  running->exchange(mask, value ? 1 : 0, 0, &bits);
  return bits;
}

int lane() { return static_cast<int>(running->index() % 32); }

unsigned warp() { return running->index() / 32; }

void fail_kernel(const char* cause) { fail_device(cause); }

unsigned taken(Order order, unsigned step, unsigned count, unsigned round) {
  switch (order) {
    case Order::ascending: return step;
    case Order::descending: return count - 1 - step;
    default: {
      // A stride without a common divisor with the count reaches every index once.
      unsigned stride = (round * 2654435761u >> 8) % count | 1u;
      const auto common = [](unsigned a, unsigned b) {
        while (b != 0) {
          const unsigned rest = a % b;
          a = b;
          b = rest;
        }
        return a;
      };
      while (common(stride, count) != 1) ++stride;
      return static_cast<unsigned>((uint64_t{step} * stride + round * 40503u) % count);
    }
  }
}

void run_grid(dim3 grid, dim3 block, const std::function<void()>& thread) {
  const unsigned blocks = grid.x * grid.y * grid.z;
  gridDim = grid;
  blockDim = block;
  for (unsigned step = 0; step < blocks && !device_failed(); ++step) {
    const unsigned index = taken(order(), step, blocks, blocks);
    blockIdx = {index % grid.x, index / grid.x % grid.y, index / (grid.x * grid.y)};
    Block current(block, thread);
    Block* const outer = running;
    running = &current;
    current.run(index);
    running = outer;
  }
}

}  // namespace hostcuda
