// Decodes PNG with libpng.
#pragma once

#include "picture.h"

namespace sluice {

// Null if the file does not begin like a PNG.
std::unique_ptr<Decoder> open_png(const FileView& file);

}  // namespace sluice
