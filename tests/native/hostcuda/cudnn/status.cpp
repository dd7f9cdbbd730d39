// Names statuses, and keeps the message of each thread's last refusal.
#include "status.h"

namespace hostcudnn {
namespace {
thread_local std::string last;
}

cudnnStatus_t refuse(cudnnStatus_t status, const std::string& sentence) {
  last = sentence;
  return status;
}

}  // namespace hostcudnn

using namespace hostcudnn;

const char* cudnnGetErrorString(cudnnStatus_t status) {
  switch (status) {
#define CONSTANT(type, name, value) CONSTANT_##type(name)
#define CONSTANT_cudnnStatus_t(name) \
  case name: return #name;
#define CONSTANT_cudnnDataType_t(name)
#define CONSTANT_cudnnConvolutionMode_t(name)
#define CONSTANT_cudnnBackendHeurMode_t(name)
#define CONSTANT_cudnnBackendNumericalNote_t(name)
#define CONSTANT_cudnnBackendAttributeType_t(name)
#define CONSTANT_cudnnBackendDescriptorType_t(name)
#define CONSTANT_cudnnBackendAttributeName_t(name)
#define FUNCTION(result, name, parameters)
#include "../tables/cudnn.inc"
#undef FUNCTION
#undef CONSTANT
    default: return "CUDNN_UNKNOWN_STATUS";
  }
}

// cudnn_graph.h: "Retrieves most recent error message". Reading clears the message.
void cudnnGetLastErrorString(char* message, size_t max_size) {
  if (message == nullptr || max_size == 0) return;
  const size_t bytes = std::min(last.size(), max_size - 1);
  std::memcpy(message, last.data(), bytes);
  message[bytes] = '\0';
  last.clear();
}
