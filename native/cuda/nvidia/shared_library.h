// Opens NVIDIA's libraries by soname, from all places where they may be installed.
#pragma once

#include <string>
#include <utility>

namespace sluice {

// An opened library. It stays open until the process ends: NVIDIA's libraries cannot be closed and opened again.
class SharedLibrary {
 public:
  // Opens the first library found: on the loader's own paths (LD_LIBRARY_PATH and the system's), next to the CUDA
  // library of sluice, in CUDA_HOME (or CUDA_PATH), in /usr/local/cuda, then in the folders of pip's NVIDIA wheels
  // (nvidia/*/lib of a virtual environment, of the user, of the system).
  //
  // Throws std::runtime_error with a sentence that names the missing library, the searched places, and the `package` to
  // install.
  static const SharedLibrary& open(const std::string& soname, const std::string& package);

  // The address of a function. Throws std::runtime_error if the library does not have it.
  void* symbol(const char* name) const;

  // The path of the library.
  const std::string& path() const { return path_; }

 private:
  SharedLibrary(void* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  void* handle_;
  std::string path_;
};

}  // namespace sluice
