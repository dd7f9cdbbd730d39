// Convolutions in cuDNN's graph API: descriptors, graphs of one operation, and the choice of an engine.
#pragma once

#include <cudnn.h>

#include <initializer_list>
#include <memory>
#include <vector>

#include "../../common/conv_checks.h"
#include "cudnn.h"

namespace sluice {

// One descriptor of cuDNN's backend. Every call throws CudnnError where cuDNN refuses.
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

  // At most `room` values into `values`; how many the attribute has.
  int64_t get(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t room, void* values) const;

  cudnnBackendDescriptor_t raw() const { return descriptor_; }

 private:
  cudnnBackendDescriptor_t descriptor_ = nullptr;
};

enum class ConvDirection : int32_t { forward, backward_data, backward_weights };

// What a plan depends on.
struct ConvProblem {
  sl_conv_shape shape;
  ConvSizes sizes;
  ConvDirection direction;
  int64_t alignment;  // of all three tensors, in bytes
  bool tf32;          // whether f32 operands may be rounded to TF32's ten bits
};

// Device memory. Of the three tensors, the direction's result is written and the others are read.
struct ConvOperands {
  const void* x;
  const void* weights;
  const void* y;
};

// A convolution ready to run: x [N,H,W,I], weights OHWI and y [N,H',W',O] are all of the shape's dtype, the sums f32.
class ConvPlan {
 public:
  // The graph is that of the problem, as its last descriptor.
  ConvPlan(std::shared_ptr<const std::vector<BackendDescriptor>> graph, BackendDescriptor configuration,
           BackendDescriptor plan, int64_t workspace_bytes, int64_t rank);

  int64_t workspace_bytes() const { return workspace_bytes_; }

  // The place of its configuration among those of the problem.
  int64_t rank() const { return rank_; }

  void execute(cudnnHandle_t handle, const ConvOperands& operands, void* workspace) const;

 private:
  // What the plan was made from lives as long as the plan: cuDNN does not say what it copies.
  std::shared_ptr<const std::vector<BackendDescriptor>> graph_;
  BackendDescriptor configuration_, plan_;
  int64_t workspace_bytes_, rank_;
};

// The configurations of engines for a problem in cuDNN's own order, heuristic A's before the fallbacks. Each has a
// rank, counted from 0 over all of them, whether they fit or not, so that it names the same one on every run.
//
// Those that fit can be planned, give the same bits every time, keep f32 to f32 unless the problem allows TF32, and work in less than a
// bounded workspace.
class ConvCandidates {
 public:
  // Throws CudnnError.
  ConvCandidates(cudnnHandle_t handle, const ConvProblem& problem);

  // The plan of one rank, null where there is none that fits. Of each rank one plan is made.
  std::unique_ptr<ConvPlan> at(int64_t rank);

  // The plan of the first rank that fits, from `rank` on; null where there is none.
  std::unique_ptr<ConvPlan> from(int64_t rank);

  // Why there is none.
  const CudnnError& refusal() const { return refusal_; }

 private:
  // Whether there is such a configuration; asks cuDNN for more where need be.
  bool reaches(int64_t rank);

  // May throw CudnnError.
  std::unique_ptr<ConvPlan> make(int64_t rank);

  cudnnHandle_t handle_;
  bool wide_, tf32_;
  std::shared_ptr<const std::vector<BackendDescriptor>> graph_;
  std::vector<BackendDescriptor> configurations_;
  size_t asked_ = 0;  // heuristics
  CudnnError refusal_;
};

}  // namespace sluice
