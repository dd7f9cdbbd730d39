// Decoding PNG with libpng.
#pragma once

#include "picture.h"

namespace sluice {

// NULL where the file's first bytes are not those of a PNG.
std::unique_ptr<Decoder> open_png(const FileView& file);

}  // namespace sluice
