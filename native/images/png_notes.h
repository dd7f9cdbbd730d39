// What a PNG's chunks beside its pixels say of how the image is to be turned.
#pragma once

#include "picture.h"

namespace sluice {

// The orientation, 1 to 8, of a PNG: of its eXIf chunk, else of the text "Raw profile type exif" that ImageMagick and
// others write, else of its XMP; 1 if none says. The chunks may lie behind the pixels. One that is damaged is left alone.
int png_orientation(const FileView& png);

}  // namespace sluice
