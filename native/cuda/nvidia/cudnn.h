// cuDNN, opened when it is first used: its functions, and what a context keeps of it.
#pragma once

#include <cudnn.h>

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "../context.h"

namespace sluice {

// The functions of cuDNN that sluice calls.
struct CudnnFunctions {
  decltype(&::cudnnGetVersion) get_version;
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

// Opens cuDNN at the first call. Throws std::runtime_error where it is not found.
const CudnnFunctions& cudnn_functions();

// "9.28.1". Throws std::runtime_error where cuDNN is not found.
std::string cudnn_version_text();
// Where it was found. Throws likewise.
std::string cudnn_path();

// A call of cuDNN that failed, in cuDNN's own words.
class CudnnError : public std::runtime_error {
 public:
  CudnnError(cudnnStatus_t status, const std::string& sentence) : std::runtime_error(sentence), status_(status) {}

  // cuDNN knows no way to do what was asked of it: the status is of the category CUDNN_STATUS_NOT_SUPPORTED.
  bool unsupported() const { return status_ / 1000 * 1000 == CUDNN_STATUS_NOT_SUPPORTED; }
  bool out_of_memory() const {
    return status_ == CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED ||
           status_ == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
  }

 private:
  cudnnStatus_t status_;
};

// Throws CudnnError for any status but success.
void check_cudnn(cudnnStatus_t status);

// Of cudnn_graph.h.
class ConvCandidates;
class ConvPlan;
struct ConvOperands;
struct ConvProblem;

// What a plan depends on: direction, shape, alignment, and whether TF32 was allowed; none is negative.
using ConvKey = std::array<int64_t, 13>;
// The ranks of engines that convolutions take.
using ConvChoices = std::map<ConvKey, int64_t>;

// A handle whose work goes to one stream, with the plans that were made for it. Safe to use from several threads.
class Cudnn {
 public:
  // Workspace comes from the allocator. Throws std::runtime_error.
  Cudnn(cudaStream_t stream, Allocator& allocator);
  ~Cudnn();
  Cudnn(const Cudnn&) = delete;
  Cudnn& operator=(const Cudnn&) = delete;

  // Whether plans from now on are of the fastest engine, by measurement. At first they are of the first that fits.
  void autotune(bool measure);

  // The engines of all plans, and those that plans to come will take. Taken are choices for what has no plan yet; they
  // go before a measurement.
  ConvChoices choices();
  void take_choices(const ConvChoices& choices);

  // The plan of a convolution, made when first asked for: which may compute it several times, on these operands. Throws
  // CudnnError, unsupported where no engine fits, and std::runtime_error.
  const ConvPlan& plan(const ConvProblem& problem, const ConvOperands& operands);

  // Queues a plan; workspace is device memory of the plan's bytes.
  void execute(const ConvPlan& plan, const ConvOperands& operands, void* workspace);

 private:
  std::unique_ptr<ConvPlan> fastest(ConvCandidates& candidates, const ConvOperands& operands);

  std::mutex mutex_;
  cudaStream_t stream_;
  Allocator& allocator_;
  cudnnHandle_t handle_ = nullptr;
  bool autotune_ = false;
  std::map<ConvKey, std::unique_ptr<ConvPlan>> plans_;
  ConvChoices choices_;
};

// The context's, made at the first call. Throws std::runtime_error.
Cudnn& cudnn_of(sl_context* context);

}  // namespace sluice
