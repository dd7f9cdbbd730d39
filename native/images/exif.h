// How an image is to be turned, as its EXIF or its XMP says.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

// What a description says that does not name an orientation.
constexpr int no_orientation = 0;

// The orientation, 1 to 8, in a block of EXIF that begins with its byte order, or with one or two names "Exif\0\0" before
// that; 1 if the value is another number; no_orientation if there is no entry that can be read. An entry counts if it
// holds whole numbers, of any length and sign, of which the first is taken; of several entries, the first that counts.
// A few lines of our own: libexif would be a dependency for this one number.
int exif_orientation(std::string_view block);

// The same from a packet of XMP: the first tiff:Orientation whose value is one digit.
int xmp_orientation(std::string_view packet);

}  // namespace sluice
