// SGD and LARS steps over many tensors at once.
#include <cmath>

#include "../common/optimiser_checks.h"
#include "packs.h"

namespace sluice {
namespace {

constexpr int piece_elements = 4096;  // elements that a block updates
constexpr int chunk_tensors = 64;     // tensors of a launch
constexpr int warps = block_threads / warp_threads;

// A group of tensors that are not empty, small enough for a kernel's parameters.
struct Chunk {
  float* parameters[chunk_tensors];
  const float* gradients[chunk_tensors];
  float* velocities[chunk_tensors];
  int64_t sizes[chunk_tensors];
  int64_t first_pieces[chunk_tensors + 1];  // tensor t has the pieces first_pieces[t] to first_pieces[t + 1] - 1
  float rates[chunk_tensors], weight_decays[chunk_tensors];
  int32_t adapt[chunk_tensors];
  int32_t count;
};
static_assert(sizeof(Chunk) <= 4096 - 64, "a kernel has room for 4 KB of parameters");

int64_t pieces_of(int64_t size) { return (size + piece_elements - 1) / piece_elements; }

struct Piece {
  int32_t tensor;
  int64_t begin;
  int length;
};

__device__ inline Piece piece_at(const Chunk& chunk, int64_t index) {
  int32_t tensor = 0;
  for (int32_t end = chunk.count; end - tensor > 1;) {
    const int32_t middle = (tensor + end) / 2;
    if (chunk.first_pieces[middle] <= index) {
      tensor = middle;
    } else {
      end = middle;
    }
  }
  const int64_t begin = (index - chunk.first_pieces[tensor]) * piece_elements;
  const int64_t left = chunk.sizes[tensor] - begin;
  return {tensor, begin, static_cast<int>(left < piece_elements ? left : piece_elements)};
}

using Four = Pack<float, 4>;

__device__ inline bool aligned(const float* x) { return reinterpret_cast<uintptr_t>(x) % alignof(Four) == 0; }

__device__ inline double square(float x) { return static_cast<double>(x) * static_cast<double>(x); }

// A thread's part of a piece. In doubles, because the square of a small gradient is 0 in f32.
__device__ inline double sum_of_squares(const float* x, int length) {
  const int fours = aligned(x) ? length / 4 : 0;
  double sum = 0.0;
  for (int i = threadIdx.x; i < fours; i += block_threads) {
    const Four four = Four::load(x + 4 * i);
    sum += (square(four.values[0]) + square(four.values[1])) + (square(four.values[2]) + square(four.values[3]));
  }
  for (int i = 4 * fours + static_cast<int>(threadIdx.x); i < length; i += block_threads) sum += square(x[i]);
  return sum;
}

// Writes the sums of squares of parameters and gradients for each piece of an adapted tensor.
__global__ void norms_kernel(const Chunk chunk, double* partials) {
  __shared__ double sums[2][warps];
  const Piece piece = piece_at(chunk, blockIdx.x);
  if (chunk.adapt[piece.tensor] == 0) return;  // alike for all threads of the block
  const double own_w = sum_of_squares(chunk.parameters[piece.tensor] + piece.begin, piece.length);
  const double own_g = sum_of_squares(chunk.gradients[piece.tensor] + piece.begin, piece.length);
  const double w = block_sum(own_w, sums[0]), g = block_sum(own_g, sums[1]);
  if (threadIdx.x == 0) {
    partials[2 * int64_t{blockIdx.x}] = w;
    partials[2 * int64_t{blockIdx.x} + 1] = g;
  }
}

// v = momentum v + trust (g + decay w); w -= rate v.
struct Update {
  float decay, trust, momentum, rate;

