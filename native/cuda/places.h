// Distributes the pixels of an image over the threads of a block.
#pragma once

#include "../common/image.h"
#include "launch.h"

namespace sluice {

// Calls body(y, x) for each element of a table. Warps take rows and lanes take columns, so that neighbours are read
// together and no index needs a division.
template <typename Body>
__device__ void for_each_place(int64_t rows, int64_t columns, const Body& body) {
  const int64_t lane = threadIdx.x % warp_threads;
  for (int64_t y = threadIdx.x / warp_threads; y < rows; y += blockDim.x / warp_threads) {
    for (int64_t x = lane; x < columns; x += warp_threads) body(y, x);
  }
}

// Calls body(red, green, blue) with references to each pixel. A thread gets the same pixels in every call, so that no
// barrier is needed between calls.
template <typename Body>
__device__ void for_each_pixel(const Planes& planes, const Body& body) {
  const int64_t pixels = planes.pixels();
  for (int64_t i = threadIdx.x; i < pixels; i += blockDim.x) {
    body(planes.data[i], planes.data[pixels + i], planes.data[2 * pixels + i]);
  }
}

}  // namespace sluice
