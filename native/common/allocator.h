// A caching allocator: it keeps freed blocks for later requests, small ones by size class, large ones in an arena.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "arena.h"

namespace sluice {

// Thread-safe. `system_malloc` and `system_free` belong to the device and align to 64 bytes. The arena asks for
// stretches of `stretch_bytes`.
//
// Memory comes from a pool. Recorded work writes to its addresses whenever it is repeated, so a recording takes its
// memory from a pool of its own, and nobody else gets memory of that pool.
class Allocator {
 public:
  struct Pool;
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

  // A pool without memory; throws std::bad_alloc.
  Pool* make_pool();
  // Later requests are served from `pool`, or with nullptr from the ordinary one, as at first.
  void use_pool(Pool* pool);
  // Returns the memory of a pool to the system: at once, or if blocks of it are live, when the last one is released.
  void drop_pool(Pool* pool);

  struct Stats {
    int64_t in_use, reserved, peak, live;
  };
  Stats stats() const;

 private:
  struct Block {
    int64_t size_class;  // 0 if the block is in the arena
    int64_t counted;     // bytes in use: the request, rounded up to 64
    Pool* pool;
  };
  void* allocate_small(int64_t size_class);
  void* allocate_large(int64_t bytes);
  void give_back(void* pointer, const Block& block);
  void trim_locked();
  void trim_pool(Pool& pool);
  void erase_if_unused(Pool* pool);

  SystemMalloc system_malloc_;
  SystemFree system_free_;
  int64_t stretch_bytes_;
  mutable std::mutex mutex_;
  std::list<Pool> pools_;  // the ordinary one is the first
  Pool* current_;
  std::unordered_map<void*, Block> live_;
  int64_t in_use_ = 0, reserved_ = 0, peak_ = 0;
};

struct Allocator::Pool {
  Pool(SystemMalloc system_malloc, SystemFree system_free, int64_t stretch_bytes)
      : large(system_malloc, system_free, stretch_bytes) {}

  std::map<int64_t, std::vector<void*>> free;  // size class -> cached blocks
  Arena large;
  int64_t live = 0;  // blocks
  bool dropped = false;
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
