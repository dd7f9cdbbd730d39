// Turns images upright: each of the eight orientations combines up to three flips.
#include "orientation.h"

#include <algorithm>
#include <cstring>

#include "picture.h"

namespace sluice {
namespace {

// Rows to write together, so that reading a source by columns uses whole cache lines.
constexpr int64_t block_rows = 32;

// The same span, counted from the other end of `size`.
int64_t opposite(int64_t begin, int64_t length, int64_t size) { return size - begin - length; }

}  // namespace

Orientation orientation_of(int number) {
  switch (number) {
    case 2: return {false, true, false};
    case 3: return {false, true, true};
    case 4: return {false, false, true};
    case 5: return {true, false, false};
    case 6: return {true, true, false};
    case 7: return {true, true, true};
    case 8: return {true, false, true};
    default: return {};
  }
}

Region stored_region(const Orientation& orientation, int64_t height, int64_t width, const Region& upright) {
  Region region = upright;
  if (orientation.mirrored) region.left = opposite(upright.left, upright.width, width);
  if (orientation.flipped) region.top = opposite(upright.top, upright.height, height);
  if (orientation.transposed) return {region.left, region.top, region.width, region.height};
  return region;
}

Raster turn_upright(const Orientation& orientation, int64_t height, int64_t width, const Raster& stored,
                    ByteBuffer& buffer) {
  const Region& from = stored.region;
  Region region = from;
  if (orientation.transposed) region = {from.left, from.top, from.width, from.height};
  // Source offsets for a step to the right and a step down, and the source of the upper left corner.
  int64_t right = orientation.transposed ? stored.row_bytes : 3, down = orientation.transposed ? 3 : stored.row_bytes;
  const uint8_t* corner = stored.pixels;
  if (orientation.mirrored) {
    region.left = opposite(region.left, region.width, width);
    corner += (region.width - 1) * right;
    right = -right;
  }
  if (orientation.flipped) {
    region.top = opposite(region.top, region.height, height);
    corner += (region.height - 1) * down;
    down = -down;
  }
  const int64_t row_bytes = region.width * 3;
  uint8_t* const pixels = buffer.reserve(region.height * row_bytes);
  for (int64_t block = 0; block < region.height; block += block_rows) {
    const int64_t end = std::min(region.height, block + block_rows);
    for (int64_t x = 0; x < region.width; ++x) {
      for (int64_t y = block; y < end; ++y) {
        std::memcpy(pixels + y * row_bytes + x * 3, corner + y * down + x * right, 3);
      }
    }
  }
  return {region, row_bytes, pixels};
}

}  // namespace sluice
