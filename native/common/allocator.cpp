// The caching allocator: free lists of small blocks, and the counts of bytes.
#include "allocator.h"

#include <algorithm>

namespace sluice {

namespace {

constexpr int64_t alignment = 64;
constexpr int64_t small_limit = int64_t{1} << 20;
constexpr int64_t largest = int64_t{1} << 48;  // more than any machine has, so that rounding up cannot overflow

int64_t round_up(int64_t bytes, int64_t step) { return (bytes + step - 1) / step * step; }

}  // namespace

Allocator::Allocator(SystemMalloc system_malloc, SystemFree system_free, int64_t stretch_bytes)
    : system_malloc_(system_malloc), system_free_(system_free), stretch_bytes_(stretch_bytes) {
  pools_.emplace_back(system_malloc, system_free, stretch_bytes);
  current_ = &pools_.front();
}

Allocator::~Allocator() {
  for (const Pool& pool : pools_) {
    for (const auto& entry : pool.free) {
      for (void* pointer : entry.second) system_free_(pointer);
    }
  }
  for (const auto& entry : live_) {
    if (entry.second.size_class > 0) system_free_(entry.first);
  }
}

void* Allocator::allocate(int64_t bytes) {
  if (bytes < 0 || bytes > largest) return nullptr;
  const int64_t counted = round_up(bytes, alignment);
  const bool small = bytes <= small_limit;
  const int64_t size_class = small ? std::max(counted, alignment) : 0;
  const std::lock_guard<std::mutex> lock(mutex_);
  void* const pointer = small ? allocate_small(size_class) : allocate_large(bytes);
  if (pointer == nullptr) return nullptr;
  try {
    live_[pointer] = Block{size_class, counted, current_};
  } catch (...) {
    if (small) {
      system_free_(pointer);
      reserved_ -= size_class;
    } else {
      current_->large.release(pointer);
    }
    throw;
  }
  ++current_->live;
  in_use_ += counted;
  peak_ = std::max(peak_, in_use_);
  return pointer;
}

void* Allocator::allocate_small(int64_t size_class) {
  std::vector<void*>& cached = current_->free[size_class];
  if (!cached.empty()) {
    void* const pointer = cached.back();
    cached.pop_back();
    return pointer;
  }
  void* pointer = system_malloc_(static_cast<size_t>(size_class));
  if (pointer == nullptr) {
    trim_locked();
    pointer = system_malloc_(static_cast<size_t>(size_class));
  }
  if (pointer != nullptr) reserved_ += size_class;
  return pointer;
}

void* Allocator::allocate_large(int64_t bytes) {
  void* const pointer = current_->large.allocate(bytes);
  if (pointer != nullptr) return pointer;
  trim_locked();
  return current_->large.allocate(bytes);
}

bool Allocator::release(void* pointer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = live_.find(pointer);
  if (found == live_.end()) return false;
  const Block block = found->second;
  live_.erase(found);
  in_use_ -= block.counted;
  --block.pool->live;
  give_back(pointer, block);
  erase_if_unused(block.pool);
  return true;
}

void Allocator::give_back(void* pointer, const Block& block) {
  if (block.size_class == 0) {
    block.pool->large.release(pointer);
    return;
  }
  try {
    block.pool->free[block.size_class].push_back(pointer);
  } catch (...) {  // no memory for the list entry: return the block to the system
    system_free_(pointer);
    reserved_ -= block.size_class;
  }
}

bool Allocator::is_live(const void* pointer) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return live_.count(const_cast<void*>(pointer)) == 1;
}

void Allocator::trim() {
  const std::lock_guard<std::mutex> lock(mutex_);
  trim_locked();
}

// Recorded work needs the cached memory of its pool, so only the ordinary pool is trimmed; and while work is recorded,
// nothing, because a device frees no memory then.
void Allocator::trim_locked() {
  if (current_ == &pools_.front()) trim_pool(pools_.front());
}

void Allocator::trim_pool(Pool& pool) {
  pool.large.trim();
  for (auto& entry : pool.free) {
    for (void* pointer : entry.second) {
      system_free_(pointer);
      reserved_ -= entry.first;
    }
    entry.second.clear();
  }
}

Allocator::Pool* Allocator::make_pool() {
  const std::lock_guard<std::mutex> lock(mutex_);
  pools_.emplace_back(system_malloc_, system_free_, stretch_bytes_);
  return &pools_.back();
}

void Allocator::use_pool(Pool* pool) {
  const std::lock_guard<std::mutex> lock(mutex_);
  current_ = pool == nullptr ? &pools_.front() : pool;
}

void Allocator::drop_pool(Pool* pool) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (current_ == pool) current_ = &pools_.front();
  pool->dropped = true;
  erase_if_unused(pool);
}

void Allocator::erase_if_unused(Pool* pool) {
  if (!pool->dropped || pool->live > 0) return;
  trim_pool(*pool);
  pools_.remove_if([pool](const Pool& other) { return &other == pool; });
}

void Allocator::reset_peak() {
  const std::lock_guard<std::mutex> lock(mutex_);
  peak_ = in_use_;
}

Allocator::Stats Allocator::stats() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  int64_t reserved = reserved_;
  for (const Pool& pool : pools_) reserved += pool.large.reached();
  return {in_use_, reserved, peak_, static_cast<int64_t>(live_.size())};
}

}  // namespace sluice
