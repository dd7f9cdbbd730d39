// Opens NVIDIA's libraries, and what belongs to each from the same folder.
#include "shared_library.h"

#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>

#include "library_places.h"

namespace sluice {
namespace {

// The path at which the loader found the name `asked`.
std::string path_of(void* handle, const std::string& asked) {
  const link_map* map = nullptr;
  return dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && map->l_name[0] != '\0' ? map->l_name : asked;
}

// The loader's sentence about its last failure.
std::string loader_error() {
  const char* const error = dlerror();
  return error == nullptr ? "" : error;
}

// The libraries of other major versions that a user may have instead of the wanted one.
std::string other_versions(const WantedLibrary& wanted, const std::vector<std::string>& folders) {
  std::vector<std::string> found;
  for (const int major : {wanted.major - 1, wanted.major + 1}) {
    const std::string soname = wanted.name + ".so." + std::to_string(major);
    for (const std::string& folder : folders) {
      const std::string path = folder + "/" + soname;
      if (access(path.c_str(), R_OK) == 0) found.push_back(path);
    }
    if (found.empty()) {
      // The loader alone knows its paths. No function of a library of another version is called.
      if (void* const handle = dlopen(soname.c_str(), RTLD_LAZY | RTLD_LOCAL)) {
        found.push_back(path_of(handle, soname));
        dlclose(handle);
      }
    }
  }
  return found.empty() ? "" : " (found instead: " + joined(found, ", ") + ")";
}

struct FolderSearch {
  const std::string& name;
  std::vector<std::string> folders;
};

int add_folder(dl_phdr_info* information, size_t, void* search_pointer) {
  FolderSearch& search = *static_cast<FolderSearch*>(search_pointer);
  const std::string path = information->dlpi_name;
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos || path.compare(slash + 1, search.name.size(), search.name) != 0) return 0;
  const std::string folder = path.substr(0, slash);
  std::vector<std::string>& folders = search.folders;
  if (std::find(folders.begin(), folders.end(), folder) == folders.end()) folders.push_back(folder);
  return 0;
}

}  // namespace

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string result;
  for (const std::string& part : parts) result += (result.empty() ? "" : separator) + part;
  return result;
}

std::vector<std::string> open_folders(const std::string& name) {
  FolderSearch search{name, {}};
  dl_iterate_phdr(add_folder, &search);
  return search.folders;
}

const SharedLibrary& SharedLibrary::open(const WantedLibrary& wanted) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<SharedLibrary>> opened;
  const std::lock_guard<std::mutex> lock(mutex);
  const std::string soname = wanted.soname();
  std::unique_ptr<SharedLibrary>& library = opened[soname];
  if (library != nullptr) return *library;
  const std::vector<std::string> named = named_library_folders();
  const LibraryPlaces places = library_places();
  std::vector<std::string> paths;
  for (const std::string& folder : named) paths.push_back(folder + "/" + soname);
  paths.push_back(soname);
  for (const std::string& folder : places.folders) paths.push_back(folder + "/" + soname);
  std::vector<std::string> refusals;  // why libraries that exist cannot be loaded, such as that they need others
  for (const std::string& path : paths) {
    if (void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
      library.reset(new SharedLibrary(handle, path_of(handle, path)));
      library->open_companions(wanted);
      return *library;
    }
    const std::string sentence = loader_error();
    if (sentence.find(soname + ": cannot open shared object file: No such file") != std::string::npos) continue;
    // The user wants this one, so no other takes its place.
    if (std::find(named.begin(), named.end(), parent_of(path)) != named.end()) {
      throw std::runtime_error("SLUICE_CUDA_LIBS has a library that cannot be loaded: " + sentence);
    }
    refusals.push_back(sentence);
  }
  std::vector<std::string> searched = named;
  searched.insert(searched.end(), places.folders.begin(), places.folders.end());
  const std::string in_named = named.empty() ? "" : "in SLUICE_CUDA_LIBS, ";
  throw std::runtime_error(
      soname + " was not found " + in_named + "on the loader's paths (LD_LIBRARY_PATH), nor under " +
      joined(places.roots, ", ") + (refusals.empty() ? "" : " (" + joined(refusals, "; ") + ")") +
      other_versions(wanted, searched) + ": install " + wanted.package + ", or name its folder in SLUICE_CUDA_LIBS");
}

void SharedLibrary::open_companions(const WantedLibrary& wanted) {
  std::vector<std::string> tried;
  for (const std::string& companion : wanted.companions) {
    for (const std::string& path : paths_in(parent_of(path_), "/" + companion)) {
      if (std::find(tried.begin(), tried.end(), path) != tried.end()) continue;
      tried.push_back(path);
      // Lazily: only a few of the functions of a large library are ever called.
      if (dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL) == nullptr) {
        refusals_ += (refusals_.empty() ? "" : ", ") + path.substr(path.rfind('/') + 1) + ": " + loader_error();
      }
    }
  }
}

void* SharedLibrary::symbol(const char* name) const {
  void* const address = dlsym(handle_, name);
  if (address == nullptr) throw std::runtime_error(path_ + " has no function " + name + ": it is too old");
  return address;
}

}  // namespace sluice
