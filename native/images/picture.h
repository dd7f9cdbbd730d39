// What decoders of image files tell and give.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "buffer.h"
#include "orientation.h"

namespace sluice {

// Why a file, or a record in one, was not read: a sentence whose subject is left out. Empty where it was.
using Reason = std::string;

constexpr size_t longest_reason = 200;

constexpr int64_t most_pixels = 100000000;

// By how much one side may be longer than the other: what evaluation resizes the longer side to then fits 32 bits for
// every size of images that networks see, and a column of a crop is exact as a float.
constexpr int64_t most_aspect = 65536;

// A rectangle of pixels.
struct Region {
  int64_t top, left, height, width;

  int64_t bottom() const { return top + height; }
  int64_t right() const { return left + width; }
};

// An image as it lies in its file.
struct PictureHeader {
  int64_t height = 0, width = 0;
  Orientation orientation;

  int64_t upright_height() const { return orientation.transposed ? width : height; }
  int64_t upright_width() const { return orientation.transposed ? height : width; }
};

// Interleaved RGB, and which part of an image that is.
struct Raster {
  Region region;
  int64_t row_bytes;
  const uint8_t* pixels;

  const uint8_t* at(int64_t row, int64_t column) const {
    return pixels + (row - region.top) * row_bytes + (column - region.left) * 3;
  }
};

class InputFile;

// The bytes of an image file, or its first: whoever needs more of it then reads that from `file`.
struct FileView {
  const uint8_t* bytes = nullptr;
  int64_t count = 0;
  const InputFile* file = nullptr;
};

// Memory that a decoder works in.
struct DecoderBuffers {
  ByteBuffer pixels, line;
};

// One image file of a known format, in memory that outlives this. The calls are made in this order, each once.
class Decoder {
 public:
  virtual ~Decoder() = default;

  // `cut`: whether what is wrong is that the bytes end too early.
  virtual Reason read_header(PictureHeader& header, bool& cut) = 0;

  // Behind the header: how much of the file it took.
  virtual int64_t position() const = 0;

  // Whether the mark that such a file ends with is among these bytes.
  virtual bool has_end(const uint8_t* bytes, int64_t count) const = 0;

  // Whether images can be had at 1/2, 1/4 and 1/8 of their size, rounded up.
  virtual bool scales() const = 0;

  // The part of the file's image, at 1 / `denominator` of its size, that `region` asks for. The raster may hold some of
  // what surrounds it, and lies in the buffers.
  virtual Reason decode(int denominator, const Region& region, DecoderBuffers& buffers, Raster& raster) = 0;
};

inline Reason size_reason(int64_t height, int64_t width) {
  if (height <= 0 || width <= 0) return "has no pixels";
  const Reason size = "has " + std::to_string(height) + " x " + std::to_string(width) + " pixels, ";
  if (width > most_pixels / height) return size + "at most " + std::to_string(most_pixels) + " are read";
  if (std::max(height, width) <= most_aspect * std::min(height, width)) return {};
  return size + "one side more than " + std::to_string(most_aspect) + " times the other";
}

}  // namespace sluice
