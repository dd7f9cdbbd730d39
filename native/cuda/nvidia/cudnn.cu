// cuDNN's functions, errors and handles.
//
// Uses only the graph API of cuDNN 9, through its C backend. The older calls (cudnnConvolutionForward and similar) are
// deprecated, and only the graph API tells an engine's numerical notes (nondeterministic, tensor cores, converted
// inputs) before the choice.
#include "cudnn.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "cudnn_graph.h"
#include "libraries.h"

namespace sluice {
namespace {

template <typename Function>
void find(const SharedLibrary& library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(library.symbol(name));
}

// cuDNN is made for one major version of CUDA, whose cuBLASLt and NVRTC it opens.
void check_cuda_major(const CudnnFunctions& functions, const std::string& path) {
  const size_t major = functions.get_cudart_version() / 1000;
  if (major == built_cuda_major) return;
  const std::string wanted = std::to_string(built_cuda_major);
  throw std::runtime_error(path + " is cuDNN " + version_text(functions.get_version()) + " for CUDA " +
                           std::to_string(major) + ", but this library was built for CUDA " + wanted +
                           ": install nvidia-cudnn-cu" + wanted + ", or name its folder in SLUICE_CUDA_LIBS");
}

CudnnFunctions open_cudnn() {
  const SharedLibrary& library = cudnn_library();
  CudnnFunctions functions{};
  find(library, "cudnnGetVersion", functions.get_version);
  find(library, "cudnnGetCudartVersion", functions.get_cudart_version);
  check_cuda_major(functions, library.path());
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

ConvKey key_of(const ConvProblem& problem) {
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
          problem.tf32 ? 1 : 0,
          problem.accumulate ? 1 : 0};
}

std::string stored_refusal(const ConvChoice& choice, const CudnnError& refusal) {
  return "line " + std::to_string(choice.line) + " of the stored plans names engine " + std::to_string(choice.rank) +
         ", which cannot be used here (" + refusal.what() + "): measure again with --autotune in a new run";
}

// Describes a chosen engine, and those that were left out.
std::string remarks_on(const ConvPlan& plan, const ConvCandidates& candidates, int64_t most_workspace) {
  std::string lines = "# cuDNN's engine " + std::to_string(plan.engine()) + " with " +
                      std::to_string(plan.workspace_bytes()) + " bytes of workspace\n";
  for (const LargeEngine& engine : candidates.too_large()) {
    lines += "# left out: rank " + std::to_string(engine.rank) + " needs " + std::to_string(engine.bytes) +
             " bytes of workspace, more than " + std::to_string(most_workspace) + "\n";
  }
  return lines;
}

// The effort of measuring: the fastest engine is among the first of the heuristics, and three runs of a convolution in
// a row differ little from the next three.
constexpr int measured_engines = 6;
constexpr int measured_runs = 3;

// Engines that need more workspace than this share of the device's memory are left out: 1.25 GiB of 80 GiB. cuDNN's
// first choices need a few MiB at the sizes of the paper.
constexpr int64_t workspace_share = 64;
constexpr int64_t least_workspace_bound = int64_t{256} << 20;

void check_cuda(cudaError_t error) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // clears the error: the caller reports it
  throw std::runtime_error(std::string("CUDA: ") + cudaGetErrorString(error));
}

// A CUDA event that records the time.
class TimedEvent {
 public:
  TimedEvent() { check_cuda(cudaEventCreateWithFlags(&event_, 0)); }
  ~TimedEvent() { cudaEventDestroy(event_); }
  TimedEvent(const TimedEvent&) = delete;
  TimedEvent& operator=(const TimedEvent&) = delete;
  operator cudaEvent_t() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

// The milliseconds that `run` takes after a first run, which warms it up. Waits for the stream.
template <typename Run>
float measure(cudaStream_t stream, const Run& run) {
  const TimedEvent begin, end;
  run();
  check_cuda(cudaEventRecord(begin, stream));
  for (int i = 0; i < measured_runs; ++i) run();
  check_cuda(cudaEventRecord(end, stream));
  check_cuda(cudaEventSynchronize(end));
  float milliseconds = 0.0f;
  check_cuda(cudaEventElapsedTime(&milliseconds, begin, end));
  return milliseconds;
}

}  // namespace

const CudnnFunctions& cudnn_functions() {
  static const CudnnFunctions functions = open_cudnn();
  return functions;
}

std::string cudnn_version_text() { return version_text(cudnn_functions().get_version()); }

void check_cudnn(cudnnStatus_t status) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  const CudnnFunctions& functions = cudnn_functions();
  char detail[512] = "";
  functions.get_last_error_string(detail, sizeof detail);
  const std::string name = functions.get_error_string(status);
  std::string sentence = detail[0] == '\0' ? name : name + " (" + detail + ")";
  // cuDNN asks the loader for a part that its own folder lacks, and gets one of another release.
  if (status == CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH) {
    sentence += "; cuDNN's parts come from " + joined(open_folders("libcudnn"), " and ") +
                ": name a folder that has them all in SLUICE_CUDA_LIBS";
  }
  throw CudnnError(status, sentence);
}

