// The checks of sl_rotate, and which pixels a rotated row consists of: the same on every device.
#pragma once

#include "host_device.h"
#include "size_checks.h"

namespace sluice {

// Pixel x of a rotated row is pixel `first + x * step` of the source image.
struct RotatedRow {
  int64_t first, step;
};

// Row y of an image [side, side] rotated counter-clockwise by `turns` quarter turns, taken modulo 4.
SL_HOST_DEVICE inline RotatedRow rotated_row(int32_t turns, int64_t side, int64_t y) {
  const int64_t last = side - 1;
  switch (turns & 3) {
    case 0: return {y * side, 1};
    case 1: return {last - y, side};
    case 2: return {(last - y) * side + last, -1};
    default: return {last * side + y, -side};
  }
}

inline int32_t check_rotate(int32_t dtype, int64_t count, int64_t side, int64_t channels, const void* x,
                            const int32_t* turns, const void* y) noexcept {
  SL_REQUIRE(element_bytes(dtype) > 0, "sl_rotate: unknown dtype %d", dtype);
  SL_TRY(check_sizes("sl_rotate", count, side, channels));
  SL_TRY(check_countable("sl_rotate", {count, side, side, channels}));
  if (count * side * channels == 0) return SL_OK;
  SL_REQUIRE_POINTERS("sl_rotate", x, turns, y);
  SL_REQUIRE(x != y, "sl_rotate: x and y are the same buffer");
  return SL_OK;
}

}  // namespace sluice
