// Bernoulli gates: sampled with straight-through Gumbel noise for training, thresholded for evaluation.
#include <cmath>

#include "../../common/gate_checks.h"
#include "../context.h"

namespace sluice {
namespace {
constexpr int64_t grain = 1 << 13;  // elements of a chunk; each costs two logarithms and an exponential
}
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_gate_sample(sl_context* context, int64_t n, const float* logits, const float* uniform, float tau,
                              float* mask, float* soft) {
  SL_REQUIRE_POINTERS("sl_gate_sample", context);
  SL_TRY(check_gate_sample(n, logits, uniform, tau, mask, soft));
  parallel_for(context->threads, n, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float noise = std::log(uniform[i] + 1e-8f) - std::log(1.0f - uniform[i] + 1e-8f);
      const float value = 1.0f / (1.0f + std::exp(-(logits[i] + noise) / tau));
      soft[i] = value;
      mask[i] = value >= 0.5f ? 1.0f : 0.0f;
    }
  });
  return SL_OK;
}

SL_API int32_t sl_gate_sample_backward(sl_context* context, int64_t n, const float* soft, const float* dmask, float tau,
                                       float* dlogits, int32_t accumulate) {
  SL_REQUIRE_POINTERS("sl_gate_sample_backward", context);
  SL_TRY(check_gate_sample_backward(n, soft, dmask, tau, dlogits));
  parallel_for(context->threads, n, grain, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) {
      const float gradient = dmask[i] * soft[i] * (1.0f - soft[i]) / tau;
      dlogits[i] = accumulate != 0 ? dlogits[i] + gradient : gradient;
    }
  });
  return SL_OK;
}

SL_API int32_t sl_gate_threshold(sl_context* context, int64_t n, const float* logits, float* mask) {
  SL_REQUIRE_POINTERS("sl_gate_threshold", context);
  SL_TRY(check_gate_threshold(n, logits, mask));
  parallel_for(context->threads, n, grain, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) mask[i] = logits[i] >= 0.0f ? 1.0f : 0.0f;
  });
  return SL_OK;
}
