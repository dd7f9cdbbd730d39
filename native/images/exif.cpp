// Reading the one tag of EXIF that says how an image stands.
#include "exif.h"

namespace sluice {
namespace {

constexpr uint32_t orientation_tag = 0x0112, type_short = 3, type_long = 4;
constexpr int64_t header_bytes = 8, entry_bytes = 12;

// Numbers in either byte order. Whoever reads has made sure that they lie inside.
struct Numbers {
  const uint8_t* bytes;
  bool big;

  uint32_t two(int64_t at) const {
    const uint32_t first = bytes[at], second = bytes[at + 1];
    return big ? first << 8 | second : second << 8 | first;
  }
  uint32_t four(int64_t at) const {
    const uint32_t first = two(at), second = two(at + 2);
    return big ? first << 16 | second : second << 16 | first;
  }
};

}  // namespace

int exif_orientation(const uint8_t* block, int64_t bytes) {
  if (bytes < header_bytes) return 1;
  const bool big = block[0] == 'M' && block[1] == 'M';
  if (!big && !(block[0] == 'I' && block[1] == 'I')) return 1;
  const Numbers numbers{block, big};
  if (numbers.two(2) != 42) return 1;
  const int64_t directory = numbers.four(4);
  if (directory > bytes - 2) return 1;
  const int64_t entries = numbers.two(directory);
  for (int64_t i = 0; i < entries; ++i) {
    const int64_t entry = directory + 2 + i * entry_bytes;
    if (entry > bytes - entry_bytes) return 1;
    if (numbers.two(entry) != orientation_tag) continue;
    const uint32_t type = numbers.two(entry + 2);
    if (numbers.four(entry + 4) != 1 || (type != type_short && type != type_long)) return 1;
    const uint32_t value = type == type_short ? numbers.two(entry + 8) : numbers.four(entry + 8);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace sluice
