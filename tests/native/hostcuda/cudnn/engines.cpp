// Engines in the order in which heuristics offer them, like cuDNN 9.28.1 for an H100: engines on tensor cores first,
// and some nondeterministic engines among the others.
#include "engines.h"

namespace hostcudnn {
namespace {

// cuDNN's numbers of engines, except for the greedy engine, which cuDNN does not have.
constexpr int64_t plain = 0, precomputed = 1, atomic = 20, greedy = 41, tensor_core = 67;

// sluice promises the same bits every time, f32 sums and a bounded workspace. The first engines break these promises,
// so that a test notices a missing filter.
std::vector<int64_t> ranked(const Problem& problem, cudnnBackendHeurMode_t mode) {
  // Seen: there is no engine for a single convolution if the types of operands and result differ, on any architecture,
  // or if the compute type is not float.
  const bool same = problem.x.type == problem.weights.type && problem.x.type == problem.y.type;
  if (!same || problem.compute != CUDNN_DATA_FLOAT) return {};
  if (mode == CUDNN_HEUR_MODE_FALLBACK) return {precomputed, atomic, plain};
  if (problem.direction == Direction::backward_weights) return {atomic, greedy, tensor_core, precomputed};
  return {greedy, tensor_core, atomic, precomputed};
}

std::shared_ptr<const Descriptor> configuration(const std::shared_ptr<const Descriptor>& graph, const Engine& engine) {
  auto described = std::make_shared<Descriptor>();
  described->kind = CUDNN_BACKEND_ENGINE_DESCRIPTOR;
  described->finalized = true;
  described->put(CUDNN_ATTR_ENGINE_OPERATION_GRAPH, {graph});
  described->put(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, std::vector<int64_t>{engine.index});
  described->put(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, engine.notes);
  auto made = std::make_shared<Descriptor>();
  made->kind = CUDNN_BACKEND_ENGINECFG_DESCRIPTOR;
  made->finalized = true;
  made->put(CUDNN_ATTR_ENGINECFG_ENGINE, {described});
  made->put(CUDNN_ATTR_ENGINECFG_WORKSPACE_SIZE,
            std::vector<int64_t>{workspace_bytes(engine, problem_of_graph(*graph))});
  return made;
}

}  // namespace

const Engine& engine_of(int64_t index) {
  static const std::vector<Engine> all = {
      // The last engine of the heuristics is the fastest, so that measuring chooses another engine than the rule.
      {plain, {CUDNN_NUMERICAL_NOTE_STRICT_NAN_PROP}, 2},
      {precomputed, {}, 5},
      {atomic, {CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC}, 1, false, true},
      {greedy, {}, 1},
      {tensor_core, {CUDNN_NUMERICAL_NOTE_TENSOR_CORE}, 3, true},
  };
  for (const Engine& engine : all) {
    if (engine.index == index) return engine;
  }
  return all.front();
}

bool plans(const Engine& engine, const Problem& p) {
  const bool odd = p.x.dims[1] % 2 != 0 || p.y.dims[1] % 2 != 0;
  const bool eights = p.x.dims[1] % 8 == 0 && p.y.dims[1] % 8 == 0;
  // Tensor cores load eight bf16 values (16 bytes) at once.
  if (engine.index == tensor_core) return p.x.type == CUDNN_DATA_FLOAT || (eights && p.x.alignment % 16 == 0);
  // So that tests add a result without an engine that does.
  if (p.beta != 0.0f && p.strides[0] > 1) return false;
  // Refuses odd channels, so that tests need the last engine, too.
  if (engine.index == precomputed) return !odd;
  return true;
}

int64_t workspace_bytes(const Engine& engine, const Problem& p) {
  if (engine.index == greedy) return int64_t{8} << 30;  // more than the memory of the stand-in's device
  if (engine.index == precomputed) return static_cast<int64_t>(p.y.bytes()) + 131;  // not a round number of bytes
  return 0;
}

cudnnStatus_t finalize_heuristic(Descriptor& heuristic) {
  const auto mode = heuristic.one<cudnnBackendHeurMode_t>(CUDNN_ATTR_ENGINEHEUR_MODE);
  HOSTCUDNN_REQUIRE(mode == CUDNN_HEUR_MODE_A || mode == CUDNN_HEUR_MODE_FALLBACK, CUDNN_STATUS_NOT_SUPPORTED);
  const auto graph = heuristic.values.at(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH).descriptors.at(0);
  HOSTCUDNN_REQUIRE(graph->kind == CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, CUDNN_STATUS_BAD_PARAM);
  HOSTCUDNN_REQUIRE(graph->finalized, CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED);
  std::vector<std::shared_ptr<const Descriptor>> results;
  for (const int64_t index : ranked(problem_of_graph(*graph), mode)) {
    results.push_back(configuration(graph, engine_of(index)));
  }
  heuristic.put(CUDNN_ATTR_ENGINEHEUR_RESULTS, std::move(results));
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace hostcudnn
