// Lists the folders in which NVIDIA's libraries may lie.
#include "library_places.h"

#include <dlfcn.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace sluice {
namespace {

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_folder(const std::string& path) {
  struct stat entry{};
  return stat(path.c_str(), &entry) == 0 && S_ISDIR(entry.st_mode);
}

bool is_program(const std::string& path) {
  struct stat entry{};
  return stat(path.c_str(), &entry) == 0 && S_ISREG(entry.st_mode) && access(path.c_str(), X_OK) == 0;
}

// The parts of a list of paths, without empty ones and without a slash at the end.
std::vector<std::string> parts_of(const std::string& list) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= list.size();) {
    const size_t end = std::min(list.find(':', begin), list.size());
    std::string part = list.substr(begin, end - begin);
    while (part.size() > 1 && part.back() == '/') part.pop_back();
    if (!part.empty()) parts.push_back(part);
    begin = end + 1;
  }
  return parts;
}

// A path as a pattern that matches this path alone.
std::string literal(const std::string& path) {
  std::string pattern;
  for (const char letter : path) {
    if (letter == '*' || letter == '?' || letter == '[' || letter == '\\') pattern += '\\';
    pattern += letter;
  }
  return pattern;
}

std::vector<std::string> folders_in(const std::string& root, const std::string& pattern) {
  std::vector<std::string> found = paths_in(root, pattern);
  found.erase(std::remove_if(found.begin(), found.end(), [](const std::string& path) { return !is_folder(path); }),
              found.end());
  return found;
}

// The folder of the library that contains this code.
std::string own_folder() {
  Dl_info information{};
  if (dladdr(reinterpret_cast<const void*>(&own_folder), &information) == 0) return "";
  const std::string path = information.dli_fname;
  return path.find('/') == std::string::npos ? "" : parent_of(path);
}

// The versions of pyenv: the one that PYENV_VERSION names, the user's default one, and all others. pyenv also reads a
// file of the current folder, which this does not.
std::vector<std::string> pyenv_versions(const std::string& root) {
  std::vector<std::string> names = parts_of(environment("PYENV_VERSION"));
  std::ifstream file(root + "/version");
  for (std::string line; std::getline(file, line);) names.push_back(line);
  std::vector<std::string> prefixes;
  for (const std::string& name : names) {
    const bool is_name = !name.empty() && name != ".." && name.find('/') == std::string::npos;
    if (is_name) prefixes.push_back(root + "/versions/" + name);
  }
  for (const std::string& folder : folders_in(root, "/versions/*")) prefixes.push_back(folder);
  return prefixes;
}

// The root of pyenv if `folder` holds its shims, else empty.
std::string pyenv_root(const std::string& folder) {
  if (const std::string root = environment("PYENV_ROOT"); !root.empty() && folder == root + "/shims") return root;
  const std::string parent = parent_of(folder);
  return folder == parent + "/shims" && is_folder(parent + "/versions") ? parent : "";
}

// The prefixes of the first python3 on the PATH.
std::vector<std::string> python_prefixes() {
  std::vector<std::string> prefixes;
  for (const std::string& folder : parts_of(environment("PATH"))) {
    if (folder[0] != '/' || !is_program(folder + "/python3")) continue;
    const std::string root = pyenv_root(folder);
    if (root.empty()) {
      prefixes.push_back(parent_of(folder));
      break;
    }
    // pyenv's shim may stand for the next python3 on the PATH, which pyenv calls "system".
    for (const std::string& prefix : pyenv_versions(root)) prefixes.push_back(prefix);
  }
  return prefixes;
}

void add_once(const std::string& value, std::vector<std::string>& values) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

class Collector {
 public:
  // Adds folders of an installation, if they exist.
  void add(const std::string& root, const std::vector<std::string>& patterns) {
    add_once(root.empty() ? "/" : root, places_.roots);
    for (const std::string& pattern : patterns) {
      for (const std::string& folder : folders_in(root, pattern)) add_once(folder, places_.folders);
    }
  }

  LibraryPlaces take() { return std::move(places_); }

 private:
  LibraryPlaces places_;
};

// The folder that a variable names by its whole path, else empty.
std::string named_by(const char* variable) {
  const std::string path = environment(variable);
  return !path.empty() && path[0] == '/' ? path : "";
}

}  // namespace

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::vector<std::string> paths_in(const std::string& folder, const std::string& pattern) {
  std::vector<std::string> paths;
  glob_t found{};
  if (glob((literal(folder) + pattern).c_str(), 0, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  globfree(&found);
  return paths;
}

std::vector<std::string> named_library_folders() {
  std::vector<std::string> folders = parts_of(environment("SLUICE_CUDA_LIBS"));
  for (const std::string& folder : folders) {
    if (is_folder(folder)) continue;
    throw std::runtime_error("SLUICE_CUDA_LIBS names " + folder +
                             ", which is not a folder: name folders that exist, separated by colons, or unset it");
  }
  return folders;
}

LibraryPlaces library_places() {
  Collector places;
  if (const std::string own = own_folder(); !own.empty()) places.add(own, {""});
  for (const std::string& home : {named_by("CUDA_HOME"), named_by("CUDA_PATH"), std::string("/usr/local/cuda")}) {
    if (!home.empty()) places.add(home, {"/lib64", "/lib", "/targets/x86_64-linux/lib"});
  }
  std::vector<std::string> prefixes = python_prefixes();
  for (const char* const variable : {"VIRTUAL_ENV", "CONDA_PREFIX"}) {
    if (const std::string prefix = named_by(variable); !prefix.empty()) prefixes.push_back(prefix);
  }
  if (const std::string home = named_by("HOME"); !home.empty()) prefixes.push_back(home + "/.local");
  prefixes.insert(prefixes.end(), {"/usr/local", "/usr"});
  for (const std::string& prefix : prefixes) {
    places.add(prefix, {"/lib/python3*/site-packages/nvidia/*/lib", "/lib64/python3*/site-packages/nvidia/*/lib",
                        "/lib/python3*/dist-packages/nvidia/*/lib", "/lib"});
  }
  return places.take();
}

}  // namespace sluice
