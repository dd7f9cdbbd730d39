// SGD and LARS steps over many tensors at once.
#include <cmath>
#include <vector>

#include "../common/optimiser_checks.h"
#include "context.h"

namespace sluice {
namespace {

struct Chunk {
  int32_t tensor;
  int64_t begin, end;
};

// Cuts all tensors into chunks, so that one parallel loop serves large and small tensors.
std::vector<Chunk> cut(const Tensors& tensors) {
  constexpr int64_t length = 1 << 14;
  std::vector<Chunk> chunks;
  for (int32_t t = 0; t < tensors.count; ++t) {
    for (int64_t begin = 0; begin < tensors.sizes[t]; begin += length) {
      chunks.push_back({t, begin, std::min(tensors.sizes[t], begin + length)});
    }
  }
  return chunks;
}

double sum_of_squares(const float* x, int64_t begin, int64_t end) {
  double sum = 0.0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = begin; i < end; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return sum;
}

// v = momentum v + trust (g + decay w); w -= rate v.
struct Update {
  float decay, trust;
};

void sweep(const sl_context* context, const Tensors& tensors, const std::vector<Chunk>& chunks,
           const std::vector<Update>& updates, float momentum) {
  parallel_for(context->threads, static_cast<int64_t>(chunks.size()), 1, [&](int64_t index, int64_t) {
    const Chunk& chunk = chunks[static_cast<size_t>(index)];
    const Update update = updates[static_cast<size_t>(chunk.tensor)];
    const float rate = tensors.rates[chunk.tensor];
    float* const w = tensors.parameter(chunk.tensor);
    const float* const g = tensors.gradient(chunk.tensor);
    float* const v = tensors.velocity(chunk.tensor);
#pragma omp simd
    for (int64_t i = chunk.begin; i < chunk.end; ++i) {
      v[i] = momentum * v[i] + update.trust * (g[i] + update.decay * w[i]);
      w[i] -= rate * v[i];
    }
  });
}

// The sums of squares of every parameter and gradient. The chunks of a tensor are added in order.
void norms(const sl_context* context, const Tensors& tensors, const std::vector<Chunk>& chunks,
           std::vector<double>& parameter, std::vector<double>& gradient) {
  std::vector<double> partials(2 * chunks.size());
  parallel_for(context->threads, static_cast<int64_t>(chunks.size()), 1, [&](int64_t index, int64_t) {
    const Chunk& chunk = chunks[static_cast<size_t>(index)];
    partials[static_cast<size_t>(2 * index)] = sum_of_squares(tensors.parameter(chunk.tensor), chunk.begin, chunk.end);
    partials[static_cast<size_t>(2 * index + 1)] =
        sum_of_squares(tensors.gradient(chunk.tensor), chunk.begin, chunk.end);
  });
  for (size_t index = 0; index < chunks.size(); ++index) {
    parameter[static_cast<size_t>(chunks[index].tensor)] += partials[2 * index];
    gradient[static_cast<size_t>(chunks[index].tensor)] += partials[2 * index + 1];
  }
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_sgd_step(sl_context* context, int32_t tensors, const uint64_t* host_parameters,
                           const uint64_t* host_gradients, const uint64_t* host_velocities, const int64_t* host_sizes,
                           const float* host_rates, const float* host_weight_decays, float momentum) {
  SL_BEGIN
  SL_REQUIRE_POINTERS("sl_sgd_step", context);
  const Tensors all{tensors,    host_parameters, host_gradients,     host_velocities,
                    host_sizes, host_rates,      host_weight_decays, nullptr};
  SL_TRY(check_tensors("sl_sgd_step", all));
  std::vector<Update> updates;
  for (int32_t t = 0; t < tensors; ++t) updates.push_back({host_weight_decays[t], 1.0f});
  sweep(context, all, cut(all), updates, momentum);
  return SL_OK;
  SL_END("sl_sgd_step")
}

SL_API int32_t sl_lars_step(sl_context* context, int32_t tensors, const uint64_t* host_parameters,
                            const uint64_t* host_gradients, const uint64_t* host_velocities, const int64_t* host_sizes,
                            const float* host_rates, const float* host_weight_decays, const int32_t* host_adapt,
                            float momentum, float trust_coefficient, float epsilon) {
  SL_BEGIN
  SL_REQUIRE_POINTERS("sl_lars_step", context);
  const Tensors all{tensors,    host_parameters, host_gradients,     host_velocities,
                    host_sizes, host_rates,      host_weight_decays, host_adapt};
  SL_TRY(check_lars_step(all));
  std::vector<Chunk> adapted;
  const std::vector<Chunk> chunks = cut(all);
  for (const Chunk& chunk : chunks) {
    if (host_adapt[chunk.tensor] != 0) adapted.push_back(chunk);
  }
  std::vector<double> parameter(static_cast<size_t>(tensors)), gradient(static_cast<size_t>(tensors));
  norms(context, all, adapted, parameter, gradient);
  std::vector<Update> updates;
  for (int32_t t = 0; t < tensors; ++t) {
    const double w = std::sqrt(parameter[static_cast<size_t>(t)]), g = std::sqrt(gradient[static_cast<size_t>(t)]);
    const double decay = host_weight_decays[t];
    if (host_adapt[t] == 0) {
      updates.push_back({host_weight_decays[t], 1.0f});
    } else if (w == 0.0 || g == 0.0) {
      updates.push_back({0.0f, 1.0f});
    } else {
      const double trust = trust_coefficient * w / (g + decay * w + epsilon) / host_rates[t];
      updates.push_back({host_weight_decays[t], trust > 1.0 ? 1.0f : static_cast<float>(trust)});  // NaN stays NaN
    }
  }
  sweep(context, all, chunks, updates, momentum);
  return SL_OK;
  SL_END("sl_lars_step")
}
