// NVIDIA's libraries that sluice opens.
#pragma once

#include <cuda_runtime.h>

#include "shared_library.h"

namespace sluice {

// The text of a version as cuDNN, cuBLASLt and NCCL count it, such as 92801 for "9.28.1".
std::string version_text(size_t version);

// The major version of CUDA that this library was built with.
constexpr int built_cuda_major = CUDART_VERSION / 1000;

// cuDNN 9. Opens cuBLASLt and NVRTC first if they are found, because cuDNN asks the loader for both by soname.
// Throws std::runtime_error if it is missing.
const SharedLibrary& cudnn_library();

// cuBLASLt of the CUDA release that this library was built with: a later release may need a later driver. Throws
// std::runtime_error if it is missing.
const SharedLibrary& cublaslt_library();

// NVRTC, with which cuDNN compiles some of its engines. Throws std::runtime_error if it is missing.
const SharedLibrary& nvrtc_library();

// NCCL, which moves bytes between GPUs. Throws std::runtime_error if it is missing.
const SharedLibrary& nccl_library();

// The versions of NVRTC and NCCL. Throw std::runtime_error if the library is missing.
std::string nvrtc_version_text();
std::string nccl_version_text();

}  // namespace sluice
