// Large buffers cut from long stretches of memory, in which freed neighbours join again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

namespace sluice {

// Not thread-safe: the allocator's lock guards it. `system_malloc` / `system_free` are the device's own.
class Arena {
 public:
  using SystemMalloc = void* (*)(size_t bytes);
  using SystemFree = void (*)(void* pointer);

  // Stretches have `stretch_bytes`, or what a longer buffer needs.
  Arena(SystemMalloc system_malloc, SystemFree system_free, int64_t stretch_bytes);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // From the smallest piece that holds the request, of those that were used before where there is one; nullptr where the
  // system has no more.
  void* allocate(int64_t bytes);
  // A pointer of allocate that was not released since.
  void release(void* pointer);
  // Gives stretches without a live buffer back to the system.
  void trim();
  // Bytes of the stretches from their beginnings to the furthest that a buffer ever reached: beyond, pages were never
  // touched.
  int64_t reached() const { return reached_; }

 private:
  struct Piece {
    int64_t bytes;
    char* stretch;  // its first byte
    bool free;
  };
  using Pieces = std::map<char*, Piece>;

  // pieces_.end() where no free piece is long enough.
  Pieces::iterator find_free(int64_t bytes);
  // Bytes by which a buffer at the beginning of a piece would reach further than any before it in its stretch.
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
