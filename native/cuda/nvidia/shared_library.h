// Opens NVIDIA's libraries by soname, from wherever they are installed.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sluice {

// A library to open.
struct WantedLibrary {
  // The name without its version, such as "libcudnn", and the major version of its ABI.
  std::string name;
  int major;
  // What to install, such as "cuDNN 9 (pip: nvidia-cudnn-cu13)".
  std::string package;
  // Patterns of the files beside it that it opens by itself, in the order in which they need each other.
  std::vector<std::string> companions;

  std::string soname() const { return name + ".so." + std::to_string(major); }
};

// An opened library. It stays open until the process ends: NVIDIA's libraries cannot be used, closed and opened again.
class SharedLibrary {
 public:
  // Opens the first library found: in the folders of SLUICE_CUDA_LIBS, on the loader's own paths (LD_LIBRARY_PATH and
  // the system's), then in library_places(). All its companions are opened from its own folder at once. The loader
  // gives a later call the library of that soname which is open already, so no companion can come from another place
  // if it exists in this one.
  //
  // Throws std::runtime_error with a sentence that names the missing library, the searched places, and what to install;
  // also if a library in a folder of SLUICE_CUDA_LIBS cannot be loaded.
  static const SharedLibrary& open(const WantedLibrary& wanted);

  // The address of a function. Throws std::runtime_error if the library does not have it.
  void* symbol(const char* name) const;

  // The path of the library.
  const std::string& path() const { return path_; }

  // Why companions could not be opened, such as "libcudnn_cnn.so.9: ..."; empty if all were.
  const std::string& refusals() const { return refusals_; }

 private:
  SharedLibrary(void* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  void open_companions(const WantedLibrary& wanted);
  void* handle_;
  std::string path_, refusals_;
};

// The folders from which this process has opened libraries whose file name begins with `name`.
std::vector<std::string> open_folders(const std::string& name);

// Parts with a separator between them.
std::string joined(const std::vector<std::string>& parts, const char* separator);

}  // namespace sluice