  __device__ void apply(float& w, float g, float& v) const {
    v = fmaf(momentum, v, trust * fmaf(decay, w, g));
    w = fmaf(-rate, v, w);
  }
};

// Sets the decay and trust of an adapted tensor from the sums of its pieces. Every block adds them in the same order.
__device__ inline void adapt(const double* partials, int64_t pieces, float trust_coefficient, float epsilon,
                             Update& update) {
  __shared__ double sums[2][warps];
  __shared__ float shared_decay, shared_trust;
  double own_w = 0.0, own_g = 0.0;
  for (int64_t piece = threadIdx.x; piece < pieces; piece += block_threads) {
    own_w += partials[2 * piece];
    own_g += partials[2 * piece + 1];
  }
  const double squares_w = block_sum(own_w, sums[0]), squares_g = block_sum(own_g, sums[1]);
  if (threadIdx.x == 0) {
    const double w = sqrt(squares_w), g = sqrt(squares_g), decay = static_cast<double>(update.decay);
    const double trust = static_cast<double>(trust_coefficient) * w / (g + decay * w + static_cast<double>(epsilon)) /
                         static_cast<double>(update.rate);
    const bool none = w == 0.0 || g == 0.0;
    shared_decay = none ? 0.0f : update.decay;
    shared_trust = none || trust > 1.0 ? 1.0f : static_cast<float>(trust);  // NaN stays NaN
  }
  __syncthreads();
  update.decay = shared_decay;
  update.trust = shared_trust;
}

// A step of plain SGD, or of LARS for adapted tensors.
__global__ void step_kernel(const Chunk chunk, const double* partials, float momentum, float trust_coefficient,
                            float epsilon) {
  const Piece piece = piece_at(chunk, blockIdx.x);
  const int32_t tensor = piece.tensor;
  Update update{chunk.weight_decays[tensor], 1.0f, momentum, chunk.rates[tensor]};
  if (chunk.adapt[tensor] != 0) {  // alike for all threads of the block
    adapt(partials + 2 * chunk.first_pieces[tensor], chunk.first_pieces[tensor + 1] - chunk.first_pieces[tensor],
          trust_coefficient, epsilon, update);
  }
  float* __restrict__ const w = chunk.parameters[tensor] + piece.begin;
  const float* __restrict__ const g = chunk.gradients[tensor] + piece.begin;
  float* __restrict__ const v = chunk.velocities[tensor] + piece.begin;
  const int fours = aligned(w) && aligned(g) && aligned(v) ? piece.length / 4 : 0;
  for (int i = threadIdx.x; i < fours; i += block_threads) {
    Four ws = Four::load(w + 4 * i), vs = Four::load(v + 4 * i);
    const Four gs = Four::load(g + 4 * i);
    for (int lane = 0; lane < 4; ++lane) update.apply(ws.values[lane], gs.values[lane], vs.values[lane]);
    vs.store(v + 4 * i);
    ws.store(w + 4 * i);
  }
  for (int i = 4 * fours + static_cast<int>(threadIdx.x); i < piece.length; i += block_threads) {
    update.apply(w[i], g[i], v[i]);
  }
}

void append(Chunk& chunk, const Tensors& tensors, int32_t t) {
  const int32_t place = chunk.count++;
  chunk.parameters[place] = tensors.parameter(t);
  chunk.gradients[place] = tensors.gradient(t);
  chunk.velocities[place] = tensors.velocity(t);
  chunk.sizes[place] = tensors.sizes[t];
  chunk.first_pieces[place + 1] = chunk.first_pieces[place] + pieces_of(tensors.sizes[t]);
  chunk.rates[place] = tensors.rates[t];
  chunk.weight_decays[place] = tensors.weight_decays[t];
  chunk.adapt[place] = tensors.adapt == nullptr ? 0 : tensors.adapt[t];
}

// Steps all tensors, chunk by chunk. `name` is the exported function.
int32_t step(sl_context* context, const char* name, const Tensors& tensors, float momentum, float trust_coefficient,
             float epsilon) {
  int64_t pieces = 0;
  bool adapted = false;
  for (int32_t t = 0; t < tensors.count; ++t) {
    pieces += pieces_of(tensors.sizes[t]);
    adapted = adapted || (tensors.adapt != nullptr && tensors.adapt[t] != 0);
  }
  const int64_t bytes = adapted ? 2 * pieces * static_cast<int64_t>(sizeof(double)) : 0;
  const Scratch scratch(context->allocator, bytes);
  if (bytes > 0 && !scratch) return out_of_memory(name, context->allocator, bytes);
  double* const partials = scratch.get<double>();  // reused by every chunk: the stream runs one after another
  Chunk chunk{};
  for (int32_t t = 0; t < tensors.count; ++t) {
    if (tensors.sizes[t] > 0) append(chunk, tensors, t);
    if (chunk.count < chunk_tensors && t + 1 < tensors.count) continue;
    const dim3 blocks = grid_of(chunk.first_pieces[chunk.count]);
    if (adapted) SL_TRY(launch(context, name, blocks, block_threads, norms_kernel, chunk, partials));
    SL_TRY(launch(context, name, blocks, block_threads, step_kernel, chunk, partials, momentum, trust_coefficient,
                  epsilon));
    chunk.count = 0;
  }
  return SL_OK;
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_sgd_step(sl_context* context, int32_t tensors, const uint64_t* host_parameters,
                           const uint64_t* host_gradients, const uint64_t* host_velocities, const int64_t* host_sizes,
                           const float* host_rates, const float* host_weight_decays, float momentum) {
  SL_BEGIN
  SL_ENTER("sl_sgd_step", context);
  const Tensors all{tensors,    host_parameters, host_gradients,     host_velocities,
                    host_sizes, host_rates,      host_weight_decays, nullptr};
  SL_TRY(check_tensors("sl_sgd_step", all));
  return step(context, "sl_sgd_step", all, momentum, 0.0f, 0.0f);
  SL_END("sl_sgd_step")
}

SL_API int32_t sl_lars_step(sl_context* context, int32_t tensors, const uint64_t* host_parameters,
                            const uint64_t* host_gradients, const uint64_t* host_velocities, const int64_t* host_sizes,
                            const float* host_rates, const float* host_weight_decays, const int32_t* host_adapt,
                            float momentum, float trust_coefficient, float epsilon) {
  SL_BEGIN
  SL_ENTER("sl_lars_step", context);
  const Tensors all{tensors,    host_parameters, host_gradients,     host_velocities,
                    host_sizes, host_rates,      host_weight_decays, host_adapt};
  SL_TRY(check_lars_step(all));
  return step(context, "sl_lars_step", all, momentum, trust_coefficient, epsilon);
  SL_END("sl_lars_step")
}
