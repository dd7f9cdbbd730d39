// Reads raw pixels from a file of many records, such as STL-10's.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "decode.h"
#include "file.h"

namespace sluice {

// A file of records: planes of red, green and blue, each column by column.
class RecordFile {
 public:
  RecordFile(const char* path, int64_t height, int64_t width) : path_(path), height_(height), width_(width) {}

  // Reads a record as interleaved rows. All threads call this; the first call opens the file.
  Reason read(int64_t record, uint8_t* pixels, Scratch& scratch);

 private:
  std::string path_;
  int64_t height_, width_;
  std::once_flag opened_;
  InputFile file_;
  Reason reason_;
};

}  // namespace sluice
