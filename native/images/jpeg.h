// Decodes JPEG with libjpeg-turbo.
#pragma once

#include "picture.h"

namespace sluice {

// Null if the file does not begin like a JPEG.
std::unique_ptr<Decoder> open_jpeg(const FileView& file);

}  // namespace sluice
