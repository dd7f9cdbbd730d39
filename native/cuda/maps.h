// Elementwise functions over arrays of any element types.
#pragma once

#include "packs.h"

namespace sluice {

template <int n, typename Out, typename Body, typename... In>
__device__ void map_pack(Out* y, const Body& body, const Pack<In, n>&... inputs) {
  Pack<Out, n> result{};
  SL_UNROLL
  for (int k = 0; k < n; ++k) result.set(k, body(inputs.get(k)...));
  result.store(y);
}

// Loads all inputs of a pack before it writes the output, because the output may be one of the inputs.
template <int n, typename Out, typename Body, typename... In>
__global__ void map_kernel(int64_t count, const Body body, Out* y, const In*... inputs) {
  const int64_t packs = count / n;
  for (int64_t i = first_element(); i < packs; i += element_stride()) {
    map_pack<n, Out, Body, In...>(y + i * n, body, Pack<In, n>::load(inputs + i * n)...);
  }
  for (int64_t i = packs * n + first_element(); i < count; i += element_stride()) {
    y[i] = from_float<Out>(body(to_float(inputs[i])...));
  }
}

// y[i] = body(inputs[i]...) for each i in [0, count); body is a __device__ lambda of floats. y may be an input.
template <typename Out, typename Body, typename... In>
int32_t map(const sl_context* context, const char* name, int64_t count, Out* y, const Body& body, const In*... inputs) {
  constexpr int wide = pack_bytes / static_cast<int>(std::max({sizeof(Out), sizeof(In)...}));
  const auto aligned = [](const auto* address) {
    return reinterpret_cast<uintptr_t>(address) % (wide * sizeof(*address)) == 0;
  };
  if (aligned(y) && (aligned(inputs) && ...)) {
    return launch(context, name, blocks_for(context, (count + wide - 1) / wide), block_threads,
                  map_kernel<wide, Out, Body, In...>, count, body, y, inputs...);
  }
  return launch(context, name, blocks_for(context, count), block_threads, map_kernel<1, Out, Body, In...>, count, body,
                y, inputs...);
}

}  // namespace sluice
