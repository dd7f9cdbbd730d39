// What a device and its architecture are called.
#pragma once

#include <string>

#include "../context.h"

namespace sluice {

struct DeviceNames {
  std::string device, isa;  // "NVIDIA H100 80GB HBM3", "sm_90"
};

// For `name`, an exported function.
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
