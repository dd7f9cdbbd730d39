// Convolutions in cuDNN's graph API: descriptors, graphs of one operation, and the choice of an engine.
#pragma once

#include <cudnn.h>

#include <initializer_list>
#include <memory>
#include <vector>

#include "../../common/conv_checks.h"
#include "cudnn.h"

namespace sluice {

// A descriptor of cuDNN's backend. Every call throws CudnnError if cuDNN refuses.
class BackendDescriptor {
 public:
  explicit BackendDescriptor(cudnnBackendDescriptorType_t type);
  ~BackendDescriptor();
  BackendDescriptor(BackendDescriptor&& other) noexcept;
  BackendDescriptor& operator=(BackendDescriptor&& other) noexcept;

  void set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t count, const void* values);
  void set(cudnnBackendAttributeName_t name, std::initializer_list<int64_t> values);
  void set(cudnnBackendAttributeName_t name, cudnnDataType_t value);
  void set(cudnnBackendAttributeName_t name, float value);
  void set(cudnnBackendAttributeName_t name, cudnnHandle_t value);
  void set(cudnnBackendAttributeName_t name, const BackendDescriptor& value);
  void finalize();

  // Writes at most `room` values to `values`, and returns the number that the attribute has.
  int64_t get(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t room, void* values) const;

  cudnnBackendDescriptor_t raw() const { return descriptor_; }

 private:
  cudnnBackendDescriptor_t descriptor_ = nullptr;
};

enum class ConvDirection : int32_t { forward, backward_data, backward_weights };

// Everything that a plan depends on.
struct ConvProblem {
  sl_conv_shape shape;
  ConvSizes sizes;
  ConvDirection direction;
  int64_t alignment;  // of each of the three tensors, in bytes
  bool tf32;          // whether f32 operands may be rounded to TF32's ten bits
  bool accumulate;    // whether the result, a gradient of data, is added to what its tensor holds
};

// The three tensors in device memory. The direction decides which one is written; the other two are read.
struct ConvOperands {
  const void* x;
  const void* weights;
  const void* y;
};

// A convolution ready to run. x [N,H,W,I], weights OHWI and y [N,H',W',O] have the shape's dtype; sums are f32.
class ConvPlan {
 public:
  // `graph` holds the problem's graph as its last descriptor.
  ConvPlan(std::shared_ptr<const std::vector<BackendDescriptor>> graph, BackendDescriptor configuration,
           BackendDescriptor plan, int64_t workspace_bytes, int64_t rank, int64_t engine);

  int64_t workspace_bytes() const { return workspace_bytes_; }

  // The place of its configuration among the problem's configurations.
  int64_t rank() const { return rank_; }

  // The number that cuDNN gives the engine of the configuration.
  int64_t engine() const { return engine_; }

  void execute(cudnnHandle_t handle, const ConvOperands& operands, void* workspace) const;

 private:
  // Kept as long as the plan: cuDNN does not document what it copies.
  std::shared_ptr<const std::vector<BackendDescriptor>> graph_;
  BackendDescriptor configuration_, plan_;
  int64_t workspace_bytes_, rank_, engine_;
};

// The configurations of engines for a problem in cuDNN's order: first those of heuristic A, then the fallbacks. The
// rank counts all of them from 0, suitable or not, so that a rank names the same configuration in every run.
//
// A configuration fits if cuDNN can plan it, if it gives the same bits every time, if it computes f32 in f32 unless the
// problem allows TF32, and if its workspace has at most `most_workspace` bytes.
class ConvCandidates {
 public:
  // Throws CudnnError.
  ConvCandidates(cudnnHandle_t handle, const ConvProblem& problem, int64_t most_workspace);

  // The plan of a rank; null if the configuration does not fit or does not exist. Ask for each rank only once.
  std::unique_ptr<ConvPlan> at(int64_t rank);

  // The plan of the first configuration that fits, from `rank` on; null if there is none.
  std::unique_ptr<ConvPlan> from(int64_t rank);

  // The reason why no configuration fits.
  const CudnnError& refusal() const { return refusal_; }

  // The configurations that were asked for and would fit if their workspace were smaller.
  const std::vector<LargeEngine>& too_large() const { return too_large_; }

 private:
  // Whether the rank exists. Asks cuDNN for more configurations if needed.
  bool reaches(int64_t rank);

  // May throw CudnnError.
  std::unique_ptr<ConvPlan> make(int64_t rank);

  cudnnHandle_t handle_;
  bool wide_, tf32_;
  int64_t most_workspace_;
  std::shared_ptr<const std::vector<BackendDescriptor>> graph_;
  std::vector<BackendDescriptor> configurations_;
  size_t asked_ = 0;  // number of heuristics asked so far
  CudnnError refusal_;
  std::vector<LargeEngine> too_large_;
};

}  // namespace sluice
