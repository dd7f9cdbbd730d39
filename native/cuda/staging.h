// Uploads from ordinary host memory that the caller need not wait for.
#pragma once

#include <cuda_runtime.h>

#include <array>
#include <cstddef>
#include <mutex>

namespace sluice {

// CUDA copies ordinary memory to pinned memory of its own first, and may wait for the whole stream before. Small uploads, a
// batch's table of parameters for one, go through pinned pieces of this instead, taken in turn: only where all of them are
// still being copied does an upload wait, for the oldest. Thread-safe.
class Staging {
 public:
  static constexpr size_t piece_bytes = size_t{256} << 10;

  Staging() = default;
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  // Queues the copy of at most piece_bytes on `stream`; the source is free when the call returns.
  cudaError_t upload(cudaStream_t stream, void* destination, const void* source, size_t bytes);

 private:
  struct Piece {
    void* memory = nullptr;
    cudaEvent_t copied = nullptr;
  };

  static cudaError_t prepare(Piece& piece);

  std::mutex mutex_;
  std::array<Piece, 16> pieces_;
  size_t next_ = 0;
};

}  // namespace sluice
