// The failures of the launcher.
#pragma once

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace launcher {

// Ends the launcher with one line and an exit status: 2 if the request or the machine must change, 1 if the executable
// itself is at fault.
struct Failure : std::runtime_error {
  Failure(int exit_status, const std::string& line) : std::runtime_error(line), status(exit_status) {}
  int status;
};

// A folder that cannot hold the unpacked files; another one may.
struct UnusableFolder : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The message of the last system call that failed.
inline std::string last_error() { return std::strerror(errno); }

}  // namespace launcher
