// Searches for NVIDIA's libraries.
#include "shared_library.h"

#include <dlfcn.h>
#include <glob.h>
#include <link.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <vector>

namespace sluice {
namespace {

void add_matches(const std::string& pattern, std::vector<std::string>& folders) {
  glob_t found{};
  if (glob(pattern.c_str(), GLOB_ONLYDIR, nullptr, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; ++i) folders.push_back(found.gl_pathv[i]);
  }
  globfree(&found);
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// The folder of the library that contains this code.
std::string own_folder() {
  Dl_info information{};
  if (dladdr(reinterpret_cast<const void*>(&own_folder), &information) == 0) return "";
  const std::string path = information.dli_fname;
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

// The folders to search, in order, after the loader's own paths.
std::vector<std::string> folders() {
  std::vector<std::string> result;
  if (const std::string own = own_folder(); !own.empty()) result.push_back(own);
  for (const std::string& home : {environment("CUDA_HOME"), environment("CUDA_PATH"), std::string("/usr/local/cuda")}) {
    if (home.empty()) continue;
    result.push_back(home + "/lib64");
    result.push_back(home + "/lib");
  }
  std::vector<std::string> pythons;
  for (const char* const variable : {"VIRTUAL_ENV", "CONDA_PREFIX"}) {
    if (const std::string home = environment(variable); !home.empty()) pythons.push_back(home + "/lib");
  }
  if (const std::string home = environment("HOME"); !home.empty()) pythons.push_back(home + "/.local/lib");
  pythons.push_back("/usr/local/lib");
  pythons.push_back("/usr/lib");
  for (const std::string& python : pythons) {
    for (const char* const packages : {"site-packages", "dist-packages"}) {
      add_matches(python + "/python3*/" + packages + "/nvidia/*/lib", result);
    }
  }
  return result;
}

// The path at which the loader found the name `asked`.
std::string path_of(void* handle, const std::string& asked) {
  const link_map* map = nullptr;
  return dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && map->l_name[0] != '\0' ? map->l_name : asked;
}

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string result;
  for (const std::string& part : parts) result += (result.empty() ? "" : separator) + part;
  return result;
}

}  // namespace

const SharedLibrary& SharedLibrary::open(const std::string& soname, const std::string& package) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<SharedLibrary>> opened;
  const std::lock_guard<std::mutex> lock(mutex);
  std::unique_ptr<SharedLibrary>& library = opened[soname];
  if (library != nullptr) return *library;
  const std::vector<std::string> looked = folders();
  std::string refusal;  // why a library that exists cannot be loaded, for example because it needs another
  std::vector<std::string> paths{soname};
  for (const std::string& folder : looked) paths.push_back(folder + "/" + soname);
  for (const std::string& path : paths) {
    void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle != nullptr) {
      library.reset(new SharedLibrary(handle, path_of(handle, path)));
      return *library;
    }
    const char* const error = dlerror();
    const std::string sentence = error == nullptr ? "" : error;
    if (sentence.find(soname + ": cannot open shared object file: No such file") == std::string::npos) {
      refusal = " (" + sentence + ")";
    }
  }
  throw std::runtime_error(soname + " was not found on the loader's paths (LD_LIBRARY_PATH), nor in " +
                           joined(looked, ", ") + refusal + ": install " + package);
}

void* SharedLibrary::symbol(const char* name) const {
  void* const address = dlsym(handle_, name);
  if (address == nullptr) throw std::runtime_error(path_ + " has no function " + name + ": it is too old");
  return address;
}

}  // namespace sluice
