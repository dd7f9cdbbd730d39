// NVIDIA's libraries, opened by soname wherever they may be installed.
#pragma once

#include <string>
#include <utility>

namespace sluice {

// One opened library; it stays open to the end of the process, since NVIDIA's do not bear being closed and opened again.
class SharedLibrary {
 public:
  // The first that is found: on the loader's own paths (LD_LIBRARY_PATH and the system's), beside the
  // CUDA library of sluice, in CUDA_HOME (or CUDA_PATH), in /usr/local/cuda, then where pip installs NVIDIA's wheels
  // (nvidia/*/lib of a virtual environment, of the user, of the system).
  //
  // Throws std::runtime_error, one sentence that says what is missing, where it was looked for, and that `package`
  // brings it.
  static const SharedLibrary& open(const std::string& soname, const std::string& package);

  // The address of a function. Throws std::runtime_error where the library has no such name.
  void* symbol(const char* name) const;

  // Where it was found.
  const std::string& path() const { return path_; }

 private:
  SharedLibrary(void* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  void* handle_;
  std::string path_;
};

}  // namespace sluice
