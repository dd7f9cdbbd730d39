// Tests that no signal arrives while the stack pointer is not on the thread's stack. The library with OpenMP is the one
// with oneDNN's kernels, which move it.
#ifdef _OPENMP

#include <omp.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "helpers.h"

using namespace sluice_test;

namespace {

// The border of the calling thread's stack, or null until the thread has looked.
thread_local const char* stack_low = nullptr;
thread_local const char* stack_high = nullptr;
std::atomic<int64_t> arrived{0}, misplaced{0};

void find_stack() {
  pthread_attr_t attributes;
  REQUIRE(pthread_getattr_np(pthread_self(), &attributes) == 0);
  void* low = nullptr;
  size_t bytes = 0;
  REQUIRE(pthread_attr_getstack(&attributes, &low, &bytes) == 0);
  pthread_attr_destroy(&attributes);
  stack_low = static_cast<const char*>(low);
  stack_high = stack_low + bytes;
}

void on_signal(int) {
  const char* const frame = static_cast<const char*>(__builtin_frame_address(0));
  ++arrived;
  if (stack_low != nullptr && (frame < stack_low || frame >= stack_high)) ++misplaced;
}

// Sends signals to threads without a pause, as long as the object lives.
class Sender {
 public:
  explicit Sender(std::vector<pthread_t> targets) : targets_(std::move(targets)) {
    struct sigaction action = {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    // Stays: signals that a thread holds back are still pending in the end.
    REQUIRE(sigaction(SIGUSR1, &action, nullptr) == 0);
    thread_ = std::thread([this] {
      while (!ending_) {
        for (const pthread_t target : targets_) pthread_kill(target, SIGUSR1);
        std::this_thread::sleep_for(std::chrono::microseconds(20));
      }
    });
  }
  ~Sender() {
    ending_ = true;
    thread_.join();
  }

 private:
  std::vector<pthread_t> targets_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace

TEST_CASE("products leave the stack pointer on the stack for a signal, in every thread") {
  for (const int32_t threads : {1, 2}) {
    CAPTURE(threads);
    const Context context(threads);
    // The long sum of a small product: the gradient by the weights of a narrow 1x1 convolution.
    const int64_t m = 8 * threads, n = 32, k = 16384;
    const Buffer<float> a(context, random_values(m * k, 1)), b(context, random_values(k * n, 2));
    Buffer<float> c(context, random_values(m * n, 3));
    const auto multiply = [&] {
      REQUIRE(sl_matmul(context, SL_F32, SL_F32, m, n, k, 1, 0, 1.0f, a.data(), b.data(), 0.0f, c.data(), nullptr) ==
              SL_OK);
    };
    multiply();
    std::vector<pthread_t> targets(static_cast<size_t>(threads));
#pragma omp parallel num_threads(threads)
    {
      find_stack();
      targets[static_cast<size_t>(omp_get_thread_num())] = pthread_self();
    }
    arrived = misplaced = 0;
    {
      const Sender sender(targets);
      for (int call = 0; call < 2000; ++call) multiply();
    }
    CHECK(arrived > 0);
    CHECK(misplaced == 0);
  }
}

#endif
