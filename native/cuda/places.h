// How a block shares an image out among its threads.
#pragma once

#include "../common/image.h"
#include "launch.h"

namespace sluice {

// body(y, x) for each element of a table: rows by warps, columns by lanes, so that neighbours are read together and
// nothing is divided.
template <typename Body>
__device__ void for_each_place(int64_t rows, int64_t columns, const Body& body) {
  const int64_t lane = threadIdx.x % warp_threads;
  for (int64_t y = threadIdx.x / warp_threads; y < rows; y += blockDim.x / warp_threads) {
    for (int64_t x = lane; x < columns; x += warp_threads) body(y, x);
  }
}

// body(red, green, blue) changes one pixel. A thread has the same pixels in every call: between two calls it waits for
// no other.
template <typename Body>
__device__ void for_each_pixel(const Planes& planes, const Body& body) {
  const int64_t pixels = planes.pixels();
  for (int64_t i = threadIdx.x; i < pixels; i += blockDim.x) {
    body(planes.data[i], planes.data[pixels + i], planes.data[2 * pixels + i]);
  }
}

}  // namespace sluice
