// Creates, fills, finalises and reads backend descriptors.
#include "descriptor.h"

#include <mutex>
#include <set>

#include "handle.h"

namespace hostcudnn {
namespace {

std::mutex& lock() {
  static std::mutex mutex;
  return mutex;
}
using Locked = std::lock_guard<std::mutex>;

std::map<uint64_t, Descriptor*>& registry() {
  static std::map<uint64_t, Descriptor*> all;
  return all;
}

// The stand-in looks up every pointer; the real library would follow any pointer.
Descriptor* find(cudnnBackendDescriptor_t pointer) {
  const Locked locked(lock());
  for (const auto& entry : registry()) {
    if (entry.second == pointer) return entry.second;
  }
  return nullptr;
}

// Stores copies: the real operations were seen to keep tensors as they were when set, even if they are finalised or
// destroyed later.
cudnnStatus_t set_descriptors(Descriptor& descriptor, const Attribute& attribute, int64_t count, const void* values) {
  std::vector<std::shared_ptr<const Descriptor>> copies;
  for (int64_t i = 0; i < count; ++i) {
    const Descriptor* const value = find(static_cast<const cudnnBackendDescriptor_t*>(values)[i]);
    HOSTCUDNN_REQUIRE(value != nullptr, CUDNN_STATUS_BAD_PARAM);
    // Seen: an operation must be finalised when it is set, any other descriptor when its owner is finalised.
    HOSTCUDNN_REQUIRE(attribute.name != CUDNN_ATTR_OPERATIONGRAPH_OPS || value->finalized,
                      CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED);
    copies.push_back(std::make_shared<Descriptor>(*value));
  }
  descriptor.put(attribute.name, std::move(copies));
  return CUDNN_STATUS_SUCCESS;
}

// Copies into descriptors that the caller has created (seen; the copies are finalised).
cudnnStatus_t get_descriptors(const Value& value, int64_t count, void* values) {
  for (int64_t i = 0; i < count; ++i) {
    Descriptor* const target = find(static_cast<cudnnBackendDescriptor_t*>(values)[i]);
    HOSTCUDNN_REQUIRE(target != nullptr, CUDNN_STATUS_BAD_PARAM_NULL_POINTER);
    const Descriptor& source = *value.descriptors[static_cast<size_t>(i)];
    HOSTCUDNN_REQUIRE(target->kind == source.kind && !target->finalized, CUDNN_STATUS_BAD_PARAM);
    const uint64_t serial = target->serial;
    *target = source;
    target->serial = serial;
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t check_kind(Descriptor& descriptor) {
  switch (descriptor.kind) {
    case CUDNN_BACKEND_TENSOR_DESCRIPTOR: return finalize_tensor(descriptor);
    case CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR: return finalize_convolution(descriptor);
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR:
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR:
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR: return finalize_operation(descriptor);
    case CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR: return finalize_graph(descriptor);
    case CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR: return finalize_heuristic(descriptor);
    case CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR: return finalize_plan(descriptor);
    case CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR: return finalize_pack(descriptor);
    // In the stand-in, engines and their configurations come only from heuristics.
    default: return refuse(CUDNN_STATUS_NOT_SUPPORTED, "the stand-in gets engines only from heuristics");
  }
}

}  // namespace

uint64_t next_serial() {
  static uint64_t serial = 0;
  const Locked locked(lock());
  return ++serial;
}

bool live(uint64_t serial) {
  const Locked locked(lock());
  return registry().count(serial) == 1;
}

}  // namespace hostcudnn

using namespace hostcudnn;

cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t kind, cudnnBackendDescriptor_t* result) {
  HOSTCUDNN_REQUIRE(result != nullptr, CUDNN_STATUS_BAD_PARAM_NULL_POINTER);
  bool known = false;
  for (const Attribute& attribute : attributes()) known |= attribute.kind == kind;
  // cudnn_graph.h, cudnnBackendCreateDescriptor: NOT_SUPPORTED for an unknown kind.
  HOSTCUDNN_REQUIRE(known, CUDNN_STATUS_NOT_SUPPORTED);
  auto* const made = new Descriptor;
  made->kind = kind;
  made->serial = next_serial();
  const Locked locked(lock());
  registry()[made->serial] = made;
  *result = made;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t pointer) {
  Descriptor* const descriptor = find(pointer);
  HOSTCUDNN_REQUIRE(descriptor != nullptr, CUDNN_STATUS_BAD_PARAM_NULL_POINTER);  // seen
  const Locked locked(lock());
  registry().erase(descriptor->serial);
  delete descriptor;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t pointer, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t count, const void* values) {
  Descriptor* const descriptor = find(pointer);
  HOSTCUDNN_REQUIRE(descriptor != nullptr, CUDNN_STATUS_BAD_PARAM_NULL_POINTER);  // seen
  // cudnn_graph.h, cudnnBackendFinalize: "After finalization, attributes become read-only". Seen: BAD_PARAM.
  HOSTCUDNN_REQUIRE(!descriptor->finalized, CUDNN_STATUS_BAD_PARAM);
  const Attribute* const attribute = find_attribute(descriptor->kind, name);
  HOSTCUDNN_REQUIRE(attribute != nullptr, CUDNN_STATUS_BAD_PARAM);                           // seen for another kind's
  HOSTCUDNN_REQUIRE(attribute->access != Attribute::read_only, CUDNN_STATUS_NOT_SUPPORTED);  // seen for a workspace
  HOSTCUDNN_REQUIRE(attribute->type == type, CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE);         // seen
  HOSTCUDNN_REQUIRE(count >= attribute->fewest && count <= attribute->most, CUDNN_STATUS_BAD_PARAM);  // seen
  HOSTCUDNN_REQUIRE(values != nullptr || count == 0, CUDNN_STATUS_BAD_PARAM);                         // seen
  if (type == CUDNN_TYPE_BACKEND_DESCRIPTOR) return set_descriptors(*descriptor, *attribute, count, values);
  if (type == CUDNN_TYPE_HANDLE) {
    const cudnnHandle_t handle = *static_cast<const cudnnHandle_t*>(values);
    HOSTCUDNN_REQUIRE(handle != nullptr, CUDNN_STATUS_BAD_PARAM_NULL_POINTER);  // seen
  }
  Value value;
  value.count = count;
  value.bytes.assign(static_cast<const char*>(values), static_cast<size_t>(count) * element_bytes(type));
  descriptor->values[name] = std::move(value);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t pointer) {
  Descriptor* const descriptor = find(pointer);
  HOSTCUDNN_REQUIRE(descriptor != nullptr, CUDNN_STATUS_BAD_PARAM_NULL_POINTER);  // seen
  HOSTCUDNN_REQUIRE(!descriptor->finalized, CUDNN_STATUS_BAD_PARAM);              // seen
  for (const Attribute& attribute : attributes()) {
    if (attribute.kind != descriptor->kind || attribute.access != Attribute::required) continue;
    // cudnn_graph.h: "Required attribute". cuDNN was seen to have defaults for some of them; the stand-in requires all.
    if (!descriptor->has(attribute.name)) {
      return refuse(CUDNN_STATUS_BAD_PARAM, "attribute " + std::to_string(attribute.name) + " is not set");
    }
  }
  HOSTCUDNN_TRY(check_kind(*descriptor));
  descriptor->finalized = true;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t pointer, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t room, int64_t* count, void* values) {
  Descriptor* const descriptor = find(pointer);
  HOSTCUDNN_REQUIRE(descriptor != nullptr, CUDNN_STATUS_BAD_PARAM_NULL_POINTER);
  HOSTCUDNN_REQUIRE(descriptor->finalized, CUDNN_STATUS_NOT_INITIALIZED);  // seen
  const Attribute* const attribute = find_attribute(descriptor->kind, name);
  HOSTCUDNN_REQUIRE(attribute != nullptr, CUDNN_STATUS_BAD_PARAM);
  HOSTCUDNN_REQUIRE(attribute->type == type, CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE);
  HOSTCUDNN_REQUIRE(room >= 0 && (room == 0 || values != nullptr), CUDNN_STATUS_BAD_PARAM);
  const Value& value = descriptor->values.at(name);
  // Seen: a call that only counts the results of heuristics returns more results than there are.
  const bool announced = name == CUDNN_ATTR_ENGINEHEUR_RESULTS && room == 0;
  if (count != nullptr) *count = value.count + (announced ? 2 : 0);
  const int64_t given = std::min(room, value.count);
  if (type == CUDNN_TYPE_BACKEND_DESCRIPTOR) return get_descriptors(value, given, values);
  if (given > 0) std::memcpy(values, value.bytes.data(), static_cast<size_t>(given) * element_bytes(type));
  return CUDNN_STATUS_SUCCESS;
}
