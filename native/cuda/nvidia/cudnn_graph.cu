// Builds the graph of a convolution and chooses its engine.
#include "cudnn_graph.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cudnn.h"

namespace sluice {
namespace {

constexpr int64_t id_x = 1, id_weights = 2, id_y = 3;

cudnnDataType_t data_type(const sl_conv_shape& s) {
  return s.dtype == SL_BF16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
}

// A tensor of cuDNN dimensions [first, channels, height, width], with channels innermost in memory.
BackendDescriptor tensor(const ConvProblem& problem, int64_t id, int64_t first, int64_t channels, int64_t height,
                         int64_t width) {
  BackendDescriptor made(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  made.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, {id});
  made.set(CUDNN_ATTR_TENSOR_DATA_TYPE, data_type(problem.shape));
  made.set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, {problem.alignment});
  made.set(CUDNN_ATTR_TENSOR_DIMENSIONS, {first, channels, height, width});
  made.set(CUDNN_ATTR_TENSOR_STRIDES, {height * width * channels, 1, width * channels, channels});
  made.finalize();
  return made;
}

BackendDescriptor convolution(const sl_conv_shape& s) {
  BackendDescriptor made(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  // Cross-correlation: a convolution in the mathematical sense would mirror the kernel.
  const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
  made.set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
  made.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT);
  made.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, {2});
  made.set(CUDNN_ATTR_CONVOLUTION_DILATIONS, {1, 1});
  made.set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, {s.stride, s.stride});
  made.set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, {s.padding, s.padding});
  made.set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, {s.padding, s.padding});
  made.finalize();
  return made;
}

// cuDNN's names for a direction of the convolution.
struct OperationNames {
  cudnnBackendDescriptorType_t type;
  cudnnBackendAttributeName_t x, weights, y, convolution, alpha, beta;
};

OperationNames names_of(ConvDirection direction) {
  switch (direction) {
    case ConvDirection::forward:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
    case ConvDirection::backward_data:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
    default:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
  }
}

// The descriptors of the problem's graph: the graph comes last, after the descriptors that it is made from.
std::vector<BackendDescriptor> graph(cudnnHandle_t handle, const ConvProblem& problem) {
  const sl_conv_shape& s = problem.shape;
  const OperationNames names = names_of(problem.direction);
  std::vector<BackendDescriptor> made;
  made.push_back(tensor(problem, id_x, s.batch, s.in_channels, s.height, s.width));
  made.push_back(tensor(problem, id_weights, s.out_channels, s.in_channels, s.kernel_height, s.kernel_width));
  made.push_back(tensor(problem, id_y, s.batch, s.out_channels, problem.sizes.out_height, problem.sizes.out_width));
  made.push_back(convolution(s));
  BackendDescriptor operation(names.type);
  operation.set(names.x, made[0]);
  operation.set(names.weights, made[1]);
  operation.set(names.y, made[2]);
  operation.set(names.convolution, made[3]);
  operation.set(names.alpha, 1.0f);
  operation.set(names.beta, problem.accumulate ? 1.0f : 0.0f);
  operation.finalize();
  BackendDescriptor result(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  result.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, handle);
  result.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operation);
  result.finalize();
  made.push_back(std::move(operation));
  made.push_back(std::move(result));
  return made;
}

// Configurations of engines for the graph, in cuDNN's order of preference.
std::vector<BackendDescriptor> ranked(const BackendDescriptor& graph, cudnnBackendHeurMode_t mode) {
  BackendDescriptor heuristic(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  heuristic.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
  heuristic.set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
  heuristic.finalize();
  const int64_t room = heuristic.get(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, nullptr);
  std::vector<BackendDescriptor> configurations;
  std::vector<cudnnBackendDescriptor_t> raw;
  for (int64_t i = 0; i < room; ++i) {
    configurations.emplace_back(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
    raw.push_back(configurations.back().raw());
  }
  if (room == 0) return configurations;
  // Often fewer than announced: cuDNN drops the engines that cannot do it.
  const int64_t count = heuristic.get(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, room, raw.data());
  while (static_cast<int64_t>(configurations.size()) > count) configurations.pop_back();
  return configurations;
}

BackendDescriptor engine_of(const BackendDescriptor& configuration) {
  BackendDescriptor engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  cudnnBackendDescriptor_t raw = engine.raw();
  configuration.get(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &raw);
  return engine;
}

// Whether an engine's numerical notes agree with the promises of the library.
bool keeps_promises(const BackendDescriptor& engine, bool wide, bool tf32) {
  std::array<cudnnBackendNumericalNote_t, CUDNN_NUMERICAL_NOTE_TYPE_COUNT> notes{};
  const int64_t count = engine.get(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE,
                                   static_cast<int64_t>(notes.size()), notes.data());
  for (int64_t i = 0; i < std::min<int64_t>(count, notes.size()); ++i) {
    switch (notes[static_cast<size_t>(i)]) {
      case CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC:
      case CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION:
      case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6:  // the sums of these tiles cost f32 more than three bits
      case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13: return false;
      // With f32 operands, tensor cores compute in TF32; other conversions may even reduce the range.
      case CUDNN_NUMERICAL_NOTE_TENSOR_CORE:
        if (wide && !tf32) return false;
        break;
      case CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS:
        if (wide) return false;
        break;
      default: break;
    }
  }
  return true;
}

}  // namespace

BackendDescriptor::BackendDescriptor(cudnnBackendDescriptorType_t type) {
  check_cudnn(cudnn_functions().create_descriptor(type, &descriptor_));
}

BackendDescriptor::~BackendDescriptor() {
  if (descriptor_ != nullptr) cudnn_functions().destroy_descriptor(descriptor_);
}

BackendDescriptor::BackendDescriptor(BackendDescriptor&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, nullptr)) {}

