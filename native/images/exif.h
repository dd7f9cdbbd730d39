// Reads how to turn an image upright from its EXIF or XMP metadata.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

// Returned if the metadata has no orientation.
constexpr int no_orientation = 0;

// The orientation, 1 to 8, in a block of EXIF, which begins with its byte order or with one or two "Exif\0\0" before
// it; 1 if the value is another number; no_orientation if there is no readable entry. An entry counts if it holds
// integers of any size and sign; the first value is used. If several entries count, the first is used. Written here
// because libexif would be a dependency for this single number.
int exif_orientation(std::string_view block);

// The same from a packet of XMP: the first tiff:Orientation whose value is a single digit.
int xmp_orientation(std::string_view packet);

}  // namespace sluice
