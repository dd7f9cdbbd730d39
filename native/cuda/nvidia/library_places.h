// The folders in which NVIDIA's libraries may lie.
#pragma once

#include <string>
#include <vector>

namespace sluice {

// The folder that holds a path; empty for one right below the root.
std::string parent_of(const std::string& path);

// The existing paths that match a shell pattern, such as "/lib*", behind a folder's path, in the order of their names.
std::vector<std::string> paths_in(const std::string& folder, const std::string& pattern);

// The folders that SLUICE_CUDA_LIBS names, separated by colons. Throws std::runtime_error if one of them is no folder.
std::vector<std::string> named_library_folders();

// Folders to search, and what to call them in a message.
struct LibraryPlaces {
  std::vector<std::string> folders;  // folders that exist, in the order of the search
  std::vector<std::string> roots;    // the installations that the folders were looked for in, found or not
};

// The folders to search after the loader's own paths: the folder of sluice's CUDA library; CUDA_HOME, CUDA_PATH and
// /usr/local/cuda; then installations of Python, with NVIDIA's wheels in site-packages/nvidia/*/lib and conda's
// libraries in lib. These are the installation of the first python3 on the PATH, VIRTUAL_ENV and CONDA_PREFIX, the
// user's own packages, and the system's.
//
// The path of python3 is taken as it is written: a virtual environment's python3 is a link out of that environment. For
// pyenv's shim, which is a script, the versions of pyenv take its place. No Python is run, and no place that depends on
// the current folder is searched, nor a relative path of a variable: its files could be anybody's.
LibraryPlaces library_places();

}  // namespace sluice
