// Memory that a thread uses from one image to the next.
#pragma once

#include <cstdint>
#include <memory>

namespace sluice {

// Bytes behind every buffer that vectors may read, and write, beyond what was asked for.
constexpr int64_t buffer_slack = 64;

// Grows as needed; its contents are lost when it does.
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

  // Gives back what only an unusually large image needed.
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
