// Uploads from ordinary host memory without waiting for the copy.
#pragma once

#include <cuda_runtime.h>

#include <array>
#include <cstddef>
#include <mutex>

namespace sluice {

// CUDA first copies ordinary memory to its own pinned memory, and may wait for the whole stream before that. Small
// uploads, such as a batch's table of parameters, go through these pinned pieces instead, in turn. An upload waits only
// if all pieces are still being copied, and then for the oldest. Thread-safe.
class Staging {
 public:
  static constexpr size_t piece_bytes = size_t{256} << 10;

  Staging() = default;
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  // Queues a copy of at most piece_bytes on `stream`. The caller may change the source as soon as the call returns.
  cudaError_t upload(cudaStream_t stream, void* destination, const void* source, size_t bytes);

 private:
  struct Piece {
    void* memory = nullptr;
    cudaEvent_t copied = nullptr;
    bool pending = false;  // whether `copied` was recorded after the last copy
  };

  static cudaError_t prepare(Piece& piece);

  std::mutex mutex_;
  std::array<Piece, 16> pieces_;
  size_t next_ = 0;
};

}  // namespace sluice
