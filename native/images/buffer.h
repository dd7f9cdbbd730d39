// A growing buffer that a thread reuses from image to image.
#pragma once

#include <cstdint>
#include <memory>

namespace sluice {

// Extra bytes after every buffer, which vector code may read and write.
constexpr int64_t buffer_slack = 64;

// Grows as needed, and loses its contents when it grows.
class ByteBuffer {
 public:
  uint8_t* reserve(int64_t bytes) {
    if (bytes > capacity_) {
      bytes_.reset();
      capacity_ = 0;
      bytes_.reset(new uint8_t[static_cast<size_t>(bytes + buffer_slack)]);
      capacity_ = bytes;
    }
    return bytes_.get();
  }
  uint8_t* data() const { return bytes_.get(); }

  // Frees memory that only an unusually large image needed.
  void trim(int64_t most) {
    if (capacity_ <= most) return;
    bytes_.reset();
    capacity_ = 0;
  }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  int64_t capacity_ = 0;
};

}  // namespace sluice