Cudnn::Cudnn(cudaStream_t stream, Allocator& allocator, int64_t most_workspace)
    : stream_(stream), allocator_(allocator), most_workspace_(most_workspace) {
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

void Cudnn::autotune(bool measure) {
  const std::lock_guard<std::mutex> lock(mutex_);
  autotune_ = measure;
}

ConvChoices Cudnn::choices() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return choices_;
}

void Cudnn::take_choices(const ConvChoices& choices) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ConvChoices all = choices_;
  for (const auto& [key, choice] : choices) {
    if (plans_.count(key) == 0) all[key] = choice;
  }
  choices_.swap(all);
}

const ConvPlan* Cudnn::plan(const ConvProblem& problem, const ConvOperands& operands) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const ConvKey key = key_of(problem);
  const auto found = plans_.find(key);
  if (found != plans_.end()) return found->second.get();
  std::unique_ptr<ConvPlan> made;
  try {
    made = make(key, problem, operands);
  } catch (const CudnnError& error) {
    if (!problem.accumulate || !error.unsupported()) throw;
  }
  return (plans_[key] = std::move(made)).get();
}

std::unique_ptr<ConvPlan> Cudnn::make(const ConvKey& key, const ConvProblem& problem, const ConvOperands& operands) {
  ConvCandidates candidates(handle_, problem, most_workspace_);
  const auto taken = choices_.find(key);
  std::unique_ptr<ConvPlan> made;
  if (taken != choices_.end()) {
    made = candidates.at(taken->second.rank);
    if (made == nullptr && !candidates.refusal().unsupported()) throw candidates.refusal();
    if (made == nullptr) throw std::runtime_error(stored_refusal(taken->second, candidates.refusal()));
  } else if (autotune_) {
    made = fastest(candidates, problem, operands);
  }
  if (made == nullptr) made = candidates.from(0);
  if (made == nullptr) throw candidates.refusal();
  if (taken == choices_.end()) choices_[key] = {made->rank(), 0, remarks_on(*made, candidates, most_workspace_)};
  return made;
}

// Null if no engine fits.
std::unique_ptr<ConvPlan> Cudnn::fastest(ConvCandidates& candidates, const ConvProblem& problem,
                                         ConvOperands operands) {
  // Every run of a measurement adds to the result, so it gets a result of its own. Only gradients of data are added.
  const int64_t result_bytes = problem.accumulate ? problem.sizes.x * element_bytes(problem.shape.dtype) : 0;
  const Scratch result(allocator_, result_bytes);
  if (result_bytes > 0 && !result) {
    throw CudnnError(CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED,
                     "no room for " + std::to_string(result_bytes) + " bytes to measure on");
  }
  if (problem.accumulate) operands.x = result.get();
  std::unique_ptr<ConvPlan> best;
  float least = std::numeric_limits<float>::infinity();
  std::optional<CudnnError> failure;
  int64_t rank = 0;
  for (int i = 0; i < measured_engines; ++i) {
    std::unique_ptr<ConvPlan> plan = candidates.from(rank);
    if (plan == nullptr) break;
    rank = plan->rank() + 1;
    const int64_t bytes = plan->workspace_bytes();
    const Scratch workspace(allocator_, bytes);
    if (bytes > 0 && !workspace) {
      failure.emplace(CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED,
                      "no room for " + std::to_string(bytes) + " bytes of workspace");
      continue;
    }
    try {
      const float time = measure(stream_, [&] { plan->execute(handle_, operands, workspace.get()); });
      if (time < least) {  // ties go to the first engine
        least = time;
        best = std::move(plan);
      }
    } catch (const CudnnError& error) {
      cudaStreamSynchronize(stream_);  // earlier runs still use their plan
      cudaGetLastError();              // clears the error: another engine may work
      failure = error;
    }
  }
  if (best == nullptr && failure) throw *failure;
  return best;
}

void Cudnn::execute(const ConvPlan& plan, const ConvOperands& operands, void* workspace) {
  const std::lock_guard<std::mutex> lock(mutex_);
  plan.execute(handle_, operands, workspace);
}

Cudnn& cudnn_of(sl_context* context) {
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  if (context->cudnn == nullptr) {
    size_t free_bytes = 0, total = 0;
    check_cuda(cudaMemGetInfo(&free_bytes, &total));
    const int64_t most_workspace = std::max(least_workspace_bound, static_cast<int64_t>(total) / workspace_share);
    context->cudnn = std::make_unique<Cudnn>(context->stream, context->allocator, most_workspace);
  }
  return *context->cudnn;
}

}  // namespace sluice