BackendDescriptor& BackendDescriptor::operator=(BackendDescriptor&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

void BackendDescriptor::set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t count,
                            const void* values) {
  check_cudnn(cudnn_functions().set_attribute(descriptor_, name, type, count, values));
}

void BackendDescriptor::set(cudnnBackendAttributeName_t name, std::initializer_list<int64_t> values) {
  set(name, CUDNN_TYPE_INT64, static_cast<int64_t>(values.size()), values.begin());
}

void BackendDescriptor::set(cudnnBackendAttributeName_t name, cudnnDataType_t value) {
  set(name, CUDNN_TYPE_DATA_TYPE, 1, &value);
}

void BackendDescriptor::set(cudnnBackendAttributeName_t name, float value) { set(name, CUDNN_TYPE_FLOAT, 1, &value); }

void BackendDescriptor::set(cudnnBackendAttributeName_t name, cudnnHandle_t value) {
  set(name, CUDNN_TYPE_HANDLE, 1, &value);
}

void BackendDescriptor::set(cudnnBackendAttributeName_t name, const BackendDescriptor& value) {
  set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value.descriptor_);
}

void BackendDescriptor::finalize() { check_cudnn(cudnn_functions().finalize(descriptor_)); }

int64_t BackendDescriptor::get(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t room,
                               void* values) const {
  int64_t count = 0;
  check_cudnn(cudnn_functions().get_attribute(descriptor_, name, type, room, &count, values));
  return count;
}

ConvPlan::ConvPlan(std::shared_ptr<const std::vector<BackendDescriptor>> graph, BackendDescriptor configuration,
                   BackendDescriptor plan, int64_t workspace_bytes, int64_t rank, int64_t engine)
    : graph_(std::move(graph)),
      configuration_(std::move(configuration)),
      plan_(std::move(plan)),
      workspace_bytes_(workspace_bytes),
      rank_(rank),
      engine_(engine) {}

void ConvPlan::execute(cudnnHandle_t handle, const ConvOperands& operands, void* workspace) const {
  const std::array<void*, 3> pointers{const_cast<void*>(operands.x), const_cast<void*>(operands.weights),
                                      const_cast<void*>(operands.y)};
  BackendDescriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, {id_x, id_weights, id_y});
  pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, 3, pointers.data());
  pack.set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace);
  pack.finalize();
  check_cudnn(cudnn_functions().execute(handle, plan_.raw(), pack.raw()));
}

ConvCandidates::ConvCandidates(cudnnHandle_t handle, const ConvProblem& problem, int64_t most_workspace)
    : handle_(handle),
      wide_(problem.shape.dtype == SL_F32),
      tf32_(problem.tf32),
      most_workspace_(most_workspace),
      graph_(std::make_shared<const std::vector<BackendDescriptor>>(graph(handle, problem))),
      refusal_(CUDNN_STATUS_NOT_SUPPORTED,
               "no engine gives the same bits every time, with sums of f32, in a workspace of " +
                   std::to_string(most_workspace >> 20) + " MiB") {}

std::unique_ptr<ConvPlan> ConvCandidates::at(int64_t rank) {
  if (!reaches(rank)) return nullptr;
  try {
    return make(rank);
  } catch (const CudnnError& error) {
    if (!error.unsupported()) refusal_ = error;
    return nullptr;
  }
}

std::unique_ptr<ConvPlan> ConvCandidates::from(int64_t rank) {
  for (; reaches(rank); ++rank) {
    if (std::unique_ptr<ConvPlan> made = at(rank)) return made;
  }
  return nullptr;
}

bool ConvCandidates::reaches(int64_t rank) {
  constexpr std::array<cudnnBackendHeurMode_t, 2> heuristics{CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK};
  while (rank >= static_cast<int64_t>(configurations_.size()) && asked_ < heuristics.size()) {
    try {
      for (BackendDescriptor& more : ranked(graph_->back(), heuristics[asked_++])) {
        configurations_.push_back(std::move(more));
      }
    } catch (const CudnnError& error) {  // the next heuristic may work
      if (!error.unsupported()) refusal_ = error;
    }
  }
  return rank < static_cast<int64_t>(configurations_.size());
}

std::unique_ptr<ConvPlan> ConvCandidates::make(int64_t rank) {
  BackendDescriptor& configuration = configurations_[static_cast<size_t>(rank)];
  const BackendDescriptor engine = engine_of(configuration);
  if (!keeps_promises(engine, wide_, tf32_)) return nullptr;
  BackendDescriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
  plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, handle_);
  plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration);
  plan.finalize();
  int64_t bytes = 0;
  plan.get(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, &bytes);
  if (bytes > most_workspace_) {
    too_large_.push_back({rank, bytes});
    return nullptr;
  }
  int64_t number = 0;
  engine.get(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &number);
  return std::make_unique<ConvPlan>(graph_, std::move(configuration), std::move(plan), bytes, rank, number);
}

}  // namespace sluice
