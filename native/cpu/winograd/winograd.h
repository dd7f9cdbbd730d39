// 3x3 convolutions of stride 1 by Winograd's minimal filtering (Lavin and Gray 2016), in both precisions.
#pragma once

#include "../context.h"

namespace sluice {

// Outputs a side of the tile of fewest products, the smaller of equals. Tiles of 3 and 4 amplify rounding: that of bf16
// too much.
int64_t winograd_tile(int32_t dtype, int64_t height, int64_t width);

// Whether a direction of this convolution goes this way: a rule of sizes and instruction sets, never of measured time.
bool winograd_suits(const sl_conv_shape& shape);

// Bytes of the weights transformed for the direction.
int64_t winograd_packed_bytes(const sl_conv_shape& shape, int32_t direction);

// Transforms OHWI weights for the direction (SL_CONV_FORWARD, SL_CONV_BACKWARD_DATA).
void winograd_pack(sl_context* context, const sl_conv_shape& shape, int32_t direction, const float* weights,
                   void* packed);

// Transforms OHWI weights to rows for the gated block, whose open channels it picks: [position][O][I] f32.
void winograd_pack_rows(sl_context* context, const sl_conv_shape& shape, const float* weights, float* packed);

// y or dx from x or dy. Throws std::bad_alloc.
void winograd_convolve(sl_context* context, const sl_conv_shape& shape, int32_t direction, const void* input,
                       const void* packed, void* output, bool accumulate);

// dw f32 OHWI from x and dy. Throws std::bad_alloc.
void winograd_backward_weights(sl_context* context, const sl_conv_shape& shape, const void* x, const void* dy,
                               float* dw, bool accumulate);

}  // namespace sluice
