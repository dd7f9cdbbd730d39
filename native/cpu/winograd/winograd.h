// 3x3 convolutions of stride 1 by Winograd's minimal filtering (Lavin and Gray 2016), in f32 and bf16.
#pragma once

#include "../context.h"

namespace sluice {

// The side, in outputs, of the tile that needs the fewest products; ties go to the smaller tile. bf16 always takes 2,
// because tiles of 3 and 4 amplify its rounding too much.
int64_t winograd_tile(int32_t dtype, int64_t height, int64_t width);

// Whether Winograd's algorithm computes the shape on this processor. A rule, never measured time, so that runs repeat.
bool winograd_suits(const sl_conv_shape& shape);

// Bytes of the weights that are transformed for the direction.
int64_t winograd_packed_bytes(const sl_conv_shape& shape, int32_t direction);

// Transforms OHWI weights for the direction (SL_CONV_FORWARD, SL_CONV_BACKWARD_DATA).
void winograd_pack(sl_context* context, const sl_conv_shape& shape, int32_t direction, const float* weights,
                   void* packed);

// Transforms OHWI weights to [position][O][I] f32, from which the gated block picks the rows of open channels.
void winograd_pack_rows(sl_context* context, const sl_conv_shape& shape, const float* weights, float* packed);

// Transforms OHWI weights to [position][vector of 16 outputs][I][16] of the shape's dtype, from which the gated block
// picks vectors; in bf16 pairs of I are innermost.
void winograd_pack_vectors(sl_context* context, const sl_conv_shape& shape, const float* weights, void* packed);

// y or dx from x or dy. Throws std::bad_alloc.
void winograd_convolve(sl_context* context, const sl_conv_shape& shape, int32_t direction, const void* input,
                       const void* packed, void* output, bool accumulate);

// What follows a convolution at inference: y = relu(scale * conv(x) + shift + residual) * mask. Outputs that the mask
// closes are 0, whatever they would have been.
struct WinogradFollow {
  const float *scale, *shift;  // [O]
  const void* residual;        // as y, or null
  const float* mask;           // [image of x][O] of 0 and 1, or null
};

// A convolution at inference, for some images of the buffers.
struct WinogradInference {
  const int32_t *in_images, *out_images;  // the places of the images in x and y, shape.batch of them; in order if null
  WinogradFollow follow;
};

// All threads compute the images together. The bits of an image do not depend on the other images. Throws
// std::bad_alloc.
void winograd_infer(sl_context* context, const sl_conv_shape& shape, const WinogradInference& of, const void* x,
                    const void* packed, void* y);

// The same on the calling thread, with winograd_thread_floats of scratch. Of so many images together the transformed
// weights are fetched once.
int64_t winograd_images_together(const sl_conv_shape& shape);
int64_t winograd_thread_floats(const sl_conv_shape& shape);
void winograd_infer_on_thread(const sl_conv_shape& shape, const WinogradInference& of, const void* x,
                              const void* packed, void* y, float* scratch);

// dw f32 OHWI from x and dy. Throws std::bad_alloc.
void winograd_backward_weights(sl_context* context, const sl_conv_shape& shape, const void* x, const void* dy,
                               float* dw, bool accumulate);

}  // namespace sluice
