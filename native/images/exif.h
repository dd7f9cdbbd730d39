// The orientation that a camera noted in an image.
#pragma once

#include <cstdint>

namespace sluice {

// The orientation, 1 to 8, in a block of EXIF that begins with its byte order; 1 where there is none that can be read.
// Its own few lines and no library: libexif would be a dependency for this one number.
int exif_orientation(const uint8_t* block, int64_t bytes);

}  // namespace sluice
