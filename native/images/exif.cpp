// Reads the orientation entry of EXIF or XMP.
#include "exif.h"

#include <initializer_list>

namespace sluice {
namespace {

constexpr std::string_view block_name("Exif\0\0", 6);
constexpr uint32_t orientation_tag = 0x0112;
constexpr int64_t header_bytes = 8, entry_bytes = 12, inline_bytes = 4;

// Bytes per value of TIFF's integer types; 0 for every other type.
int64_t value_bytes(uint32_t type) {
  switch (type) {
    case 1:             // BYTE
    case 6: return 1;   // SBYTE
    case 3:             // SHORT
    case 8: return 2;   // SSHORT
    case 4:             // LONG
    case 9:             // SLONG
    case 13: return 4;  // IFD
    case 16: return 8;  // LONG8
    default: return 0;
  }
}

// Reads numbers in either byte order. The caller checks the bounds.
struct Numbers {
  std::string_view bytes;
  bool big;

  // Unsigned, so that a negative number becomes larger than any orientation.
  uint64_t number(int64_t at, int64_t length) const {
    uint64_t value = 0;
    for (int64_t i = 0; i < length; ++i) {
      const int64_t place = big ? at + i : at + length - 1 - i;
      value = value << 8 | static_cast<uint8_t>(bytes[static_cast<size_t>(place)]);
    }
    return value;
  }
  uint32_t two(int64_t at) const { return static_cast<uint32_t>(number(at, 2)); }
  uint32_t four(int64_t at) const { return static_cast<uint32_t>(number(at, 4)); }
};

int valid_orientation(uint64_t value) { return value >= 1 && value <= 8 ? static_cast<int>(value) : 1; }

// The orientation in the entry at an offset; no_orientation if the entry does not count.
int entry_orientation(const Numbers& numbers, int64_t entry) {
  const int64_t bytes = static_cast<int64_t>(numbers.bytes.size());
  const int64_t length = value_bytes(numbers.two(entry + 2)), count = numbers.four(entry + 4);
  if (length == 0 || count == 0) return no_orientation;
  // Values that do not fit the entry lie at the offset in it. The count is below 2^32, so the product does not
  // overflow.
  const int64_t at = length * count <= inline_bytes ? entry + 8 : numbers.four(entry + 8);
  if (at > bytes - length * count) return no_orientation;
  return valid_orientation(numbers.number(at, length));
}

}  // namespace

int exif_orientation(std::string_view block) {
  for (int i = 0; i < 2 && block.substr(0, block_name.size()) == block_name; ++i)
    block.remove_prefix(block_name.size());
  const int64_t bytes = static_cast<int64_t>(block.size());
  if (bytes < header_bytes) return no_orientation;
  const bool big = block[0] == 'M';
  if ((!big && block[0] != 'I') || block[1] != block[0]) return no_orientation;
  const Numbers numbers{block, big};
  // Accept 42 in either byte order: some writers mix them up.
  if (numbers.two(2) != 42 && numbers.two(2) != 42 << 8) return no_orientation;
  const int64_t directory = numbers.four(4);
  if (directory > bytes - 2) return no_orientation;
  const int64_t entries = numbers.two(directory);
  for (int64_t i = 0; i < entries; ++i) {
    const int64_t entry = directory + 2 + i * entry_bytes;
    if (entry > bytes - entry_bytes) return no_orientation;
    if (numbers.two(entry) != orientation_tag) continue;
    const int orientation = entry_orientation(numbers, entry);
    if (orientation != no_orientation) return orientation;
  }
  return no_orientation;
}

int xmp_orientation(std::string_view packet) {
  constexpr std::string_view name = "tiff:Orientation";
  for (size_t at = packet.find(name); at != packet.npos; at = packet.find(name, at)) {
    at += name.size();
    // Either an attribute, name="6", or an element, <name>6</name>.
    for (const std::string_view opening : {std::string_view("=\""), std::string_view(">")}) {
      if (packet.substr(at, opening.size()) != opening || at + opening.size() >= packet.size()) continue;
      const char digit = packet[at + opening.size()];
      if (digit >= '0' && digit <= '9') return valid_orientation(static_cast<uint64_t>(digit - '0'));
    }
  }
  return no_orientation;
}

}  // namespace sluice
