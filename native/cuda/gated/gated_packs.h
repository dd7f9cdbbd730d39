// How the weights of gated convolutions are packed.
#pragma once

#include "gated_lists.h"

namespace sluice {
namespace {

// A convolution that writes open channels reads its terms along each output channel: [outputs, terms], rows padded.
inline int64_t row_floats(int64_t outputs, int64_t terms) { return outputs * padded(terms); }

inline int32_t pack_rows(const sl_context* context, const char* name, int64_t outputs, int64_t terms,
                         const float* weights, float* packed) {
  return for_each(context, name, row_floats(outputs, terms), [=] __device__(int64_t i) {
    const int64_t channel = i / padded(terms), term = i % padded(terms);
    packed[i] = term < terms ? weights[channel * terms + term] : 0.0f;
  });
}

// A convolution that writes all channels reads them along the outputs of each term: [terms, outputs], rows padded.
inline int64_t column_floats(int64_t outputs, int64_t terms) { return terms * padded(outputs); }

constexpr int pack_side = 32;

// packed [terms, padded channels] = weights [channels, terms] transposed. A block takes one square through shared
// memory, so that reads and writes are both contiguous.
__global__ void pack_columns_kernel(int64_t terms, int64_t channels, const float* weights, float* packed) {
  __shared__ float square[pack_side][pack_side + 1];
  const int64_t across = (padded(channels) + pack_side - 1) / pack_side;
  const int64_t first_term = blockIdx.x / across * pack_side, first_channel = blockIdx.x % across * pack_side;
  const int inner = threadIdx.x % pack_side, step = blockDim.x / pack_side;
  for (int line = threadIdx.x / pack_side; line < pack_side; line += step) {
    const int64_t channel = first_channel + line, term = first_term + inner;
    square[line][inner] = channel < channels && term < terms ? weights[channel * terms + term] : 0.0f;
  }
  __syncthreads();
  for (int line = threadIdx.x / pack_side; line < pack_side; line += step) {
    const int64_t channel = first_channel + inner, term = first_term + line;
    if (channel < padded(channels) && term < terms) packed[term * padded(channels) + channel] = square[inner][line];
  }
}

inline int32_t pack_columns(const sl_context* context, const char* name, int64_t outputs, int64_t terms,
                            const float* weights, float* packed) {
  const dim3 blocks = grid_of(pieces(terms, pack_side) * pieces(padded(outputs), pack_side));
  return launch(context, name, blocks, block_threads, pack_columns_kernel, terms, outputs, weights, packed);
}

}  // namespace
}  // namespace sluice
