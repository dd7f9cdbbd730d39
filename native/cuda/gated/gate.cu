// Bernoulli gates: sampled with straight-through Gumbel noise for training, thresholded for evaluation.
#include <cmath>

#include "../../common/gate_checks.h"
#include "../launch.h"

using namespace sluice;

SL_API int32_t sl_gate_sample(sl_context* context, int64_t n, const float* logits, const float* uniform,
                              const float* setting, float* mask, float* soft) {
  SL_ENTER("sl_gate_sample", context);
  SL_TRY(check_gate_sample(n, logits, uniform, setting, mask, soft));
  return for_each(context, "sl_gate_sample", n, [=, fault = context->fault] __device__(int64_t i) {
    const float factor = setting[0], tau = setting[1];
    if (!(tau > 0.0f)) *fault = fault_gate_temperature;
    const float noise = logf(uniform[i] + 1e-8f) - logf(1.0f - uniform[i] + 1e-8f);
    const float value = 1.0f / (1.0f + expf(-(factor * logits[i] + noise) / tau));
    soft[i] = value;
    mask[i] = value >= 0.5f ? 1.0f : 0.0f;
  });
}

SL_API int32_t sl_gate_sample_backward(sl_context* context, int64_t n, const float* soft, const float* dmask,
                                       const float* setting, float* dlogits, int32_t accumulate) {
  SL_ENTER("sl_gate_sample_backward", context);
  SL_TRY(check_gate_sample_backward(n, soft, dmask, setting, dlogits));
  return for_each(context, "sl_gate_sample_backward", n, [=, fault = context->fault] __device__(int64_t i) {
    const float factor = setting[0], tau = setting[1];
    if (!(tau > 0.0f)) *fault = fault_gate_temperature;
    const float gradient = factor * (dmask[i] * soft[i] * (1.0f - soft[i]) / tau);
    dlogits[i] = accumulate != 0 ? dlogits[i] + gradient : gradient;
  });
}

SL_API int32_t sl_gate_threshold(sl_context* context, int64_t n, const float* logits, float* mask) {
  SL_ENTER("sl_gate_threshold", context);
  SL_TRY(check_gate_threshold(n, logits, mask));
  return for_each(context, "sl_gate_threshold", n,
                  [=] __device__(int64_t i) { mask[i] = logits[i] >= 0.0f ? 1.0f : 0.0f; });
}
