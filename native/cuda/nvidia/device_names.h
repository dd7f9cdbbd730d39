// The names of a device and its architecture.
#pragma once

#include <string>

#include "../context.h"

namespace sluice {

struct DeviceNames {
  std::string device, isa;  // "NVIDIA H100 80GB HBM3", "sm_90"
};

// Fills `names`; errors name the exported function `name`.
inline int32_t device_names(const char* name, int index, DeviceNames* names) {
  cudaDeviceProp properties{};
  int major = 0, minor = 0;
  SL_CUDA(name, cudaGetDeviceProperties(&properties, index));
  SL_CUDA(name, cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, index));
  SL_CUDA(name, cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, index));
  names->device = properties.name;
  names->isa = "sm_" + std::to_string(major) + std::to_string(minor);
  return SL_OK;
}

}  // namespace sluice
