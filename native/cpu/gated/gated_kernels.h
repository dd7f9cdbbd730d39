// The convolutions of a gated block on one image, as each instruction set provides them.
#pragma once

#include <algorithm>
#include <cstdint>

namespace sluice {

// A closing convolution's weights are packed in groups of this many output channels; the last group may be narrower:
// [group][tap][input channel][channel of the group]. The weights of one open channel are a contiguous run. A whole
// group is contiguous too, so that it does not fall on the same few cache sets as a column of [9 C, C] would.
constexpr int64_t gated_group = 64;

// Floats of the widest vector; lists and hidden maps are padded to whole vectors.
constexpr int64_t gated_vector = 16;

// How many open channels before its products a weight is prefetched. A list of open channels continues for this many
// entries into the next tap: entry count + i is entry i plus the number of channels.
constexpr int64_t gated_ahead = 32;

// With so few of Winograd's tiles an image multiplies each weight only a few times. Tiles of several images then share
// it.
constexpr int64_t gated_few_tiles = 4;

// Calls body(begin, length) over [0, n) cut into the fewest pieces of at most `most`, as equal as they can be.
template <typename Body>
inline void for_pieces(int64_t n, int64_t most, const Body& body) {
  const int64_t pieces = (n + most - 1) / most;
  for (int64_t piece = 0, begin = 0; piece < pieces; ++piece) {
    const int64_t length = n / pieces + (piece < n % pieces ? 1 : 0);
    body(begin, length);
    begin += length;
  }
}

// Maps and weights are f32, or bf16 if the block is. Sums, scales and shifts are f32.

// Whole vectors of open channels that are neighbours: entries of a list from `entry` on, channels from `channel` on.
struct VectorRun {
  int32_t entry, channel, length;
};

// The inputs that take part in products with `channels` inputs of the weights: all of them, or a list of open ones.
struct InputRuns {
  const VectorRun* runs;
  int64_t count, channels;
  bool listed;
};

// hidden [pixel][entry] = relu(scale * conv(x) + shift), for the open channels only. The kernel is 3x3 with padding 1,
// or 1x1 on a map that is one row of pixels.
struct OpeningConvolution {
  const void* x;  // [height, width, in_channels], of which the runs of `inputs` take part
  int64_t height, width, in_channels, stride;
  int64_t out_height, out_width, channels;
  // [channels, tap, in_channels], or Winograd's [position][channels][in_channels]. If gates open whole vectors of
  // channels, [vector][tap][input][output of the vector], or Winograd's [position][vector][input][output]. In bf16,
  // pairs of inputs are innermost.
  const void* weights;
  const float *scale, *shift;  // by entry of the list, hidden_channels of each
  const int32_t* open;         // the open channels, ascending, and gated_ahead entries more
  int64_t open_count;
  void* hidden;                     // hidden_channels elements a pixel, of which open_count are written
  int64_t hidden_channels;          // a multiple of 16 for Winograd's kernels
  const uint16_t* lanes;            // by vector of the list, a bit for each lane whose channel is open
  bool in_vectors = false;          // whether gates open whole vectors, so that the list holds whole vectors
  const int32_t* before = nullptr;  // how many are in the list before each gated_vector channels, and in all
  const void* zeros = nullptr;      // in_channels of them
  InputRuns inputs = {};            // for lists in vectors

  // The first entry of the list that is `channel` or above.
  int64_t entry_of(int64_t channel) const { return std::lower_bound(open, open + open_count, channel) - open; }
};

// y [height, width, channels] = relu(scale * conv(hidden) + shift + residual), hidden [height, width, hidden_channels].
// The kernel is 3x3 with padding 1, or 1x1 on a map that is one row of pixels; the stride is 1.
struct ClosingConvolution {
  const void* hidden;
  int64_t hidden_channels;
  const int32_t* open;
  int64_t open_count;
  const int32_t* before;  // how many are open before each gated_vector inputs, and in all
  bool in_vectors;        // whether the list holds whole vectors
  int64_t height, width, in_channels, channels;
  const void* packed;          // in groups of gated_group, or in the order of Winograd's ordinary convolution
  const float *scale, *shift;  // [channels]
  const void* residual;        // [height, width, channels]
  void* y;
  float* pooled;     // [channels], or null
  InputRuns inputs;  // for lists in vectors
};

// Which inputs are open, for vectors of any length.
struct WantedInputs {
  const int32_t* open;  // ascending, and gated_ahead entries more
  int64_t open_count;
  const int32_t* before;  // how many are open before each eight inputs
  int64_t channels;       // inputs, open or not
};

struct GatedKernels {
  // Entries [open_begin, open_end) of the list of open channels, output rows [row_begin, row_end).
  void (*opening)(const OpeningConvolution&, int64_t open_begin, int64_t open_end, int64_t row_begin, int64_t row_end);
  // Groups [group_begin, group_end) of output channels, output rows [row_begin, row_end).
  void (*closing)(const ClosingConvolution&, int64_t group_begin, int64_t group_end, int64_t row_begin,
                  int64_t row_end);
  int64_t opening_channels;  // open channels in one register tile of `opening`

  // The same with kernels of 1x1, for pixels [pixel_begin, pixel_end) of the map's row.
  void (*opening_of_pixels)(const OpeningConvolution&, int64_t open_begin, int64_t open_end, int64_t pixel_begin,
                            int64_t pixel_end);
  void (*closing_of_pixels)(const ClosingConvolution&, int64_t group_begin, int64_t group_end, int64_t pixel_begin,
                            int64_t pixel_end);
  // to [rows, pitch] = the open columns of from [rows, channels], then zeros.
  void (*take)(const WantedInputs&, const float* from, int64_t rows, int64_t pitch, float* to);
};

// `opening` of lists in vectors. No other instruction set has it.
void gated_opening_vectors_f32(const OpeningConvolution& a, int64_t open_begin, int64_t open_end, int64_t row_begin,
                               int64_t row_end);
void gated_opening_vectors_bf16(const OpeningConvolution& a, int64_t open_begin, int64_t open_end, int64_t row_begin,
                                int64_t row_end);

// `opening_of_pixels` and `closing_of_pixels` of lists in vectors. A group of outputs is a vector.
void gated_opening_pixels_bf16(const OpeningConvolution& a, int64_t open_begin, int64_t open_end, int64_t pixel_begin,
                               int64_t pixel_end);
void gated_closing_pixels_bf16(const ClosingConvolution& a, int64_t group_begin, int64_t group_end, int64_t pixel_begin,
                               int64_t pixel_end);

extern const GatedKernels gated_avx2;
extern const GatedKernels gated_avx512;

}  // namespace sluice
