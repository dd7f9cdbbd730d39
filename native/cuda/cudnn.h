// cuDNN, opened when it is first used: its functions, and what a context keeps of it.
#pragma once

#include <cudnn.h>

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "context.h"

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

class ConvPlan;      // cudnn_graph.h
struct ConvProblem;  // cudnn_graph.h

// A handle whose work goes to one stream, with the plans that were made for it. Safe to use from several threads.
class Cudnn {
 public:
  // Throws std::runtime_error.
  explicit Cudnn(cudaStream_t stream);
  ~Cudnn();
  Cudnn(const Cudnn&) = delete;
  Cudnn& operator=(const Cudnn&) = delete;

  // Whether f32 convolutions may round their operands to the ten bits of TF32, for speed. At first they may not.
  void allow_tf32(bool allowed);

  // The plan of a convolution, made when first asked for. Throws CudnnError, unsupported where no engine fits.
  const ConvPlan& plan(const ConvProblem& problem);

  // Queues a plan. All pointers are device memory; workspace has the plan's bytes.
  void execute(const ConvPlan& plan, const void* x, const void* weights, const void* y, void* workspace);

 private:
  std::mutex mutex_;
  cudnnHandle_t handle_ = nullptr;
  bool tf32_ = false;
  std::map<std::array<int64_t, 13>, std::unique_ptr<ConvPlan>> plans_;
};

// The context's, made at the first call. Throws std::runtime_error.
Cudnn& cudnn_of(sl_context* context);

}  // namespace sluice
