// Convolutions in cuDNN's graph API: descriptors, graphs of one operation, and the choice of an engine.
#pragma once

#include <cudnn.h>

#include <initializer_list>
#include <optional>
#include <vector>

#include "../common/conv_shape.h"

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

// What a plan depends on, besides what Cudnn allows.
struct ConvProblem {
  sl_conv_shape shape;
  ConvSizes sizes;
  ConvDirection direction;
  int64_t alignment;  // of all three tensors, in bytes
};

// A convolution ready to run: x [N,H,W,I], weights OHWI and y [N,H',W',O] are all of the shape's dtype, the sums f32.
class ConvPlan {
 public:
  // Takes the first engine of cuDNN's own order (heuristic A, then the fallbacks) that can be planned, gives the same
  // bits every time, keeps f32 to f32 unless `tf32`, and works in less than a bounded workspace. Nothing is measured:
  // the same shape has the same plan on every run. Throws CudnnError, unsupported where there is no such engine.
  ConvPlan(cudnnHandle_t handle, const ConvProblem& problem, bool tf32);

  int64_t workspace_bytes() const { return workspace_bytes_; }

  // Of the three tensors, the direction's result is written and the others are read.
  void execute(cudnnHandle_t handle, const void* x, const void* weights, const void* y, void* workspace) const;

 private:
  // Makes the plan of one configuration; false where it wants too much workspace.
  bool take(cudnnHandle_t handle, BackendDescriptor& configuration);

  // What the plan was made from lives as long as the plan: cuDNN does not say what it copies.
  std::vector<BackendDescriptor> sources_;
  std::optional<BackendDescriptor> plan_;
  int64_t workspace_bytes_ = 0;
};

}  // namespace sluice
