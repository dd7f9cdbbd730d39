// Handles of the stand-in for cuDNN.
#pragma once

#include <cudnn.h>

struct cudnnContext {
  cudaStream_t stream = nullptr;
};

namespace hostcudnn {

bool live(cudnnHandle_t handle);

}  // namespace hostcudnn
