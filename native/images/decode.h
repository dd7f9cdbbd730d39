// From the path of an image file to the pixels of its frames.
#pragma once

#include <cstdint>
#include <vector>

#include "picture.h"
#include "resize.h"

namespace sluice {

// What is wanted of every image of a job.
struct FrameSize {
  int64_t views, height, width;

  int64_t bytes() const { return height * width * 3; }
};

// Both axes of one view.
struct ViewAxes {
  ResizeAxis vertical, horizontal;
};

// What a thread works in, from one item to the next.
struct Scratch {
  ByteBuffer file, upright;
  DecoderBuffers decoder;
  ResizeBuffers resize;
  std::vector<ViewAxes> views;

  // After each item, so that a few large images do not hold memory for ever.
  void trim();
};

// The upright height and width of an image file, of which no more is read than that takes.
Reason inspect_image(const char* path, Scratch& scratch, int32_t* size);

// Decodes a file once for all its views: frames [views, SL_FRAME_COLUMNS], of which view v goes to pixels + v * stride.
Reason decode_image(const char* path, const FrameSize& size, const int32_t* frames, uint8_t* pixels, int64_t stride,
                    Scratch& scratch);

}  // namespace sluice
