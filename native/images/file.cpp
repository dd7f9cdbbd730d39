// Reads regular files, with reasons for failures.
#include "file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sluice {

Reason system_reason(const char* what, int number) {
  char text[128] = "";
  // glibc's strerror_r returns the text and need not write it to `text`.
  return std::string(what) + ": " + strerror_r(number, text, sizeof text);
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

Reason InputFile::open(const char* path) {
  // O_NONBLOCK: opening a pipe would wait for a writer.
  do {
    descriptor_ = ::open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  } while (descriptor_ < 0 && errno == EINTR);
  if (descriptor_ < 0) return system_reason("cannot be opened", errno);
  struct stat status;
  if (fstat(descriptor_, &status) != 0) return system_reason("cannot be opened", errno);
  if (S_ISDIR(status.st_mode)) return "is a folder";
  if (!S_ISREG(status.st_mode)) return "is not a regular file";
  size_ = status.st_size;
  return {};
}

Reason InputFile::read(int64_t offset, int64_t bytes, uint8_t* target) const {
  while (bytes > 0) {
    const ssize_t count = pread(descriptor_, target, static_cast<size_t>(bytes), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_reason("cannot be read", errno);
    if (count == 0) return "became shorter while it was read";
    offset += count;
    target += count;
    bytes -= count;
  }
  return {};
}

}  // namespace sluice
