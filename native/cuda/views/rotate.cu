// Square images rotated by quarter turns.
#include "../../common/rotate.h"
#include "../launch.h"

namespace sluice {
namespace {

// Unit is an unsigned integer of the element type's size: elements are copied bit by bit. A thread copies one pixel.
template <typename Unit>
int32_t rotate(const sl_context* context, int64_t count, int64_t side, int64_t channels, const void* x,
               const int32_t* turns, void* y) {
  const Unit* const in = static_cast<const Unit*>(x);
  Unit* const out = static_cast<Unit*>(y);
  return for_each(context, "sl_rotate", count * side * side, [=] __device__(int64_t i) {
    const int64_t row = i / side, image = row / side;
    const RotatedRow source = rotated_row(turns[image], side, row % side);
    const int64_t from = image * side * side + source.first + i % side * source.step;
    for (int64_t channel = 0; channel < channels; ++channel) {
      out[i * channels + channel] = in[from * channels + channel];
    }
  });
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_rotate(sl_context* context, int32_t dtype, int64_t count, int64_t side, int64_t channels,
                         const void* x, const int32_t* turns, void* y) {
  SL_ENTER("sl_rotate", context);
  SL_TRY(check_rotate(dtype, count, side, channels, x, turns, y));
  if (count * side * channels == 0) return SL_OK;
  switch (element_bytes(dtype)) {
    case 4: return rotate<uint32_t>(context, count, side, channels, x, turns, y);
    case 2: return rotate<uint16_t>(context, count, side, channels, x, turns, y);
    default: return rotate<uint8_t>(context, count, side, channels, x, turns, y);
  }
}
