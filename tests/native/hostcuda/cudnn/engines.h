// The engines of the stand-in for cuDNN, including some that sluice must not choose.
#pragma once

#include "problem.h"

namespace hostcudnn {

struct Engine {
  int64_t index;
  std::vector<cudnnBackendNumericalNote_t> notes;
  uint64_t cost;                  // time of an execution in milliseconds of the stand-in's clock
  bool rounds_to_tf32 = false;    // rounds f32 operands to TF32
  bool nondeterministic = false;  // results differ between executions
};

const Engine& engine_of(int64_t index);

// Whether a plan of the engine exists for a problem. Heuristics may offer an engine for which there is none.
bool plans(const Engine& engine, const Problem& problem);

int64_t workspace_bytes(const Engine& engine, const Problem& problem);

}  // namespace hostcudnn
