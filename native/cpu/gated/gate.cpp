// Bernoulli gates: sampled with straight-through Gumbel noise for training, thresholded for evaluation.
#include <cmath>

#include "../../common/gate_checks.h"
#include "../context.h"

namespace sluice {
namespace {

constexpr int64_t grain = 1 << 13;  // elements of a chunk; each costs two logarithms and an exponential

int32_t check_temperature(const char* name, float tau) {
  SL_REQUIRE(tau > 0.0f, "%s: tau is %g, must be positive", name, static_cast<double>(tau));
  return SL_OK;
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_gate_sample(sl_context* context, int64_t n, const float* logits, const float* uniform,
                              const float* setting, float* mask, float* soft) {
  SL_REQUIRE_POINTERS("sl_gate_sample", context);
  SL_TRY(check_gate_sample(n, logits, uniform, setting, mask, soft));
  if (n == 0) return SL_OK;
  const float factor = setting[0], tau = setting[1];
  SL_TRY(check_temperature("sl_gate_sample", tau));
  parallel_for(context->threads, n, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float noise = std::log(uniform[i] + 1e-8f) - std::log(1.0f - uniform[i] + 1e-8f);
      const float logit = factor * logits[i];
      const float value = 1.0f / (1.0f + std::exp(-(logit + noise) / tau));
      soft[i] = value;
      mask[i] = value >= 0.5f ? 1.0f : 0.0f;
    }
  });
  return SL_OK;
}

SL_API int32_t sl_gate_sample_backward(sl_context* context, int64_t n, const float* soft, const float* dmask,
                                       const float* setting, float* dlogits, int32_t accumulate) {
  SL_REQUIRE_POINTERS("sl_gate_sample_backward", context);
  SL_TRY(check_gate_sample_backward(n, soft, dmask, setting, dlogits));
  if (n == 0) return SL_OK;
  const float factor = setting[0], tau = setting[1];
  SL_TRY(check_temperature("sl_gate_sample_backward", tau));
  parallel_for(context->threads, n, grain, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) {
      const float gradient = factor * (dmask[i] * soft[i] * (1.0f - soft[i]) / tau);
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
