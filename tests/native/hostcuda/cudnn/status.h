// Refusals of the stand-in for cuDNN: a status, and a message for cudnnGetLastErrorString.
#pragma once

#include <cudnn.h>

#include <string>

namespace hostcudnn {

// Stores the message and returns the status.
cudnnStatus_t refuse(cudnnStatus_t status, const std::string& sentence);

}  // namespace hostcudnn

// Unless the condition holds, refuses with `status` and the condition's text, like cuDNN.
#define HOSTCUDNN_REQUIRE(condition, status) \
  do { \
    if (!(condition)) return ::hostcudnn::refuse(status, "not: " #condition); \
  } while (0)

// Returns the status of a nested check if it fails.
#define HOSTCUDNN_TRY(call) \
  do { \
    const cudnnStatus_t hostcudnn_status = (call); \
    if (hostcudnn_status != CUDNN_STATUS_SUCCESS) return hostcudnn_status; \
  } while (0)
