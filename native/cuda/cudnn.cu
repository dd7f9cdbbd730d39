// cuDNN's functions, errors and handles.
//
// Of cuDNN 9 only the graph API is used, through its C backend: the older calls (cudnnConvolutionForward and its kin)
// are deprecated in cuDNN 9, and only the graph API tells an engine's numerical notes (nondeterministic, tensor cores,
// converted inputs) before it is chosen.
#include "cudnn.h"

#include "cudnn_graph.h"
#include "shared_library.h"

namespace sluice {
namespace {

template <typename Function>
void find(const SharedLibrary& library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(library.symbol(name));
}

CudnnFunctions open_cudnn() {
  const SharedLibrary& library =
      SharedLibrary::open({"libcudnn.so.9"}, "cuDNN 9 (pip: nvidia-cudnn-cu13 or nvidia-cudnn-cu12)");
  CudnnFunctions functions{};
  find(library, "cudnnGetVersion", functions.get_version);
  find(library, "cudnnGetErrorString", functions.get_error_string);
  find(library, "cudnnGetLastErrorString", functions.get_last_error_string);
  find(library, "cudnnCreate", functions.create);
  find(library, "cudnnDestroy", functions.destroy);
  find(library, "cudnnSetStream", functions.set_stream);
  find(library, "cudnnBackendCreateDescriptor", functions.create_descriptor);
  find(library, "cudnnBackendDestroyDescriptor", functions.destroy_descriptor);
  find(library, "cudnnBackendFinalize", functions.finalize);
  find(library, "cudnnBackendSetAttribute", functions.set_attribute);
  find(library, "cudnnBackendGetAttribute", functions.get_attribute);
  find(library, "cudnnBackendExecute", functions.execute);
  return functions;
}

std::array<int64_t, 13> key_of(const ConvProblem& problem, bool tf32) {
  const sl_conv_shape& s = problem.shape;
  return {static_cast<int64_t>(problem.direction),
          s.batch,
          s.height,
          s.width,
          s.in_channels,
          s.out_channels,
          s.kernel_height,
          s.kernel_width,
          s.stride,
          s.padding,
          s.dtype,
          problem.alignment,
          tf32 ? 1 : 0};
}

}  // namespace

const CudnnFunctions& cudnn_functions() {
  static const CudnnFunctions functions = open_cudnn();
  return functions;
}

std::string cudnn_version_text() {
  const size_t version = cudnn_functions().get_version();  // major * 10000 + minor * 100 + patch
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
         std::to_string(version % 100);
}

void check_cudnn(cudnnStatus_t status) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  const CudnnFunctions& functions = cudnn_functions();
  char detail[512] = "";
  functions.get_last_error_string(detail, sizeof detail);
  const std::string name = functions.get_error_string(status);
  throw CudnnError(status, detail[0] == '\0' ? name : name + " (" + detail + ")");
}

Cudnn::Cudnn(cudaStream_t stream) {
  const CudnnFunctions& functions = cudnn_functions();
  check_cudnn(functions.create(&handle_));
  const cudnnStatus_t status = functions.set_stream(handle_, stream);
  if (status == CUDNN_STATUS_SUCCESS) return;
  functions.destroy(handle_);
  check_cudnn(status);
}

Cudnn::~Cudnn() {
  plans_.clear();
  cudnn_functions().destroy(handle_);
}

void Cudnn::allow_tf32(bool allowed) {
  const std::lock_guard<std::mutex> lock(mutex_);
  tf32_ = allowed;
}

const ConvPlan& Cudnn::plan(const ConvProblem& problem) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto key = key_of(problem, tf32_);
  const auto found = plans_.find(key);
  if (found != plans_.end()) return *found->second;
  auto made = std::make_unique<ConvPlan>(handle_, problem, tf32_);
  return *(plans_[key] = std::move(made));
}

void Cudnn::execute(const ConvPlan& plan, const void* x, const void* weights, const void* y, void* workspace) {
  const std::lock_guard<std::mutex> lock(mutex_);
  plan.execute(handle_, x, weights, y, workspace);
}

Cudnn& cudnn_of(sl_context* context) {
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  if (context->cudnn == nullptr) context->cudnn = std::make_unique<Cudnn>(context->stream);
  return *context->cudnn;
}

}  // namespace sluice
