// CUDA graphs of the stand-in for the CUDA runtime: the work of a captured stream, which a launch appends to a stream.
#include "runtime.h"

namespace hostcuda {

bool spoils_capture(CUstream_st* stream) {
  if (stream->capture == nullptr) return false;
  stream->capture->invalid = true;
  return true;
}

}  // namespace hostcuda

using namespace hostcuda;

extern "C" {

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  const Locked locked(lock());
  if (!knows(stream)) return result(cudaErrorInvalidResourceHandle);
  if (stream->capture != nullptr) return result(cudaErrorIllegalState);
  stream->capture = std::make_unique<CUgraph_st>();
  return result(cudaSuccess);
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  const Locked locked(lock());
  *graph = nullptr;
  if (!knows(stream)) return result(cudaErrorInvalidResourceHandle);
  if (stream->capture == nullptr) return result(cudaErrorIllegalState);
  const std::unique_ptr<CUgraph_st> captured = std::move(stream->capture);
  if (captured->invalid) return result(cudaErrorStreamCaptureInvalidated);
  *graph = new CUgraph_st(*captured);
  return result(cudaSuccess);
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  const Locked locked(lock());
  *executable = new CUgraphExec_st{graph->work};
  return result(cudaSuccess);
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  const Locked locked(lock());
  for (const CUstream_st::Work& work : executable->work) {
    const cudaError_t error = enqueue(stream, work.run, work.cost);
    if (error != cudaSuccess) return error;
  }
  return result(cudaSuccess);
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  const Locked locked(lock());
  delete executable;
  return result(cudaSuccess);
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  const Locked locked(lock());
  delete graph;
  return result(cudaSuccess);
}

}  // extern "C"
