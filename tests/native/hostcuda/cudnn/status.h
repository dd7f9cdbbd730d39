// How the stand-in for cuDNN refuses: a status, and a sentence kept for cudnnGetLastErrorString.
#pragma once

#include <cudnn.h>

#include <string>

namespace hostcudnn {

// Keeps the sentence and returns the status.
cudnnStatus_t refuse(cudnnStatus_t status, const std::string& sentence);

}  // namespace hostcudnn

// Refuses with `status` and the condition's own text, as cuDNN does, unless the condition holds.
#define HOSTCUDNN_REQUIRE(condition, status) \
  do { \
    if (!(condition)) return ::hostcudnn::refuse(status, "not: " #condition); \
  } while (0)

// Passes on the status of a nested check.
#define HOSTCUDNN_TRY(call) \
  do { \
    const cudnnStatus_t hostcudnn_status = (call); \
    if (hostcudnn_status != CUDNN_STATUS_SUCCESS) return hostcudnn_status; \
  } while (0)
