// Reading files whole, or their beginning.
#pragma once

#include <cstdint>

#include "picture.h"

namespace sluice {

// A regular file that is open for reading, until its scope ends.
class InputFile {
 public:
  InputFile() = default;
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  Reason open(const char* path);
  int64_t size() const { return size_; }
  // Fills `target` with the bytes from `offset` on, of which the file must have that many.
  Reason read(int64_t offset, int64_t bytes, uint8_t* target) const;

 private:
  int descriptor_ = -1;
  int64_t size_ = 0;
};

// A sentence on what the system refused: "cannot be opened: No such file or directory".
Reason system_reason(const char* what, int number);

}  // namespace sluice
