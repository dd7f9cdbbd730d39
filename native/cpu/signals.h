// Keeps signals away from threads while they run oneDNN's kernels.
#pragma once

#include <omp.h>
#include <signal.h>

namespace sluice {

// oneDNN's sgemm kernels for AVX and AVX-512 point the stack pointer at a buffer on the heap if the sum is over many
// values. A signal that arrives then writes its frame below the buffer, over memory of anyone: a run that was asked to
// stop would save damaged weights, or abort in free(). So these threads leave signals to the other threads of the
// process, of which Deno has several.

// All signals, except those that an instruction of the thread raises.
inline sigset_t asynchronous_signals() {
  sigset_t signals;
  sigfillset(&signals);
  for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) sigdelset(&signals, own);
  return signals;
}

// Holds signals back from the calling thread, and from threads that it starts, as long as the object lives.
class SignalsHeld {
 public:
  SignalsHeld() {
    const sigset_t signals = asynchronous_signals();
    pthread_sigmask(SIG_BLOCK, &signals, &before_);
  }
  ~SignalsHeld() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

 private:
  sigset_t before_;
};

// Holds signals back from a thread that OpenMP started, for good: oneDNN runs its kernels on the same threads. Call it
// first in each parallel region. The thread that entered the region is another's and keeps its signals.
inline void hold_signals_from_worker() {
  static thread_local bool is_held = false;
  if (is_held || omp_get_thread_num() == 0) return;
  const sigset_t signals = asynchronous_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  is_held = true;
}

}  // namespace sluice
