// The interface of image decoders.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "buffer.h"
#include "orientation.h"

namespace sluice {

// Why a file or a record was not read: a sentence without its subject. Empty on success.
using Reason = std::string;

constexpr size_t longest_reason = 200;

constexpr int64_t most_pixels = 100000000;

// Largest aspect ratio. It keeps the resized longer side within 32 bits for every input size, and a column of a crop
// exact as a float.
constexpr int64_t most_aspect = 65536;

// A rectangle of pixels.
struct Region {
  int64_t top, left, height, width;

  int64_t bottom() const { return top + height; }
  int64_t right() const { return left + width; }
};

// The image as stored in its file, before it is turned upright.
struct PictureHeader {
  int64_t height = 0, width = 0;
  Orientation orientation;

  int64_t upright_height() const { return orientation.transposed ? width : height; }
  int64_t upright_width() const { return orientation.transposed ? height : width; }
};

// Interleaved RGB pixels, and the part of the image that they cover.
struct Raster {
  Region region;
  int64_t row_bytes;
  const uint8_t* pixels;

  const uint8_t* at(int64_t row, int64_t column) const {
    return pixels + (row - region.top) * row_bytes + (column - region.left) * 3;
  }
};

class InputFile;

// The bytes of an image file, or only its first bytes: further bytes can then be read from `file`.
struct FileView {
  const uint8_t* bytes = nullptr;
  int64_t count = 0;
  const InputFile* file = nullptr;
};

// Working memory of a decoder.
struct DecoderBuffers {
  ByteBuffer pixels, line;
};

// Decodes an image file of a known format. Its bytes must outlive the decoder. Call the functions in this order, each
// once.
class Decoder {
 public:
  virtual ~Decoder() = default;

  // Sets `cut` if the bytes end too early.
  virtual Reason read_header(PictureHeader& header, bool& cut) = 0;

  // The size of the header in bytes.
  virtual int64_t position() const = 0;

  // Whether these bytes contain the format's end marker.
  virtual bool has_end(const uint8_t* bytes, int64_t count) const = 0;

  // Whether the format can decode at 1/2, 1/4 and 1/8 of the size, rounded up.
  virtual bool scales() const = 0;

  // Decodes `region` of the file's image at 1 / `denominator` of its size. The raster lies in the buffers and may
  // cover more than the region.
  virtual Reason decode(int denominator, const Region& region, DecoderBuffers& buffers, Raster& raster) = 0;
};

inline Reason size_reason(int64_t height, int64_t width) {
  if (height <= 0 || width <= 0) return "has no pixels";
  const Reason size = "has " + std::to_string(height) + " x " + std::to_string(width) + " pixels, ";
  if (width > most_pixels / height) return size + "more than the limit of " + std::to_string(most_pixels);
  if (std::max(height, width) <= most_aspect * std::min(height, width)) return {};
  return size + "and one side is more than " + std::to_string(most_aspect) + " times the other";
}

}  // namespace sluice
