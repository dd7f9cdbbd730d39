// The copies of pixels to tiles, in AVX-512.
#include "pixel_pairs.h"
#include "tiled_kernels.h"

namespace sluice {
namespace {

// Transposes 16 rows of 16 pairs.
SLUICE_SIMD_INLINE void transpose(__m512i (&rows)[16]) {
  __m512i mixed[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    mixed[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    mixed[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
  }
  // rows[4 * g + i] has, in quarter q, column 4 * q + i of the rows 4 * g to 4 * g + 3.
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    rows[i] = _mm512_unpacklo_epi64(mixed[i], mixed[i + 2]);
    rows[i + 1] = _mm512_unpackhi_epi64(mixed[i], mixed[i + 2]);
    rows[i + 2] = _mm512_unpacklo_epi64(mixed[i + 1], mixed[i + 3]);
    rows[i + 3] = _mm512_unpackhi_epi64(mixed[i + 1], mixed[i + 3]);
  }
  // The four groups' quarters change places.
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const __m512i even01 = _mm512_shuffle_i32x4(rows[i], rows[4 + i], _MM_SHUFFLE(2, 0, 2, 0));
    const __m512i even23 = _mm512_shuffle_i32x4(rows[8 + i], rows[12 + i], _MM_SHUFFLE(2, 0, 2, 0));
    const __m512i odd01 = _mm512_shuffle_i32x4(rows[i], rows[4 + i], _MM_SHUFFLE(3, 1, 3, 1));
    const __m512i odd23 = _mm512_shuffle_i32x4(rows[8 + i], rows[12 + i], _MM_SHUFFLE(3, 1, 3, 1));
    mixed[i] = _mm512_shuffle_i32x4(even01, even23, _MM_SHUFFLE(2, 0, 2, 0));
    mixed[4 + i] = _mm512_shuffle_i32x4(odd01, odd23, _MM_SHUFFLE(2, 0, 2, 0));
    mixed[8 + i] = _mm512_shuffle_i32x4(even01, even23, _MM_SHUFFLE(3, 1, 3, 1));
    mixed[12 + i] = _mm512_shuffle_i32x4(odd01, odd23, _MM_SHUFFLE(3, 1, 3, 1));
  }
  std::copy(mixed, mixed + 16, rows);
}

// A row of tiles of v for two pixels.
SLUICE_SIMD_INLINE void gather_inputs(int64_t channels, const bf16* first, const bf16* second, bf16* v) {
  for (int64_t channel = 0; channel < channels; channel += tile_lanes) {
    _mm512_store_si512(v, pixel_pairs(first, second, channel));
    v += tile_elements;
  }
}

// The tiles of w for 32 pixels.
SLUICE_SIMD_INLINE void gather_outputs(int64_t channels, const bf16* const (&pixels)[tile_depth], bf16* w) {
  for (int64_t channel = 0; channel < channels; channel += tile_lanes) {
    __m512i rows[tile_rows];
    for (int64_t pair = 0; pair < tile_rows; ++pair)
      rows[pair] = pixel_pairs(pixels[2 * pair], pixels[2 * pair + 1], channel);
    transpose(rows);
    for (int64_t row = 0; row < tile_rows; ++row) _mm512_store_si512(w + row * tile_depth, rows[row]);
    w += tile_elements;
  }
}

}  // namespace

SLUICE_SIMD void gather_tiles(const ConvGeometry& g, const void* x, const void* dy, int64_t first, int64_t begin,
                              int64_t end, const GradientOperands& operands) {
  OutputPixel pixel(g, first + begin);
  for (int64_t at = begin; at < end; at += tile_depth) {
    const bf16* outputs[tile_depth];
    for (int64_t pair = 0; pair < tile_rows; ++pair) {
      const OutputPixel one = pixel, other = pixel.next();
      outputs[2 * pair] = one.output(static_cast<const bf16*>(dy));
      outputs[2 * pair + 1] = other.output(static_cast<const bf16*>(dy));
      bf16* plane = static_cast<bf16*>(operands.v) + at * g.in_channels + pair * tile_depth;
      for (int64_t row = 0; row < g.kernel_height; ++row)
        for (int64_t column = 0; column < g.kernel_width; ++column) {
          gather_inputs(g.in_channels, one.input(static_cast<const bf16*>(x), row, column),
                        other.input(static_cast<const bf16*>(x), row, column), plane);
          plane += operands.v_plane;
        }
      pixel = other.next();
    }
    gather_outputs(g.out_channels, outputs, static_cast<bf16*>(operands.w) + at * g.out_channels);
  }
}

}  // namespace sluice
