// Finalises execution plans and variant packs, and executes plans.
#include <set>

#include "../runtime.h"
#include "engines.h"
#include "handle.h"
#include "loops.h"

namespace hostcudnn {
namespace {

// cuDNN does not document that a plan copies its sources, so they must still exist.
cudnnStatus_t check_sources(const Descriptor& plan) {
  const Descriptor& configuration = plan.descriptor(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG);
  const Descriptor& graph =
      configuration.descriptor(CUDNN_ATTR_ENGINECFG_ENGINE).descriptor(CUDNN_ATTR_ENGINE_OPERATION_GRAPH);
  HOSTCUDNN_REQUIRE(live(configuration.serial), CUDNN_STATUS_BAD_PARAM);
  HOSTCUDNN_REQUIRE(live(graph.serial), CUDNN_STATUS_BAD_PARAM);
  HOSTCUDNN_REQUIRE(live(graph.descriptor(CUDNN_ATTR_OPERATIONGRAPH_OPS).serial), CUDNN_STATUS_BAD_PARAM);
  return CUDNN_STATUS_SUCCESS;
}

const Descriptor& engine_descriptor(const Descriptor& plan) {
  return plan.descriptor(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG).descriptor(CUDNN_ATTR_ENGINECFG_ENGINE);
}

// The pointer of a tensor of the graph, checked for alignment and device memory.
cudnnStatus_t pointer_of(const Descriptor& pack, const Tensor& tensor, void** pointer) {
  const auto ids = pack.all<int64_t>(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
  const auto pointers = pack.all<void*>(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS);
  const auto found = std::find(ids.begin(), ids.end(), tensor.id);
  // cudnn_graph.h, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS: "A unique identifier of tensor for each data pointer".
  HOSTCUDNN_REQUIRE(found != ids.end(), CUDNN_STATUS_BAD_PARAM);
  *pointer = pointers[static_cast<size_t>(found - ids.begin())];
  HOSTCUDNN_REQUIRE(*pointer != nullptr, CUDNN_STATUS_BAD_PARAM_NULL_POINTER);
  // cudnn_graph.h, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT: "Byte alignment of pointers for this tensor".
  HOSTCUDNN_REQUIRE(reinterpret_cast<uintptr_t>(*pointer) % static_cast<uintptr_t>(tensor.alignment) == 0,
                    CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER);
  // On a device, the kernel would fault.
  HOSTCUDNN_REQUIRE(hostcuda::on_device(*pointer, tensor.bytes()), CUDNN_STATUS_EXECUTION_FAILED);
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace

// cudnn_graph.h, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR.
cudnnStatus_t finalize_plan(Descriptor& plan) {
  HOSTCUDNN_REQUIRE(live(plan.one<cudnnHandle_t>(CUDNN_ATTR_EXECUTION_PLAN_HANDLE)), CUDNN_STATUS_BAD_PARAM);
  const Descriptor& configuration = plan.descriptor(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG);
  HOSTCUDNN_REQUIRE(configuration.kind == CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, CUDNN_STATUS_BAD_PARAM);
  HOSTCUDNN_REQUIRE(configuration.finalized, CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED);
  HOSTCUDNN_TRY(check_sources(plan));
  const Descriptor& described = engine_descriptor(plan);
  const Engine& engine = engine_of(described.one<int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX));
  HOSTCUDNN_REQUIRE(plans(engine, problem_of_graph(described.descriptor(CUDNN_ATTR_ENGINE_OPERATION_GRAPH))),
                    CUDNN_STATUS_NOT_SUPPORTED);
  plan.put(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, configuration.all<int64_t>(CUDNN_ATTR_ENGINECFG_WORKSPACE_SIZE));
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t finalize_pack(Descriptor& pack) {
  const auto ids = pack.all<int64_t>(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
  HOSTCUDNN_REQUIRE(ids.size() == pack.all<void*>(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS).size(),
                    CUDNN_STATUS_BAD_PARAM);  // seen: ptrs_count != uids_count
  HOSTCUDNN_REQUIRE(std::set<int64_t>(ids.begin(), ids.end()).size() == ids.size(), CUDNN_STATUS_BAD_PARAM);
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace hostcudnn

using namespace hostcudnn;

cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan_pointer,
                                  cudnnBackendDescriptor_t pack_pointer) {
  HOSTCUDNN_REQUIRE(handle != nullptr && plan_pointer != nullptr && pack_pointer != nullptr,
                    CUDNN_STATUS_BAD_PARAM);  // seen
  HOSTCUDNN_REQUIRE(live(handle), CUDNN_STATUS_BAD_PARAM);
  const Descriptor& plan = *static_cast<const Descriptor*>(plan_pointer);
  const Descriptor& pack = *static_cast<const Descriptor*>(pack_pointer);
  HOSTCUDNN_REQUIRE(plan.kind == CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, CUDNN_STATUS_BAD_PARAM);
  HOSTCUDNN_REQUIRE(pack.kind == CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, CUDNN_STATUS_BAD_PARAM);
  // cudnn_graph.h, cudnnBackendExecute: "Finalized execution plan", "Finalized variant pack".
  HOSTCUDNN_REQUIRE(plan.finalized && pack.finalized, CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED);
  HOSTCUDNN_TRY(check_sources(plan));
  const Descriptor& described = engine_descriptor(plan);
  const Engine& engine = engine_of(described.one<int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX));
  const Problem problem = problem_of_graph(described.descriptor(CUDNN_ATTR_ENGINE_OPERATION_GRAPH));
  Pointers pointers{};
  HOSTCUDNN_TRY(pointer_of(pack, problem.x, &pointers.x));
  HOSTCUDNN_TRY(pointer_of(pack, problem.weights, &pointers.weights));
  HOSTCUDNN_TRY(pointer_of(pack, problem.y, &pointers.y));
  const auto bytes = static_cast<size_t>(plan.one<int64_t>(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE));
  void* const workspace =
      pack.has(CUDNN_ATTR_VARIANT_PACK_WORKSPACE) ? pack.one<void*>(CUDNN_ATTR_VARIANT_PACK_WORKSPACE) : nullptr;
  // cudnn_graph.h, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE: "The size of the workspace buffer required to execute".
  HOSTCUDNN_REQUIRE(bytes == 0 || workspace != nullptr, CUDNN_STATUS_BAD_PARAM_NULL_POINTER);
  HOSTCUDNN_REQUIRE(bytes == 0 || hostcuda::on_device(workspace, bytes), CUDNN_STATUS_EXECUTION_FAILED);
  static int runs = 0;
  const double scale = engine.nondeterministic ? 1.0 + 1e-3 * (++runs % 7) : 1.0;
  const bool tf32 = engine.rounds_to_tf32;
  const auto run = [=] {
    if (bytes > 0) std::memset(workspace, 0xa5, bytes);
    convolve(problem, pointers, tf32, scale);
  };
  const cudaError_t queued = hostcuda::enqueue(handle->stream, run, engine.cost);
  HOSTCUDNN_REQUIRE(queued == cudaSuccess, CUDNN_STATUS_EXECUTION_FAILED);
  return CUDNN_STATUS_SUCCESS;
}
