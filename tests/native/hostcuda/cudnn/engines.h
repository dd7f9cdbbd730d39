// The engines that the stand-in for cuDNN offers, good and bad ones.
#pragma once

#include "problem.h"

namespace hostcudnn {

struct Engine {
  int64_t index;
  std::vector<cudnnBackendNumericalNote_t> notes;
  uint64_t cost;                  // of an execution, in the stand-in's time
  bool rounds_to_tf32 = false;    // f32 operands
  bool nondeterministic = false;  // results differ from one execution to the next
};

const Engine& engine_of(int64_t index);

// Whether the engine can be planned for a problem; heuristics may offer it although it cannot.
bool plans(const Engine& engine, const Problem& problem);

int64_t workspace_bytes(const Engine& engine, const Problem& problem);

}  // namespace hostcudnn
