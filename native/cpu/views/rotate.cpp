// Square images rotated by quarter turns.
#include "../../common/rotate.h"
#include "../context.h"

namespace sluice {
namespace {

// Unit is an unsigned integer of the element type's size: elements are copied bit by bit.
template <typename Unit>
void rotate(int threads, int64_t count, int64_t side, int64_t channels, const void* x, const int32_t* turns, void* y) {
  constexpr int64_t bytes_per_chunk = 1 << 16;
  const int64_t row = side * channels;
  const int64_t rows_per_chunk = std::max<int64_t>(1, bytes_per_chunk / (row * static_cast<int64_t>(sizeof(Unit))));
  parallel_for(threads, count * side, rows_per_chunk, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t image = i / side;
      const RotatedRow source = rotated_row(turns[image], side, i % side);
      const Unit* from = static_cast<const Unit*>(x) + image * side * row + source.first * channels;
      Unit* to = static_cast<Unit*>(y) + i * row;
      for (int64_t pixel = 0; pixel < side; ++pixel, from += source.step * channels, to += channels) {
        for (int64_t channel = 0; channel < channels; ++channel) to[channel] = from[channel];
      }
    }
  });
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_rotate(sl_context* context, int32_t dtype, int64_t count, int64_t side, int64_t channels,
                         const void* x, const int32_t* turns, void* y) {
  SL_REQUIRE_POINTERS("sl_rotate", context);
  SL_TRY(check_rotate(dtype, count, side, channels, x, turns, y));
  if (count * side * channels == 0) return SL_OK;
  switch (element_bytes(dtype)) {
    case 4: rotate<uint32_t>(context->threads, count, side, channels, x, turns, y); break;
    case 2: rotate<uint16_t>(context->threads, count, side, channels, x, turns, y); break;
    default: rotate<uint8_t>(context->threads, count, side, channels, x, turns, y);
  }
  return SL_OK;
}
