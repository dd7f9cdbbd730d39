// Parallel loops whose partition, and so whose rounding, depends on the sizes alone.
#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>

#include "signals.h"

namespace sluice {

// Calls body(begin, end) for chunks of `grain` elements of [0, n), spread statically over `threads`. The borders of
// chunks do not depend on the number of threads. Different chunks must write to different places.
template <typename Body>
void parallel_for(int threads, int64_t n, int64_t grain, const Body& body) {
  if (n <= 0) return;
  const int64_t chunks = (n + grain - 1) / grain;
  const int team = static_cast<int>(std::min<int64_t>(threads, chunks));
  if (team <= 1) {
    for (int64_t chunk = 0; chunk < chunks; ++chunk) body(chunk * grain, std::min(n, (chunk + 1) * grain));
    return;
  }
#pragma omp parallel num_threads(team)
  {
    hold_signals_from_worker();
#pragma omp for schedule(static) nowait
    for (int64_t chunk = 0; chunk < chunks; ++chunk) body(chunk * grain, std::min(n, (chunk + 1) * grain));
  }
}

}  // namespace sluice
