// How an image must be turned to stand upright.
#pragma once

#include <cstdint>

namespace sluice {

struct Raster;
struct Region;
class ByteBuffer;

// Rows become columns first; then left and right, and above and below, change places.
struct Orientation {
  bool transposed = false, mirrored = false, flipped = false;

  bool turns() const { return transposed || mirrored || flipped; }
};

// Of the numbers that EXIF has for it, 1 to 8; any other is upright already.
Orientation orientation_of(int number);

// Where a region of the upright image, whose size is height x width, lies in the file's.
Region stored_region(const Orientation& orientation, int64_t height, int64_t width, const Region& upright);

// A raster of the file's image turned into one of the upright image, whose size is height x width, in `buffer`.
Raster turn_upright(const Orientation& orientation, int64_t height, int64_t width, const Raster& stored,
                    ByteBuffer& buffer);

}  // namespace sluice
