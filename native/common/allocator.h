// A caching allocator: it keeps freed blocks for later requests, small ones by size class, large ones in an arena.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "arena.h"

namespace sluice {

// Thread-safe. `system_malloc` and `system_free` belong to the device and align to 64 bytes. The arena asks for
// stretches of `stretch_bytes`.
class Allocator {
 public:
  using SystemMalloc = void* (*)(size_t bytes);
  using SystemFree = void (*)(void* pointer);

  Allocator(SystemMalloc system_malloc, SystemFree system_free, int64_t stretch_bytes);
  ~Allocator();
  Allocator(const Allocator&) = delete;
  Allocator& operator=(const Allocator&) = delete;

  // nullptr if the system has no memory left, even after the cached blocks were returned.
  void* allocate(int64_t bytes);
  // False if the pointer is not live.
  bool release(void* pointer);
  // Whether allocate returned the pointer and nobody has released it since.
  bool is_live(const void* pointer) const;
  void trim();
  void reset_peak();

  struct Stats {
    int64_t in_use, reserved, peak, live;
  };
  Stats stats() const;

 private:
  struct Block {
    int64_t size_class;  // 0 if the block is in the arena
    int64_t counted;     // bytes in use: the request, rounded up to 64
  };
  void* allocate_small(int64_t size_class);
  void* allocate_large(int64_t bytes);
  void trim_locked();

  SystemMalloc system_malloc_;
  SystemFree system_free_;
  mutable std::mutex mutex_;
  std::map<int64_t, std::vector<void*>> free_;  // size class -> cached blocks
  Arena large_;
  std::unordered_map<void*, Block> live_;
  int64_t in_use_ = 0, reserved_ = 0, peak_ = 0;
};

// A scratch buffer of one native call. It returns to the allocator at the end of its scope.
class Scratch {
 public:
  Scratch(Allocator& allocator, int64_t bytes)
      : allocator_(allocator), pointer_(bytes > 0 ? allocator.allocate(bytes) : nullptr) {}
  ~Scratch() {
    if (pointer_ != nullptr) allocator_.release(pointer_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  template <typename T = void>
  T* get() const {
    return static_cast<T*>(pointer_);
  }
  explicit operator bool() const { return pointer_ != nullptr; }

 private:
  Allocator& allocator_;
  void* pointer_;
};

}  // namespace sluice
