// Register tiles of a gated block's convolutions, written once for vectors of any length.
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "gated_kernels.h"

// The including file defines SLUICE_SIMD, the attribute that lets a function use the instruction set, and a class Simd:
//   Register, lanes; zero, load, broadcast, multiply_add(a, b, c) = a b + c, add, relu, store;
//   pick(p, v): element i is element p[i] modulo lanes of v;
//   load_first(p, n): the first n lanes, zeros behind them; store_first(p, n, v) writes only the first n lanes;
//   store_sums<n>(registers, scale, shift, p): p[i] = relu(scale[i] * (sum of the lanes of registers[i]) + shift[i]),
//   i < n;
//   opening_channels, opening_pixels, closing_vectors, closing_pixels: the largest tiles that spill no register.
// With sanitizers, unrolled loops take minutes to compile and test nothing more.
#ifdef SLUICE_SANITIZE
#define SLUICE_UNROLL
#else
#define SLUICE_UNROLL _Pragma("GCC unroll 32")
#endif

namespace sluice {
namespace {

// ---- opening convolution: dot products along the input channels, which are contiguous in NHWC and in OHWI. The cost
// is proportional to the number of open channels: no weights are gathered and no lane is idle.

// sums[o][p] += products of `length` elements, for the tile's pixels except the leading `First` and the trailing
// `Last`, whose tap lies outside the image. x points to the first pixel that takes part.
template <typename Simd, int Channels, int Pixels, int First, int Last>
SLUICE_SIMD inline void dot_run(typename Simd::Register (&sums)[Channels][Pixels],
                                const float* const (&weights)[Channels], int64_t offset, const float* x,
                                int64_t pixel_stride, int64_t length) {
  using Register = typename Simd::Register;
  int64_t k = 0;
  for (; k + Simd::lanes <= length; k += Simd::lanes) {
    Register w[Channels];
    SLUICE_UNROLL for (int o = 0; o < Channels; ++o) w[o] = Simd::load(weights[o] + offset + k);
    SLUICE_UNROLL for (int p = First; p < Pixels - Last; ++p) {
      const Register value = Simd::load(x + (p - First) * pixel_stride + k);
      SLUICE_UNROLL for (int o = 0; o < Channels; ++o) sums[o][p] = Simd::multiply_add(value, w[o], sums[o][p]);
    }
  }
  if (k == length) return;
  Register w[Channels];
  SLUICE_UNROLL for (int o = 0; o < Channels; ++o) w[o] = Simd::load_first(weights[o] + offset + k, length - k);
  SLUICE_UNROLL for (int p = First; p < Pixels - Last; ++p) {
    const Register value = Simd::load_first(x + (p - First) * pixel_stride + k, length - k);
    SLUICE_UNROLL for (int o = 0; o < Channels; ++o) sums[o][p] = Simd::multiply_add(value, w[o], sums[o][p]);
  }
}

// Adds the products of a kernel of 3x3.
template <typename Simd, int Channels, int Pixels>
SLUICE_SIMD inline void dot_taps(typename Simd::Register (&sums)[Channels][Pixels],
                                 const float* const (&weights)[Channels], const OpeningConvolution& a, int64_t row,
                                 int64_t column) {
  const int64_t depth = a.in_channels, spacing = a.stride * depth, left = column * a.stride - 1;
  const bool cut_left = left < 0, cut_right = left + (Pixels - 1) * a.stride + 2 >= a.width;
  for (int64_t ky = 0; ky < 3; ++ky) {
    const int64_t y = row * a.stride - 1 + ky;
    if (y < 0 || y >= a.height) continue;
    const float* x = static_cast<const float*>(a.x) + y * a.width * depth;
    const int64_t tap = ky * 3 * depth;
    // Neighbouring taps are contiguous in x and in the weights: taps inside the image for every pixel are one run.
    const int64_t begin = cut_left ? 1 : 0, end = cut_right ? 2 : 3;
    if (cut_left) {
      dot_run<Simd, Channels, Pixels, 1, 0>(sums, weights, tap, x + (left + a.stride) * depth, spacing, depth);
    }
    dot_run<Simd, Channels, Pixels, 0, 0>(sums, weights, tap + begin * depth, x + (left + begin) * depth, spacing,
                                          (end - begin) * depth);
    if (cut_right) {
      dot_run<Simd, Channels, Pixels, 0, 1>(sums, weights, tap + 2 * depth, x + (left + 2) * depth, spacing, depth);
    }
  }
}

// `Side` is the kernel's height and width.
template <typename Simd, int Side, int Channels, int Pixels>
SLUICE_SIMD void opening_tile(const OpeningConvolution& a, int64_t entry, int64_t row, int64_t column) {
  typename Simd::Register sums[Channels][Pixels];
  const float* weights[Channels];
  SLUICE_UNROLL for (int o = 0; o < Channels; ++o) {
    weights[o] = static_cast<const float*>(a.weights) + a.open[entry + o] * Side * Side * a.in_channels;
    SLUICE_UNROLL for (int p = 0; p < Pixels; ++p) sums[o][p] = Simd::zero();
  }
  if constexpr (Side == 1) {
    const float* const x = static_cast<const float*>(a.x) + (row * a.width + column) * a.in_channels;
    dot_run<Simd, Channels, Pixels, 0, 0>(sums, weights, 0, x, a.in_channels, a.in_channels);
  } else {
    dot_taps<Simd, Channels, Pixels>(sums, weights, a, row, column);
  }
  SLUICE_UNROLL for (int p = 0; p < Pixels; ++p) {
    typename Simd::Register pixel[Channels];
    SLUICE_UNROLL for (int o = 0; o < Channels; ++o) pixel[o] = sums[o][p];
    float* const hidden = static_cast<float*>(a.hidden) + (row * a.out_width + column + p) * a.hidden_channels;
    Simd::template store_sums<Channels>(pixel, a.scale + entry, a.shift + entry, hidden + entry);
  }
}

// ---- closing convolution: outer products, vectors along the output channels, all of which are computed.

template <typename Simd, bool Tail>
SLUICE_SIMD inline typename Simd::Register load_vector(const float* p, int v, int64_t tail) {
  return Tail ? Simd::load_first(p, tail) : Simd::load(p + v * Simd::lanes);
}

// sums[p][v] += hidden pixels times weights over the open channels, for one tap. hidden points to the first pixel that
// takes part.
template <typename Simd, int Vectors, int Pixels, bool Tail, int First, int Last>
SLUICE_SIMD inline void outer_run(typename Simd::Register (&sums)[Pixels][Vectors], const ClosingConvolution& a,
                                  const float* weights, int64_t group_width, const float* hidden, int64_t tail) {
  using Register = typename Simd::Register;
  for (int64_t entry = 0; entry < a.open_count; ++entry) {
    const float* row = weights + a.open[entry] * group_width;
    if (Vectors > 1) {
      const float* ahead = weights + a.open[entry + gated_ahead] * group_width;
      SLUICE_UNROLL for (int v = 0; v < Vectors; ++v) __builtin_prefetch(ahead + v * Simd::lanes);
    }
    Register w[Vectors];
    SLUICE_UNROLL for (int v = 0; v < Vectors; ++v) w[v] = load_vector<Simd, Tail>(row, v, tail);
    SLUICE_UNROLL for (int p = First; p < Pixels - Last; ++p) {
      const Register value = Simd::broadcast(hidden + (p - First) * a.hidden_channels + entry);
      SLUICE_UNROLL for (int v = 0; v < Vectors; ++v) sums[p][v] = Simd::multiply_add(value, w[v], sums[p][v]);
    }
  }
}

// Adds the products of a kernel of 3x3.
template <typename Simd, int Vectors, int Pixels, bool Tail>
SLUICE_SIMD inline void outer_taps(typename Simd::Register (&sums)[Pixels][Vectors], const ClosingConvolution& a,
                                   const float* group, int64_t group_width, int64_t tail, int64_t row, int64_t column) {
  const int64_t tap = a.in_channels * group_width;
  const bool cut_left = column == 0, cut_right = column + Pixels == a.width;
  for (int64_t ky = 0; ky < 3; ++ky) {
    const int64_t y = row - 1 + ky;
    if (y < 0 || y >= a.height) continue;
    const float* hidden = static_cast<const float*>(a.hidden) + (y * a.width + column) * a.hidden_channels;
    const float* const next = hidden + a.hidden_channels;
    const float* weights = group + ky * 3 * tap;
    if (cut_left) {
      outer_run<Simd, Vectors, Pixels, Tail, 1, 0>(sums, a, weights, group_width, hidden, tail);
    } else {
      outer_run<Simd, Vectors, Pixels, Tail, 0, 0>(sums, a, weights, group_width, hidden - a.hidden_channels, tail);
    }
    outer_run<Simd, Vectors, Pixels, Tail, 0, 0>(sums, a, weights + tap, group_width, hidden, tail);
    if (cut_right) {
      outer_run<Simd, Vectors, Pixels, Tail, 0, 1>(sums, a, weights + 2 * tap, group_width, next, tail);
    } else {
      outer_run<Simd, Vectors, Pixels, Tail, 0, 0>(sums, a, weights + 2 * tap, group_width, next, tail);
    }
  }
}

// `Side` is the kernel's height and width.
template <typename Simd, int Side, int Vectors, int Pixels, bool Tail>
SLUICE_SIMD void closing_tile(const ClosingConvolution& a, const float* group, int64_t group_width, int64_t channel,
                              int64_t tail, int64_t row, int64_t column) {
  using Register = typename Simd::Register;
  const float* const residuals = static_cast<const float*>(a.residual);
  float* const outputs = static_cast<float*>(a.y);
  Register sums[Pixels][Vectors];
  SLUICE_UNROLL for (int p = 0; p < Pixels; ++p) {
    SLUICE_UNROLL for (int v = 0; v < Vectors; ++v) sums[p][v] = Simd::zero();
  }
  // Prefetches the residual and the output, which the end of the tile reads and writes.
  SLUICE_UNROLL for (int p = 0; p < Pixels; ++p) {
    const int64_t at = (row * a.width + column + p) * a.channels + channel;
    SLUICE_UNROLL for (int v = 0; v < Vectors; ++v) {
      __builtin_prefetch(residuals + at + v * Simd::lanes);
      __builtin_prefetch(outputs + at + v * Simd::lanes, 1);
    }
  }
  if constexpr (Side == 1) {
    const float* const hidden = static_cast<const float*>(a.hidden) + (row * a.width + column) * a.hidden_channels;
    outer_run<Simd, Vectors, Pixels, Tail, 0, 0>(sums, a, group, group_width, hidden, tail);
  } else {
    outer_taps<Simd, Vectors, Pixels, Tail>(sums, a, group, group_width, tail, row, column);
  }
  SLUICE_UNROLL for (int p = 0; p < Pixels; ++p) {
    const int64_t at = (row * a.width + column + p) * a.channels + channel;
    SLUICE_UNROLL for (int v = 0; v < Vectors; ++v) {
      const Register scale = load_vector<Simd, Tail>(a.scale + channel, v, tail);
      const Register shift = load_vector<Simd, Tail>(a.shift + channel, v, tail);
      const Register residual = load_vector<Simd, Tail>(residuals + at, v, tail);
      const Register value = Simd::relu(Simd::add(Simd::multiply_add(sums[p][v], scale, shift), residual));
      if (Tail) {
        Simd::store_first(outputs + at, tail, value);
      } else {
        Simd::store(outputs + at + v * Simd::lanes, value);
      }
    }
  }
}

// ---- loops over tiles

using OpeningTile = void (*)(const OpeningConvolution&, int64_t, int64_t, int64_t);
using ClosingTile = void (*)(const ClosingConvolution&, const float*, int64_t, int64_t, int64_t, int64_t, int64_t);

template <typename Simd, int Side, size_t... Index>
constexpr std::array<OpeningTile, sizeof...(Index)> opening_tiles(std::index_sequence<Index...>) {
  return {{&opening_tile<Simd, Side, Index / Simd::opening_pixels + 1, Index % Simd::opening_pixels + 1>...}};
}

template <typename Simd, int Side, size_t... Index>
constexpr std::array<ClosingTile, sizeof...(Index)> closing_tiles(std::index_sequence<Index...>) {
  return {{&closing_tile<Simd, Side, Index / Simd::closing_pixels + 1, Index % Simd::closing_pixels + 1, false>...}};
}

// Tiles one vector wide, for the channels that do not fill a vector.
template <typename Simd, int Side, size_t... Index>
constexpr std::array<ClosingTile, sizeof...(Index)> tail_tiles(std::index_sequence<Index...>) {
  return {{&closing_tile<Simd, Side, 1, Index + 1, true>...}};
}

// The tile of c channels by p pixels is element (c - 1) * opening_pixels + p - 1.
template <typename Simd, int Side>
const OpeningTile* all_opening_tiles() {
  constexpr auto tiles_from_zero = std::make_index_sequence<Simd::opening_channels * Simd::opening_pixels>();
  static constexpr auto tiles = opening_tiles<Simd, Side>(tiles_from_zero);
  return tiles.data();
}

// One pass over the pixels of a map's rows, for at most opening_channels channels.
template <typename Simd>
void opening_pass(const OpeningConvolution& a, const OpeningTile* tiles, int64_t entry, int64_t channels,
                  int64_t row_begin, int64_t row_end, int64_t column_begin, int64_t column_end) {
  for (int64_t row = row_begin; row < row_end; ++row) {
    for_pieces(column_end - column_begin, Simd::opening_pixels, [&](int64_t column, int64_t pixels) {
      tiles[(channels - 1) * Simd::opening_pixels + pixels - 1](a, entry, row, column_begin + column);
    });
  }
}

template <typename Simd>
void opening_convolution(const OpeningConvolution& a, int64_t open_begin, int64_t open_end, int64_t row_begin,
                         int64_t row_end) {
  const OpeningTile* const tiles = all_opening_tiles<Simd, 3>();
  for_pieces(open_end - open_begin, Simd::opening_channels, [&](int64_t entry, int64_t channels) {
    opening_pass<Simd>(a, tiles, open_begin + entry, channels, row_begin, row_end, 0, a.out_width);
  });
}

// Takes entries in pieces whose weights stay in a core's cache, and pixels in pieces that stay there while the weights
// pass over them: in the first-level cache if a tile of pixels fits it.
template <typename Simd>
void opening_of_pixels(const OpeningConvolution& a, int64_t open_begin, int64_t open_end, int64_t pixel_begin,
                       int64_t pixel_end) {
  constexpr int64_t cached_floats = int64_t{1} << 16, nearest_floats = 6 << 10;
  const OpeningTile* const tiles = all_opening_tiles<Simd, 1>();
  const int64_t depth = std::max<int64_t>(a.in_channels, 1);
  const int64_t most_entries = std::max<int64_t>(cached_floats / depth, Simd::opening_channels);
  const int64_t nearest_pixels = nearest_floats / depth;
  const int64_t most_pixels = nearest_pixels >= Simd::opening_pixels
                                  ? nearest_pixels
                                  : std::max<int64_t>(2 * cached_floats / depth, Simd::opening_pixels);
  for_pieces(open_end - open_begin, most_entries, [&](int64_t piece, int64_t entries) {
    for_pieces(pixel_end - pixel_begin, most_pixels, [&](int64_t pixel, int64_t pixels) {
      const int64_t begin = pixel_begin + pixel;
      for_pieces(entries, Simd::opening_channels, [&](int64_t entry, int64_t channels) {
        opening_pass<Simd>(a, tiles, open_begin + piece + entry, channels, 0, 1, begin, begin + pixels);
      });
    });
  });
}

// One pass over the pixels of a map's rows. tiles[p - 1] is p pixels long.
template <typename Simd>
void closing_pass(const ClosingConvolution& a, const ClosingTile* tiles, const float* weights, int64_t group_width,
                  int64_t channel, int64_t tail, int64_t row_begin, int64_t row_end, int64_t column_begin,
                  int64_t column_end) {
  for (int64_t row = row_begin; row < row_end; ++row) {
    for_pieces(column_end - column_begin, Simd::closing_pixels, [&](int64_t column, int64_t pixels) {
      tiles[pixels - 1](a, weights, group_width, channel, tail, row, column_begin + column);
    });
  }
}

template <typename Simd, int Side>
void closing_groups(const ClosingConvolution& a, int64_t group_begin, int64_t group_end, int64_t row_begin,
                    int64_t row_end, int64_t column_begin, int64_t column_end) {
  constexpr auto tiles_from_zero = std::make_index_sequence<Simd::closing_vectors * Simd::closing_pixels>();
  static constexpr auto tiles = closing_tiles<Simd, Side>(tiles_from_zero);
  static constexpr auto tails = tail_tiles<Simd, Side>(std::make_index_sequence<Simd::closing_pixels>());
  for (int64_t group = group_begin; group < group_end; ++group) {
    const int64_t first = group * gated_group, width = std::min(gated_group, a.channels - first);
    const int64_t tail = width % Simd::lanes, whole = width - tail;
    const float* weights = static_cast<const float*>(a.packed) + first * Side * Side * a.in_channels;
    for_pieces(whole / Simd::lanes, Simd::closing_vectors, [&](int64_t vector, int64_t vectors) {
      const int64_t channel = vector * Simd::lanes;
      closing_pass<Simd>(a, &tiles[(vectors - 1) * Simd::closing_pixels], weights + channel, width, first + channel, 0,
                         row_begin, row_end, column_begin, column_end);
    });
    if (tail == 0) continue;
    closing_pass<Simd>(a, tails.data(), weights + whole, width, first + whole, tail, row_begin, row_end, column_begin,
                       column_end);
  }
}

template <typename Simd>
void closing_convolution(const ClosingConvolution& a, int64_t group_begin, int64_t group_end, int64_t row_begin,
                         int64_t row_end) {
  closing_groups<Simd, 3>(a, group_begin, group_end, row_begin, row_end, 0, a.width);
}

template <typename Simd>
void closing_of_pixels(const ClosingConvolution& a, int64_t group_begin, int64_t group_end, int64_t pixel_begin,
                       int64_t pixel_end) {
  closing_groups<Simd, 1>(a, group_begin, group_end, 0, 1, pixel_begin, pixel_end);
}

// Stores the lanes that fit into a row of `pitch` floats, from place `at` on.
template <typename Simd>
SLUICE_SIMD inline void store_in_row(float* row, int64_t at, int64_t pitch, typename Simd::Register value) {
  if (at + Simd::lanes <= pitch) {
    Simd::store(row + at, value);
  } else {
    Simd::store_first(row + at, pitch - at, value);
  }
}

// Each vector is stored where its open elements begin. The next vector overwrites the rest of it.
template <typename Simd>
SLUICE_SIMD void take_inputs(const WantedInputs& wanted, const float* from, int64_t rows, int64_t pitch, float* to) {
  constexpr int64_t eights = Simd::lanes / 8;
  const int64_t tail = wanted.channels % Simd::lanes, whole = wanted.channels - tail;
  for (int64_t row = 0; row < rows; ++row, from += wanted.channels, to += pitch) {
    const int32_t* before = wanted.before;
    for (int64_t channel = 0; channel < whole; channel += Simd::lanes, before += eights) {
      store_in_row<Simd>(to, *before, pitch, Simd::pick(wanted.open + *before, Simd::load(from + channel)));
    }
    if (tail != 0) {
      store_in_row<Simd>(to, *before, pitch, Simd::pick(wanted.open + *before, Simd::load_first(from + whole, tail)));
    }
    for (int64_t rest = wanted.open_count; rest < pitch; rest += Simd::lanes) {
      store_in_row<Simd>(to, rest, pitch, Simd::zero());
    }
  }
}

template <typename Simd>
constexpr GatedKernels gated_kernels_of() {
  return {&opening_convolution<Simd>, &closing_convolution<Simd>, Simd::opening_channels,
          &opening_of_pixels<Simd>,   &closing_of_pixels<Simd>,   &take_inputs<Simd>};
}

}  // namespace
}  // namespace sluice
