// Reads the orientation of a PNG from its ancillary chunks.
#pragma once

#include "picture.h"

namespace sluice {

// The orientation, 1 to 8, of a PNG: from its eXIf chunk, else from the text "Raw profile type exif" that ImageMagick
// and others write, else from its XMP; 1 if there is none. The chunks may come after the pixels. Damaged chunks are
// ignored.
int png_orientation(const FileView& png);

}  // namespace sluice
