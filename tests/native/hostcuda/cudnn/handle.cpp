// Creates and destroys handles.
#include "handle.h"

#include <set>

#include "status.h"

namespace hostcudnn {
namespace {
std::set<cudnnHandle_t>& handles() {
  static std::set<cudnnHandle_t> all;
  return all;
}
}  // namespace

bool live(cudnnHandle_t handle) { return handles().count(handle) == 1; }

}  // namespace hostcudnn

using namespace hostcudnn;

size_t cudnnGetVersion() { return 92801; }

size_t cudnnGetCudartVersion() { return CUDART_VERSION; }

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  HOSTCUDNN_REQUIRE(handle != nullptr, CUDNN_STATUS_BAD_PARAM_NULL_POINTER);
  handles().insert(*handle = new cudnnContext);
  return CUDNN_STATUS_SUCCESS;
}

// cudnn_graph.h: "Destroys cuDNN context. Calls cudaDeviceSynchronize."
cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  HOSTCUDNN_REQUIRE(live(handle), CUDNN_STATUS_BAD_PARAM);
  cudaDeviceSynchronize();
  handles().erase(handle);
  delete handle;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  HOSTCUDNN_REQUIRE(live(handle), CUDNN_STATUS_BAD_PARAM);
  handle->stream = stream;
  return CUDNN_STATUS_SUCCESS;
}
