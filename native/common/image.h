// The images of augmentation: a crop of bytes, and planes of floats.
#pragma once

#include <cstdint>

#include "host_device.h"

namespace sluice {

// Three planes [height, width]: red, green, blue.
struct Planes {
  int64_t height, width;
  float* data;

  SL_HOST_DEVICE int64_t pixels() const { return height * width; }
  SL_HOST_DEVICE float* plane(int channel) const { return data + channel * pixels(); }
};

// A rectangle of an interleaved RGB image of bytes.
struct Crop {
  const uint8_t* pixels;  // its upper left corner
  int64_t row_bytes, height, width;
};

}  // namespace sluice
