// The turn that makes an image upright.
#pragma once

#include <cstdint>

namespace sluice {

struct Raster;
struct Region;
class ByteBuffer;

// First transpose, then flip left-right and top-bottom.
struct Orientation {
  bool transposed = false, mirrored = false, flipped = false;

  bool turns() const { return transposed || mirrored || flipped; }
};

// From EXIF's numbers 1 to 8; any other number means upright.
Orientation orientation_of(int number);

// The region of the file's image that becomes `region` of the upright image, which is height x width.
Region stored_region(const Orientation& orientation, int64_t height, int64_t width, const Region& upright);

// Turns a raster of the file's image upright, into `buffer`. The upright image is height x width.
Raster turn_upright(const Orientation& orientation, int64_t height, int64_t width, const Raster& stored,
                    ByteBuffer& buffer);

}  // namespace sluice
