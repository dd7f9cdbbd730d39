// The tensors of an optimiser step, and their checks, for every device.
#pragma once

#include "size_checks.h"

namespace sluice {

// The arrays that the caller passes: one entry for each tensor.
struct Tensors {
  int32_t count;
  const uint64_t *parameters, *gradients, *velocities;
  const int64_t* sizes;
  const float *rates, *weight_decays;
  const int32_t* adapt;  // null in plain SGD

  static float* pointer(uint64_t address) { return reinterpret_cast<float*>(static_cast<uintptr_t>(address)); }
  float* parameter(int32_t tensor) const { return pointer(parameters[tensor]); }
  const float* gradient(int32_t tensor) const { return pointer(gradients[tensor]); }
  float* velocity(int32_t tensor) const { return pointer(velocities[tensor]); }
};

inline int32_t check_tensors(const char* name, const Tensors& tensors) noexcept {
  SL_REQUIRE(tensors.count >= 0, "%s: the number of tensors is negative (%d)", name, tensors.count);
  if (tensors.count == 0) return SL_OK;
  SL_TRY(check_pointers(name,
                        "host_parameters, host_gradients, host_velocities, host_sizes, host_rates, host_weight_decays",
                        {tensors.parameters, tensors.gradients, tensors.velocities, tensors.sizes, tensors.rates,
                         tensors.weight_decays}));
  int64_t total = 0;
  for (int32_t t = 0; t < tensors.count; ++t) {
    const int64_t size = tensors.sizes[t];
    SL_REQUIRE(size >= 0, "%s: the size of tensor %d is negative (%lld)", name, t, (long long)size);
    SL_REQUIRE(is_countable({size}) && is_countable({total + size}),
               "%s: with tensor %d of size %lld there are more elements than can be counted", name, t, (long long)size);
    total += size;
    SL_REQUIRE(size == 0 || (tensors.parameters[t] != 0 && tensors.gradients[t] != 0 && tensors.velocities[t] != 0),
               "%s: an address of tensor %d is null", name, t);
  }
  return SL_OK;
}

inline int32_t check_lars_step(const Tensors& tensors) noexcept {
  SL_TRY(check_tensors("sl_lars_step", tensors));
  if (tensors.count > 0) SL_TRY(check_pointers("sl_lars_step", "host_adapt", {tensors.adapt}));
  return SL_OK;
}

}  // namespace sluice
