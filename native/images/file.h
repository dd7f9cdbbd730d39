// Reads files as a whole or in part.
#pragma once

#include <cstdint>

#include "picture.h"

namespace sluice {

// A regular file, open for reading until the object is destroyed.
class InputFile {
 public:
  InputFile() = default;
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  Reason open(const char* path);
  int64_t size() const { return size_; }
  // Fills `target` with the bytes from `offset` on. Fails if the file has fewer.
  Reason read(int64_t offset, int64_t bytes, uint8_t* target) const;

 private:
  int descriptor_ = -1;
  int64_t size_ = 0;
};

// A reason with the system's message: "cannot be opened: No such file or directory".
Reason system_reason(const char* what, int number);

}  // namespace sluice
