// Backend descriptors of the stand-in for cuDNN: a kind with its attributes.
//
// In comments, "cudnn_graph.h" is the documentation in NVIDIA's header of cuDNN 9.28, and "seen" is the answer of cuDNN
// 9.28.1 to the same call. These calls need no device: descriptors work without one, and heuristics accept a
// CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR that describes one.
#pragma once

#include <cudnn.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "status.h"

namespace hostcudnn {

struct Descriptor;

struct Value {
  int64_t count = 0;
  std::string bytes;                                           // plain values,
  std::vector<std::shared_ptr<const Descriptor>> descriptors;  // or copies of descriptors, made when they were set
};

struct Descriptor {
  cudnnBackendDescriptorType_t kind{};
  uint64_t serial = 0;  // the same in copies
  bool finalized = false;
  std::map<cudnnBackendAttributeName_t, Value> values;

  bool has(cudnnBackendAttributeName_t name) const { return values.count(name) == 1; }

  // All values of an attribute, which must be set.
  template <typename T>
  std::vector<T> all(cudnnBackendAttributeName_t name) const {
    const Value& value = values.at(name);
    std::vector<T> result(value.bytes.size() / sizeof(T));
    std::memcpy(result.data(), value.bytes.data(), result.size() * sizeof(T));
    return result;
  }
  template <typename T>
  T one(cudnnBackendAttributeName_t name) const {
    return all<T>(name).at(0);
  }
  const Descriptor& descriptor(cudnnBackendAttributeName_t name) const { return *values.at(name).descriptors.at(0); }

  template <typename T>
  void put(cudnnBackendAttributeName_t name, const std::vector<T>& plain) {
    Value value;
    value.count = static_cast<int64_t>(plain.size());
    value.bytes.assign(reinterpret_cast<const char*>(plain.data()), plain.size() * sizeof(T));
    values[name] = std::move(value);
  }
  void put(cudnnBackendAttributeName_t name, std::vector<std::shared_ptr<const Descriptor>> descriptors) {
    Value value;
    value.count = static_cast<int64_t>(descriptors.size());
    value.descriptors = std::move(descriptors);
    values[name] = std::move(value);
  }
};

// A new number for a descriptor.
uint64_t next_serial();
// Whether the descriptor with this number still exists.
bool live(uint64_t serial);

// An attribute of one kind of descriptor, after its documentation in cudnn_graph.h.
struct Attribute {
  enum Access { required, optional, read_only };
  cudnnBackendDescriptorType_t kind;
  cudnnBackendAttributeName_t name;
  cudnnBackendAttributeType_t type;
  int64_t fewest, most;  // elements
  Access access;
};
const std::vector<Attribute>& attributes();
const Attribute* find_attribute(cudnnBackendDescriptorType_t kind, cudnnBackendAttributeName_t name);

// Bytes of an element; 0 for a type that the stand-in does not use.
size_t element_bytes(cudnnBackendAttributeType_t type);

// Checks of cudnnBackendFinalize for each kind, apart from missing attributes.
cudnnStatus_t finalize_tensor(Descriptor& tensor);
cudnnStatus_t finalize_convolution(Descriptor& convolution);
cudnnStatus_t finalize_operation(Descriptor& operation);
cudnnStatus_t finalize_graph(Descriptor& graph);
cudnnStatus_t finalize_heuristic(Descriptor& heuristic);
cudnnStatus_t finalize_plan(Descriptor& plan);
cudnnStatus_t finalize_pack(Descriptor& pack);

}  // namespace hostcudnn
