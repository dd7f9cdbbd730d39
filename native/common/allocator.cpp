// The caching allocator's size classes, free lists and counts.
#include "allocator.h"

#include <algorithm>

namespace sluice {

namespace {

constexpr int64_t alignment = 64;
constexpr int64_t fine_limit = int64_t{1} << 20;
constexpr int64_t largest = int64_t{1} << 48;  // beyond any machine: keeps the arithmetic below from overflowing

int64_t round_up(int64_t bytes, int64_t step) { return (bytes + step - 1) / step * step; }

// Steps of 64 bytes below 1 MiB, then of an eighth of the power of two: at most an eighth is wasted, and sizes that
// differ little share their blocks.
int64_t size_class(int64_t bytes) {
  if (bytes <= alignment) return alignment;
  if (bytes <= fine_limit) return round_up(bytes, alignment);
  int64_t power = fine_limit;
  while (power * 2 <= bytes) power *= 2;
  return round_up(bytes, power / 8);
}

}  // namespace

Allocator::Allocator(SystemMalloc system_malloc, SystemFree system_free)
    : system_malloc_(system_malloc), system_free_(system_free) {}

Allocator::~Allocator() {
  for (const auto& entry : free_) {
    for (void* pointer : entry.second) system_free_(pointer);
  }
  for (const auto& entry : live_) system_free_(entry.first);
}

void* Allocator::allocate(int64_t bytes) {
  if (bytes < 0 || bytes > largest) return nullptr;
  const int64_t block = size_class(bytes);
  const int64_t counted = round_up(bytes, alignment);
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<void*>& cached = free_[block];
  void* pointer = nullptr;
  if (!cached.empty()) {
    pointer = cached.back();
    cached.pop_back();
  } else {
    pointer = system_malloc_(static_cast<size_t>(block));
    if (pointer == nullptr) {
      trim_locked();
      pointer = system_malloc_(static_cast<size_t>(block));
    }
    if (pointer == nullptr) return nullptr;
    reserved_ += block;
  }
  try {
    live_[pointer] = Block{block, counted};
  } catch (...) {
    system_free_(pointer);
    reserved_ -= block;
    throw;
  }
  in_use_ += counted;
  peak_ = std::max(peak_, in_use_);
  return pointer;
}

bool Allocator::release(void* pointer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = live_.find(pointer);
  if (found == live_.end()) return false;
  const Block block = found->second;
  live_.erase(found);
  in_use_ -= block.counted;
  try {
    free_[block.size_class].push_back(pointer);
  } catch (...) {  // no room to remember the block: the system takes it back, and nothing is lost
    system_free_(pointer);
    reserved_ -= block.size_class;
  }
  return true;
}

void Allocator::trim() {
  const std::lock_guard<std::mutex> lock(mutex_);
  trim_locked();
}

void Allocator::trim_locked() {
  for (auto& entry : free_) {
    for (void* pointer : entry.second) {
      system_free_(pointer);
      reserved_ -= entry.first;
    }
    entry.second.clear();
  }
}

void Allocator::reset_peak() {
  const std::lock_guard<std::mutex> lock(mutex_);
  peak_ = in_use_;
}

Allocator::Stats Allocator::stats() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return {in_use_, reserved_, peak_, static_cast<int64_t>(live_.size())};
}

}  // namespace sluice
