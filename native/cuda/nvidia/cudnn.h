// cuDNN, which is opened at first use: its functions, and a context's handle and plans.
#pragma once

#include <cudnn.h>

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "../context.h"

namespace sluice {

// The functions of cuDNN that sluice calls.
struct CudnnFunctions {
  decltype(&::cudnnGetVersion) get_version;
  decltype(&::cudnnGetCudartVersion) get_cudart_version;
  decltype(&::cudnnGetErrorString) get_error_string;
  decltype(&::cudnnGetLastErrorString) get_last_error_string;
  decltype(&::cudnnCreate) create;
  decltype(&::cudnnDestroy) destroy;
  decltype(&::cudnnSetStream) set_stream;
  decltype(&::cudnnBackendCreateDescriptor) create_descriptor;
  decltype(&::cudnnBackendDestroyDescriptor) destroy_descriptor;
  decltype(&::cudnnBackendFinalize) finalize;
  decltype(&::cudnnBackendSetAttribute) set_attribute;
  decltype(&::cudnnBackendGetAttribute) get_attribute;
  decltype(&::cudnnBackendExecute) execute;
};

// Opens cuDNN at the first call. Throws std::runtime_error if it is missing, or made for another CUDA.
const CudnnFunctions& cudnn_functions();

// The version, such as "9.28.1". Throws std::runtime_error as cudnn_functions() does.
std::string cudnn_version_text();

// A failed call of cuDNN, with cuDNN's own message.
class CudnnError : public std::runtime_error {
 public:
  CudnnError(cudnnStatus_t status, const std::string& sentence) : std::runtime_error(sentence), status_(status) {}

  // Whether cuDNN cannot do the operation: the status is of the category CUDNN_STATUS_NOT_SUPPORTED.
  bool unsupported() const { return status_ / 1000 * 1000 == CUDNN_STATUS_NOT_SUPPORTED; }
  bool out_of_memory() const {
    return status_ == CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED ||
           status_ == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
  }

 private:
  cudnnStatus_t status_;
};

// Throws CudnnError unless the status is success.
void check_cudnn(cudnnStatus_t status);

// In cudnn_graph.h.
class ConvCandidates;
class ConvPlan;
struct ConvOperands;
struct ConvProblem;

// Everything that a plan depends on: direction, shape, alignment, whether TF32 is allowed, and whether the result is
// added. No value is negative.
using ConvKey = std::array<int64_t, 14>;

// An engine that was left out for its workspace.
struct LargeEngine {
  int64_t rank, bytes;
};

// The engine of a convolution.
struct ConvChoice {
  int64_t rank;         // among the candidates
  int32_t line;         // of the stored plans that it comes from; 0 if it was chosen here
  std::string remarks;  // for people: lines that begin with #
};
using ConvChoices = std::map<ConvKey, ConvChoice>;

// A handle whose work goes to one stream, and its plans. Thread-safe.
class Cudnn {
 public:
  // The allocator provides workspace, for each plan at most `most_workspace` bytes. Throws std::runtime_error.
  Cudnn(cudaStream_t stream, Allocator& allocator, int64_t most_workspace);
  ~Cudnn();
  Cudnn(const Cudnn&) = delete;
  Cudnn& operator=(const Cudnn&) = delete;

  // Whether later plans take the fastest engine, by measurement, or the first that fits, as at the beginning.
  void autotune(bool measure);

  // The engines of all plans, and the choices for later plans. A choice for a convolution without a plan replaces the
  // measurement.
  ConvChoices choices();
  void take_choices(const ConvChoices& choices);

  // The plan of a convolution, created at first use; null if no engine fits and the result is to be added, because
  // then it can be added afterwards. With autotune, creating it computes the convolution several times on these
  // operands. Throws CudnnError, unsupported if no engine fits, and std::runtime_error, also if a stored choice cannot
  // be used: another engine could give other bits than the run that stored it.
  const ConvPlan* plan(const ConvProblem& problem, const ConvOperands& operands);

  // Queues a plan. `workspace` is device memory of the plan's workspace_bytes().
  void execute(const ConvPlan& plan, const ConvOperands& operands, void* workspace);

 private:
  std::unique_ptr<ConvPlan> make(const ConvKey& key, const ConvProblem& problem, const ConvOperands& operands);
  std::unique_ptr<ConvPlan> fastest(ConvCandidates& candidates, const ConvProblem& problem, ConvOperands operands);

  std::mutex mutex_;
  cudaStream_t stream_;
  Allocator& allocator_;
  int64_t most_workspace_;
  cudnnHandle_t handle_ = nullptr;
  bool autotune_ = false;
  std::map<ConvKey, std::unique_ptr<ConvPlan>> plans_;  // null if no engine fits
  ConvChoices choices_;
};

// The instance of a context, created at first use. Throws std::runtime_error.
Cudnn& cudnn_of(sl_context* context);

}  // namespace sluice
