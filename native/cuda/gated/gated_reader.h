// How a tile of a gated convolution reads its operands: rows are output pixels, columns are output channels, and sums
// run over the taps and the input channels of each tap.
#pragma once

#include "gated_lists.h"

namespace sluice {
namespace {

// A tile's columns come in chunks; a block computes only the chunks that have channels. Each warp has 16 rows of all
// chunks, so that warps have equal work however few channels are open. Each of its lanes has four rows by two columns
// of every chunk.
constexpr int tile_columns = 64;
constexpr int chunk_columns = 16;
constexpr int most_chunks = tile_columns / chunk_columns;
constexpr int lane_rows = 4;
constexpr int lane_columns = 2;
constexpr int warp_lanes_across = chunk_columns / lane_columns;
constexpr int warp_rows = warp_threads / warp_lanes_across * lane_rows;
constexpr int tile_threads = tile_rows / warp_rows * warp_threads;
constexpr int tile_depth = 16;  // terms of every sum that are in shared memory at a time
// A sum is the sum of its segments, of this many steps each. If a device has more processors than there are tiles, they
// share a tile's segments, which changes no bit.
constexpr int segment_steps = 32;
constexpr int four = 4;
constexpr int fours_deep = tile_depth / four;
constexpr int reads = tile_rows * fours_deep / tile_threads;  // of a thread, for the rows and again for the columns
static_assert(tile_rows == tile_columns && reads * tile_threads == tile_rows * fours_deep);

// Floats that are read or written with one access.
struct alignas(16) Four {
  float at[four];
};
struct alignas(8) Two {
  float at[lane_columns];
};

// A convolution with a kernel of Side x Side. It reads either all channels of an activation or the open channels of a
// hidden map, and writes one or the other: `OpenInputs` and `OpenOutputs` are the numbers of the masks that open them,
// or every_channel.
constexpr int every_channel = -1;

template <int Side, int OpenInputs, int OpenOutputs>
struct ConvolutionKind {
  static constexpr int side = Side, taps = Side * Side, padding = Side / 2;
  static constexpr int inputs = OpenInputs, outputs = OpenOutputs;
  static constexpr bool hidden_input = OpenInputs != every_channel, hidden_output = OpenOutputs != every_channel;
  static_assert(hidden_input || hidden_output);
};

// One convolution, for the images of a chunk.
struct Pass {
  Groups groups;         // of output pixels
  const float* input;    // an activation, or hidden maps
  const float* weights;  // packed
  const float* scale;
  const float* shift;
  const float* residual;  // if the output is an activation
  float* output;          // hidden maps, or an activation
  int64_t height, width;  // of the input
  int32_t in_channels;    // open or not
  int32_t out_channels;   // open or not
  int32_t stride;
  int64_t out_width;
  int32_t column_tiles;  // for every output channel
  int32_t segments;      // the most of a sum
  int32_t splits;        // blocks that share a tile
  float* partials;       // the sums of segments, if there is more than one split
  bool pairs;            // whether two channels are one access to the residual and the activation written
};

// A hidden map is [pixels, padded open channels]; its room is for [pixels, padded channels].
SL_HOST_DEVICE constexpr int64_t hidden_floats(int64_t pixels, int64_t channels) { return pixels * padded(channels); }

// The channels that one of the masks opens in the images of a tile.
struct Opened {
  const int32_t* list;
  int32_t count;
};

template <int which>
__device__ Opened opened(const Pass& pass, int32_t leader) {
  if constexpr (which == every_channel) {
    return {};
  } else {
    const OpenChannels& list = pass.groups.lists[which];
    return {list.open + int64_t{leader} * pass.groups.channels, list.counts[leader]};
  }
}

// Elements behind each line of a tile in shared memory: they spread what is stored down a column over the banks, and
// keep lines at multiples of 16 bytes.
template <typename T>
constexpr int line_padding = 16 / static_cast<int>(sizeof(T));

// The terms of two steps, as operands of type T.
template <typename T>
struct Terms {
  static constexpr int row_line = tile_rows + line_padding<T>, column_line = tile_columns + line_padding<T>;
  alignas(32) T rows[2][tile_depth][row_line];
  alignas(32) T columns[2][tile_depth][column_line];
};

template <typename T>
struct Shared {
  union {
    Terms<T> terms;
    alignas(32) float sums[tile_rows][tile_columns];  // once all terms are added, if warps hold sums together
  };
  int64_t input_at[tile_rows];   // the offset of a row's first tap, which may lie outside the map
  int64_t output_at[tile_rows];  // the offset of a row's outputs; below 0 past the group's rows
  uint32_t inside[tile_rows];    // a bit for each tap that is within the map
};

// Finds the pixels of the tile's rows, one row a thread. `depth` and `out_depth` are the floats a pixel of input and
// output.
template <typename Kind, typename T>
__device__ void find_rows(const Pass& pass, const RowTile& tile, int64_t depth, int64_t out_depth, Shared<T>& shared) {
  if (threadIdx.x >= tile_rows) return;
  const int64_t row = int64_t{tile.tile} * tile_rows + threadIdx.x, pixels = pass.groups.pixels;
  int64_t input_at = 0, output_at = -1;
  uint32_t inside = 0;
  if (row < tile.images * pixels) {
    const int64_t image = pass.groups.members[tile.first + row / pixels], pixel = row % pixels;
    const int64_t top = pixel / pass.out_width * pass.stride - Kind::padding;
    const int64_t left = pixel % pass.out_width * pass.stride - Kind::padding;
    for (int tap = 0; tap < Kind::taps; ++tap) {
      const int64_t y = top + tap / Kind::side, x = left + tap % Kind::side;
      if (y >= 0 && y < pass.height && x >= 0 && x < pass.width) inside |= 1u << tap;
    }
    const int64_t in_pixels = pass.height * pass.width;
    const int64_t in_floats = Kind::hidden_input ? hidden_floats(in_pixels, pass.in_channels) : in_pixels * depth;
    const int64_t out_floats = Kind::hidden_output ? hidden_floats(pixels, pass.out_channels) : pixels * out_depth;
    input_at = image * in_floats + (top * pass.width + left) * depth;
    output_at = image * out_floats + pixel * out_depth;
  }
  shared.input_at[threadIdx.x] = input_at;
  shared.output_at[threadIdx.x] = output_at;
  shared.inside[threadIdx.x] = inside;
}

// A term's place in the order of every sum: tap by tap, channel by channel. Past the end the tap is `taps`.
template <int taps>
struct Term {
  int tap;
  int32_t channel;

