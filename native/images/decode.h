// Decodes an image file into the pixels of its frames.
#pragma once

#include <cstdint>
#include <vector>

#include "picture.h"
#include "resize.h"

namespace sluice {

// The output of a job, the same for every image.
struct FrameSize {
  int64_t views, height, width;

  int64_t bytes() const { return height * width * 3; }
};

// Both axes of a view.
struct ViewAxes {
  ResizeAxis vertical, horizontal;
};

// The buffers of a thread, reused from item to item.
struct Scratch {
  ByteBuffer file, upright;
  DecoderBuffers decoder;
  ResizeBuffers resize;
  std::vector<ViewAxes> views;

  // Call after each item, so that a few large images do not keep memory for ever.
  void trim();
};

// Reads the upright height and width of an image file, and no more of the file than that needs.
Reason inspect_image(const char* path, Scratch& scratch, int32_t* size);

// Decodes a file once for all its views. `frames` is [views, SL_FRAME_COLUMNS]; view v goes to pixels + v * stride.
Reason decode_image(const char* path, const FrameSize& size, const int32_t* frames, uint8_t* pixels, int64_t stride,
                    Scratch& scratch);

}  // namespace sluice
