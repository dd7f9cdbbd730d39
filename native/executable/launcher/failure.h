// The exceptions of the launcher.
#pragma once

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace launcher {

// Ends the launcher with a one-line message and an exit status: 2 if the user can mend the cause, 1 if the executable
// itself is at fault.
struct Failure : std::runtime_error {
  Failure(int exit_status, const std::string& line) : std::runtime_error(line), status(exit_status) {}
  int status;
};

// Thrown if a folder cannot be used for the unpacked files. Another folder may do.
struct UnusableFolder : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The message of the last system call that failed.
inline std::string last_error() { return std::strerror(errno); }

}  // namespace launcher