  __device__ void advance(int by, int32_t depth) {
    channel += by;
    while (tap < taps && channel >= depth) {
      channel -= depth;
      ++tap;
    }
  }
};

// Reads a thread's share of the tile's operands, tile_depth terms a step. For the rows, and for columns that are open
// outputs, a lane reads four terms, its neighbour the next four of the same row. If the columns are all outputs, the
// weights have output channels innermost, and a lane reads four columns of one term.
template <typename Kind, bool fours, typename T>
class Reader {
 public:
  // `first_column` is the tile's; columns are entries of the outputs' list, or channels. Reads from `first_step` on.
  __device__ Reader(const Pass& pass, const Shared<T>& shared, int32_t depth, const Opened& inputs,
                    const Opened& outputs, int32_t first_column, int32_t first_step)
      : pass_(pass), inputs_(inputs), depth_(depth), row_term_{0, 0} {
    const int deep = threadIdx.x % fours_deep * four, line = threadIdx.x / fours_deep;
    const int32_t first_term = first_step * tile_depth;
    row_term_.advance(first_term + deep, depth);
    for (int i = 0; i < reads; ++i) {
      const int row = line + i * (tile_threads / fours_deep);
      input_at_[i] = shared.input_at[row];
      inside_[i] = shared.inside[row];
      if constexpr (Kind::hidden_output) {
        const int32_t entry = first_column + row;
        const int64_t terms = int64_t{Kind::taps} * pass.in_channels;
        column_at_[i] = entry < outputs.count ? outputs.list[entry] * padded(terms) : -1;
        if constexpr (!Kind::hidden_input) column_at_[i] += column_at_[i] < 0 ? 0 : first_term + deep;
      } else {
        const int64_t column = first_column + threadIdx.x % (tile_columns / four) * four;
        column_at_[i] = column < pass.out_channels ? column : -1;
        column_terms_[i] = {0, 0};
        column_terms_[i].advance(first_term + column_line(i), depth);
      }
    }
  }

  // Reads the present step and advances to the next.
  __device__ void read() {
    const int64_t offset = tap_offset(row_term_);
    for (int i = 0; i < reads; ++i) rows_[i] = read_row(input_at_[i], inside_[i], offset);
    for (int i = 0; i < reads; ++i) {
      if constexpr (!Kind::hidden_output) {
        columns_[i] = read_columns(i);
      } else if constexpr (Kind::hidden_input) {
        columns_[i] = gather_column(i);
      } else {
        columns_[i] = read_column(i);
      }
    }
    row_term_.advance(tile_depth, depth_);
  }

