// A best-fit arena that splits and joins pieces, and uses untouched memory last.
#include "arena.h"

#include <algorithm>
#include <limits>

namespace sluice {

namespace {

constexpr int64_t page = 4096;

int64_t round_up(int64_t bytes) { return (bytes + page - 1) / page * page; }

}  // namespace

Arena::Arena(SystemMalloc system_malloc, SystemFree system_free, int64_t stretch_bytes)
    : system_malloc_(system_malloc), system_free_(system_free), stretch_bytes_(stretch_bytes) {}

Arena::~Arena() {
  for (const auto& entry : furthest_) system_free_(entry.first);
}

void* Arena::allocate(int64_t bytes) {
  const int64_t size = round_up(bytes);
  auto piece = find_free(size);
  if (piece == pieces_.end()) {
    if (!add_stretch(std::max(size, stretch_bytes_)) && !add_stretch(size)) return nullptr;
    piece = find_free(size);
  }
  return take(piece, size);
}

Arena::Pieces::iterator Arena::find_free(int64_t bytes) {
  // Takes the tightest fit among pieces that were used before, or else the piece that extends the used part of its
  // stretch the least: a tight fit at the end of a stretch would touch pages that the step does not need.
  auto best = pieces_.end();
  int64_t least = std::numeric_limits<int64_t>::max();
  for (auto fitting = free_.lower_bound({bytes, nullptr}); fitting != free_.end() && least > 0; ++fitting) {
    const auto piece = pieces_.find(fitting->second);
    const int64_t growth = growth_of(piece, bytes);
    if (growth < least) {
      least = growth;
      best = piece;
    }
  }
  return best;
}

int64_t Arena::growth_of(Pieces::const_iterator piece, int64_t bytes) const {
  char* const stretch = piece->second.stretch;
  return std::max<int64_t>(0, piece->first + bytes - stretch - furthest_.at(stretch));
}

bool Arena::add_stretch(int64_t bytes) {
  char* const stretch = static_cast<char*>(system_malloc_(static_cast<size_t>(bytes)));
  if (stretch == nullptr) return false;
  furthest_[stretch] = 0;
  const auto piece = pieces_.emplace(stretch, Piece{bytes, stretch, false}).first;
  set_free(piece, true);
  return true;
}

void Arena::set_free(Pieces::iterator piece, bool free) {
  piece->second.free = free;
  if (free) {
    free_.emplace(piece->second.bytes, piece->first);
  } else {
    free_.erase({piece->second.bytes, piece->first});
  }
}

void* Arena::take(Pieces::iterator piece, int64_t bytes) {
  set_free(piece, false);
  char* const begin = piece->first;
  const int64_t rest = piece->second.bytes - bytes;
  if (rest > 0) {
    piece->second.bytes = bytes;
    set_free(pieces_.emplace(begin + bytes, Piece{rest, piece->second.stretch, false}).first, true);
  }
  const int64_t growth = growth_of(piece, bytes);
  furthest_[piece->second.stretch] += growth;
  reached_ += growth;
  return begin;
}

void Arena::release(void* pointer) {
  auto piece = pieces_.find(static_cast<char*>(pointer));
  const auto joins = [&](Pieces::iterator other) {
    return other != pieces_.end() && other->second.free && other->second.stretch == piece->second.stretch;
  };
  if (const auto next = std::next(piece); joins(next)) {
    set_free(next, false);
    piece->second.bytes += next->second.bytes;
    pieces_.erase(next);
  }
  if (piece != pieces_.begin() && joins(std::prev(piece))) {
    const auto previous = std::prev(piece);
    set_free(previous, false);
    previous->second.bytes += piece->second.bytes;
    pieces_.erase(piece);
    piece = previous;
  }
  set_free(piece, true);
}

void Arena::trim() {
  for (auto piece = pieces_.begin(); piece != pieces_.end();) {
    const auto next = std::next(piece);
    const bool last = next == pieces_.end() || next->second.stretch != piece->second.stretch;
    if (piece->second.free && last && piece->first == piece->second.stretch) {
      reached_ -= furthest_[piece->first];
      furthest_.erase(piece->first);
      set_free(piece, false);
      system_free_(piece->first);
      pieces_.erase(piece);
    }
    piece = next;
  }
}

}  // namespace sluice
