// Describes NVIDIA's libraries: their names, packages, and what belongs to each.
#include "libraries.h"

#include <stdexcept>

namespace sluice {
namespace {

// The names of pip's packages end in the CUDA release that they are for; some of CUDA 13 have no ending.
std::string package(const std::string& library, const std::string& base, const std::string& ending13) {
  return library + " (pip: " + base + (built_cuda_major == 13 ? ending13 : "-cu12") + ")";
}

std::string of_cuda(const std::string& library) { return library + " of CUDA " + std::to_string(built_cuda_major); }

// Calls a function that returns 0 if it succeeds.
template <typename... Arguments>
void ask(const SharedLibrary& library, const char* name, Arguments... arguments) {
  const int failed = reinterpret_cast<int (*)(Arguments...)>(library.symbol(name))(arguments...);
  if (failed != 0) throw std::runtime_error(library.path() + ": " + name + " failed");
}

// Opens a library that another one can do without.
template <typename Open>
void open_if_found(const Open& open) {
  try {
    open();
  } catch (const std::runtime_error&) {
    // sl_requirements tells what is missing.
  }
}

}  // namespace

std::string version_text(size_t version) {  // major * 10000 + minor * 100 + patch
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
         std::to_string(version % 100);
}

const SharedLibrary& cudnn_library() {
  open_if_found(cublaslt_library);
  open_if_found(nvrtc_library);
  return SharedLibrary::open({"libcudnn",
                              9,
                              package("cuDNN 9", "nvidia-cudnn", "-cu13"),
                              // All others need the graph library, and some the operations.
                              {"libcudnn_graph.so.9", "libcudnn_ops.so.9", "libcudnn_*.so.9"}});
}

const SharedLibrary& cublaslt_library() {
  return SharedLibrary::open({"libcublasLt", built_cuda_major, package(of_cuda("cuBLAS"), "nvidia-cublas", ""), {}});
}

const SharedLibrary& nvrtc_library() {
  return SharedLibrary::open({"libnvrtc",
                              built_cuda_major,
                              package(of_cuda("NVRTC"), "nvidia-cuda-nvrtc", ""),
                              {"libnvrtc-builtins.so." + std::to_string(built_cuda_major) + ".*"}});
}

const SharedLibrary& nccl_library() {
  return SharedLibrary::open({"libnccl", 2, package("NCCL 2", "nvidia-nccl", "-cu13"), {}});
}

std::string nvrtc_version_text() {
  int major = 0, minor = 0;
  ask(nvrtc_library(), "nvrtcVersion", &major, &minor);
  return std::to_string(major) + "." + std::to_string(minor);
}

std::string nccl_version_text() {
  int version = 0;
  ask(nccl_library(), "ncclGetVersion", &version);
  return version_text(static_cast<size_t>(version));
}

}  // namespace sluice
