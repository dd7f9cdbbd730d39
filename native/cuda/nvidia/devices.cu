// The GPUs of the machine, and the requirements of the library.
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "../../common/json.h"
#include "cublaslt.h"
#include "cudnn.h"
#include "device_names.h"
#include "libraries.h"

namespace sluice {
namespace {

// Text of a CUDA version in the runtime's numbering, such as 13000 for 13.0.
std::string cuda_version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

// Any driver for this release's major version works ("minor version compatibility", CUDA Compatibility).
std::string driver_requirement() {
  int driver = 0, runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  const int major = runtime / 1000;
  const std::string smallest = major == 13 ? "580" : "525";
  const std::string remedy = ": install NVIDIA's driver " + smallest + " or newer, for CUDA " + std::to_string(major);
  if (driver == 0) return json_requirement("NVIDIA driver", true, false, "no driver was found" + remedy);
  const bool found = driver / 1000 >= major;
  const std::string knows = "for CUDA " + cuda_version_text(driver);
  return json_requirement("NVIDIA driver", true, found, found ? knows : "the driver is " + knows + remedy);
}

// The version of cuDNN in a device description; sl_requirements gives the details if it is missing.
std::string backend_version() {
  try {
    return cudnn_version_text();
  } catch (const std::runtime_error&) {
    return "not found";
  }
}

// A library with its version and path. `use` says what a library is for that is not needed; null if it is needed.
template <typename Version, typename Open>
std::string library_requirement(const char* name, const Version& version, const Open& open, const char* use = nullptr) {
  try {
    const std::string number = version();
    const SharedLibrary& library = open();
    const std::string refusals = library.refusals().empty() ? "" : "; it cannot use " + library.refusals();
    return json_requirement(name, use == nullptr, true, number + ", " + library.path() + refusals);
  } catch (const std::exception& error) {
    return json_requirement(name, use == nullptr, false,
                            error.what() + (use == nullptr ? "" : std::string("; ") + use));
  }
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_device_count(int32_t* host_count) {
  SL_REQUIRE_POINTERS("sl_device_count", host_count);
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  // Without a driver, or with one too old for this build, the machine has no usable device.
  if (error == cudaErrorNoDevice || error == cudaErrorInsufficientDriver) {
    cudaGetLastError();
    count = 0;
  } else {
    SL_CUDA("sl_device_count", error);
  }
  *host_count = count;
  return SL_OK;
}

SL_API int32_t sl_device_describe(int32_t index, char* host_text, int64_t capacity) {
  SL_REQUIRE_POINTERS("sl_device_describe", host_text);
  SL_REQUIRE(capacity >= 0, "sl_device_describe: capacity is %lld, want 0 or more", static_cast<long long>(capacity));
  int count = 0;
  SL_CUDA("sl_device_describe", cudaGetDeviceCount(&count));
  SL_REQUIRE(index >= 0 && index < count, "sl_device_describe: device %d does not exist, there are %d", index, count);
  int multiprocessors = 0, major = 0;
  SL_CUDA("sl_device_describe", cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, index));
  SL_CUDA("sl_device_describe", cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, index));
  SL_BEGIN
  DeviceNames names;
  SL_TRY(device_names("sl_device_describe", index, &names));
  const std::string able = major >= least_capability ? "true" : "false";
  const std::string text = "{\"kind\":\"cuda\",\"name\":" + json_string(names.device) +
                           ",\"isa\":" + json_string(names.isa) + ",\"cores\":" + std::to_string(multiprocessors) +
                           ",\"backend\":\"cuDNN\",\"backendVersion\":" + json_string(backend_version()) +
                           ",\"bf16\":" + able + ",\"tf32\":" + able + ",\"sharedPacks\":true}";
  return write_text("sl_device_describe", text, host_text, capacity);
  SL_END("sl_device_describe")
}

SL_API int32_t sl_requirements(int32_t all, char* host_text, int64_t capacity) {
  SL_REQUIRE_POINTERS("sl_requirements", host_text);
  SL_BEGIN
  std::vector<std::string> list{driver_requirement(), library_requirement("cuDNN", cudnn_version_text, cudnn_library),
                                library_requirement("cuBLASLt", cublaslt_version_text, cublaslt_library)};
  if (all != 0) {
    list.push_back(library_requirement("NVRTC", nvrtc_version_text, nvrtc_library,
                                       "without it cuDNN has fewer engines for a convolution"));
    list.push_back(library_requirement("NCCL", nccl_version_text, nccl_library, "a run on one GPU does not use it"));
  }
  const std::string text = "[" + joined(list, ",") + "]";
  return write_text("sl_requirements", text, host_text, capacity);
  SL_END("sl_requirements")
}
