// Cuts large buffers from long stretches of memory; freed neighbours join again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

namespace sluice {

// Not thread-safe: the allocator's lock guards it. `system_malloc` and `system_free` belong to the device.
class Arena {
 public:
  using SystemMalloc = void* (*)(size_t bytes);
  using SystemFree = void (*)(void* pointer);

  // A stretch has `stretch_bytes`, or more if a buffer needs more.
  Arena(SystemMalloc system_malloc, SystemFree system_free, int64_t stretch_bytes);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Prefers pieces that were used before, and of these the smallest that fits. nullptr if the system has no memory.
  void* allocate(int64_t bytes);
  // Takes a pointer that allocate returned and nobody has released since.
  void release(void* pointer);
  // Returns stretches without a live buffer to the system.
  void trim();
  // Bytes from the beginning of each stretch to the furthest end of a buffer, summed. Pages beyond were never touched.
  int64_t reached() const { return reached_; }

 private:
  struct Piece {
    int64_t bytes;
    char* stretch;  // its first byte
    bool free;
  };
  using Pieces = std::map<char*, Piece>;

  // pieces_.end() if no free piece is long enough.
  Pieces::iterator find_free(int64_t bytes);
  // Bytes by which a buffer at the beginning of a piece would extend the used part of its stretch.
  int64_t growth_of(Pieces::const_iterator piece, int64_t bytes) const;
  void* take(Pieces::iterator piece, int64_t bytes);
  bool add_stretch(int64_t bytes);
  void set_free(Pieces::iterator piece, bool free);

  SystemMalloc system_malloc_;
  SystemFree system_free_;
  int64_t stretch_bytes_;
  Pieces pieces_;                             // by address
  std::set<std::pair<int64_t, char*>> free_;  // by size
  std::map<char*, int64_t> furthest_;         // of each stretch
  int64_t reached_ = 0;
};

}  // namespace sluice
