// Checks and arithmetic of gates, for every device.
#pragma once

#include "norm_fold.h"
#include "size_checks.h"

namespace sluice {

inline int32_t check_gate_sample(int64_t n, const float* logits, const float* uniform, const float* setting,
                                 const float* mask, const float* soft) noexcept {
  SL_TRY(check_length("sl_gate_sample", n));
  if (n > 0) SL_REQUIRE_POINTERS("sl_gate_sample", logits, uniform, setting, mask, soft);
  return SL_OK;
}

inline int32_t check_gate_sample_backward(int64_t n, const float* soft, const float* dmask, const float* setting,
                                          const float* dlogits) noexcept {
  SL_TRY(check_length("sl_gate_sample_backward", n));
  if (n > 0) SL_REQUIRE_POINTERS("sl_gate_sample_backward", soft, dmask, setting, dlogits);
  return SL_OK;
}

inline int32_t check_gate_threshold(int64_t n, const float* logits, const float* mask) noexcept {
  SL_TRY(check_length("sl_gate_threshold", n));
  if (n > 0) SL_REQUIRE_POINTERS("sl_gate_threshold", logits, mask);
  return SL_OK;
}

// A gate's two layers at inference; `hidden` is the number of values between them.
struct GateLayers {
  int64_t in_channels, hidden, channels;
  const float *weight1, *mean, *variance, *gamma, *beta;
  float epsilon;
  const float *weight2, *bias;  // bias may be null

  // The norm and relu after the first layer's product. NaN stays NaN.
  SL_HOST_DEVICE static float activate(const FoldedNorm& norm, float product) {
    const float normed = norm.apply(product);
    return normed < 0.0f ? 0.0f : normed;
  }

  // Adds the bias to the second layer's product; gives 1 if the channel is open, else 0.
  SL_HOST_DEVICE float decide(int64_t channel, float product) const {
    const float logit = bias == nullptr ? product : product + bias[channel];
    return logit >= 0.0f ? 1.0f : 0.0f;
  }

  // The norm of one hidden value.
  SL_HOST_DEVICE FoldedNorm norm(int64_t unit) const {
    return fold_norm(mean[unit], variance[unit], gamma[unit], beta[unit], epsilon);
  }
};

inline int32_t check_gate_decide(int64_t batch, const GateLayers& g, const float* pooled, const float* mask) noexcept {
  SL_TRY(check_sizes("sl_gate_decide", batch, g.in_channels));
  SL_TRY(check_sizes("sl_gate_decide", g.hidden, g.channels));
  SL_TRY(check_countable("sl_gate_decide", {batch, g.hidden}));
  SL_TRY(check_countable("sl_gate_decide", {batch, g.channels}));
  SL_TRY(check_countable("sl_gate_decide", {g.hidden, g.in_channels}));
  if (batch * g.channels == 0) return SL_OK;
  SL_REQUIRE_POINTERS("sl_gate_decide", mask);
  if (g.hidden > 0) {
    SL_TRY(check_pointers("sl_gate_decide", "mean, variance, gamma, beta, weight2",
                          {g.mean, g.variance, g.gamma, g.beta, g.weight2}));
  }
  if (g.hidden * g.in_channels > 0) {
    SL_TRY(check_pointers("sl_gate_decide", "pooled, weight1", {pooled, g.weight1}));
  }
  return SL_OK;
}

}  // namespace sluice