  // Stores the step that was read, rounded to T.
  __device__ void store(Shared<T>& shared, int half) const {
    const int deep = threadIdx.x % fours_deep * four, line = threadIdx.x / fours_deep;
    Terms<T>& terms = shared.terms;
    for (int i = 0; i < reads; ++i) {
      const int row = line + i * (tile_threads / fours_deep);
      for (int k = 0; k < four; ++k) terms.rows[half][deep + k][row] = from_float<T>(rows_[i].at[k]);
      if constexpr (Kind::hidden_output) {
        for (int k = 0; k < four; ++k) terms.columns[half][deep + k][row] = from_float<T>(columns_[i].at[k]);
      } else {
        const int column = threadIdx.x % (tile_columns / four) * four;
        struct alignas(four * sizeof(T)) Stored {
          T at[four];
        } stored;
        for (int k = 0; k < four; ++k) stored.at[k] = from_float<T>(columns_[i].at[k]);
        *reinterpret_cast<Stored*>(&terms.columns[half][column_line(i)][column]) = stored;
      }
    }
  }

 private:
  // The term, of a step, whose weights this thread reads for four columns.
  static __device__ int column_line(int i) {
    constexpr int across = tile_columns / four;
    return static_cast<int>(threadIdx.x) / across + i * (tile_threads / across);
  }

  __device__ int64_t tap_offset(const Term<Kind::taps>& term) const {
    return (term.tap / Kind::side * pass_.width + term.tap % Kind::side) * depth_ + term.channel;
  }

  __device__ Four read_row(int64_t input_at, uint32_t inside, int64_t offset) const {
    Four result{};
    if constexpr (fours) {
      // Four terms belong to one tap. Past the last tap the bit is 0.
      if ((inside >> row_term_.tap & 1u) != 0) result = *reinterpret_cast<const Four*>(pass_.input + input_at + offset);
    } else {
      Term<Kind::taps> term = row_term_;
      for (int k = 0; k < four; ++k) {
        if ((inside >> term.tap & 1u) != 0) result.at[k] = pass_.input[input_at + tap_offset(term)];
        term.advance(1, depth_);
      }
    }
    return result;
  }

  // Four terms of one output, of all inputs.
  __device__ Four read_column(int i) {
    // Weights are padded with zeros to whole fours.
    if (row_term_.tap == Kind::taps || column_at_[i] < 0) return Four{};
    const Four result = *reinterpret_cast<const Four*>(pass_.weights + column_at_[i]);
    column_at_[i] += tile_depth;
    return result;
  }

  // Four terms of one output, of open inputs. The hidden map's padding has no weights.
  __device__ Four gather_column(int i) const {
    Four result{};
    if (row_term_.tap == Kind::taps || column_at_[i] < 0) return result;
    const float* const weights = pass_.weights + column_at_[i] + int64_t{row_term_.tap} * pass_.groups.channels;
    const int32_t* const list = inputs_.list + row_term_.channel;
    const int32_t left = inputs_.count - row_term_.channel;
    // Gates that open channels in groups leave whole fours, which are one access.
    if (left >= four && pass_.groups.channels % four == 0 && list[0] % four == 0 &&
        list[four - 1] - list[0] == four - 1) {
      return *reinterpret_cast<const Four*>(weights + list[0]);
    }
    for (int k = 0; k < four && k < left; ++k) result.at[k] = weights[list[k]];
    return result;
  }

  // One term of four outputs, of open inputs.
  __device__ Four read_columns(int i) {
    Four result{};
    const Term<Kind::taps> term = column_terms_[i];
    // The hidden map's padding has no weights.
    if (term.tap < Kind::taps && term.channel < inputs_.count && column_at_[i] >= 0) {
      const int64_t line = int64_t{term.tap} * pass_.groups.channels + inputs_.list[term.channel];
      result = *reinterpret_cast<const Four*>(pass_.weights + line * padded(pass_.out_channels) + column_at_[i]);
    }
    column_terms_[i].advance(tile_depth, depth_);
    return result;
  }

  const Pass& pass_;
  const Opened inputs_;
  const int32_t depth_;
  Term<Kind::taps> row_term_;
  int64_t input_at_[reads];
  uint32_t inside_[reads];
  int64_t column_at_[reads];  // below 0 if there is no column
  Term<Kind::taps> column_terms_[reads];
  Four rows_[reads], columns_[reads];
};

}  // namespace
}  // namespace sluice
