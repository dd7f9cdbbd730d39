// Decoding JPEG with libjpeg-turbo.
#pragma once

#include "picture.h"

namespace sluice {

// NULL where the file's first bytes are not those of a JPEG.
std::unique_ptr<Decoder> open_jpeg(const FileView& file);

}  // namespace sluice
