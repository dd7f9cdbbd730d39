// The pinned pieces of small uploads.
#include "staging.h"

#include <cstring>

namespace sluice {

Staging::~Staging() {
  for (const Piece& piece : pieces_) {
    if (piece.copied != nullptr) cudaEventDestroy(piece.copied);
    if (piece.memory != nullptr) cudaFreeHost(piece.memory);
  }
}

// Creates the memory and event of a new piece, or waits for the last copy of a used one.
cudaError_t Staging::prepare(Piece& piece) {
  if (piece.pending) return cudaEventSynchronize(piece.copied);
  if (piece.memory == nullptr) {
    const cudaError_t error = cudaMallocHost(&piece.memory, piece_bytes);
    if (error != cudaSuccess) return error;
  }
  return piece.copied == nullptr ? cudaEventCreateWithFlags(&piece.copied, cudaEventDisableTiming) : cudaSuccess;
}

cudaError_t Staging::upload(cudaStream_t stream, void* destination, const void* source, size_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Piece& piece = pieces_[next_];
  next_ = (next_ + 1) % pieces_.size();
  cudaError_t error = prepare(piece);
  if (error != cudaSuccess) return error;
  piece.pending = false;
  std::memcpy(piece.memory, source, bytes);
  error = cudaMemcpyAsync(destination, piece.memory, bytes, cudaMemcpyHostToDevice, stream);
  if (error != cudaSuccess) return error;
  error = cudaEventRecord(piece.copied, stream);
  piece.pending = error == cudaSuccess;
  // Without its event, the copy itself must end before the piece is used again.
  if (!piece.pending) cudaStreamSynchronize(stream);
  return error;
}

}  // namespace sluice
