// What gates check and compute alike on every device.
#pragma once

#include "norm_fold.h"
#include "size_checks.h"

namespace sluice {

inline int32_t check_temperature(const char* name, int64_t n, float tau) noexcept {
  SL_TRY(check_length(name, n));
  SL_REQUIRE(tau > 0.0f, "%s: tau is %g, must be positive", name, static_cast<double>(tau));
  return SL_OK;
}

inline int32_t check_gate_sample(int64_t n, const float* logits, const float* uniform, float tau, const float* mask,
                                 const float* soft) noexcept {
  SL_TRY(check_temperature("sl_gate_sample", n, tau));
  SL_REQUIRE(n == 0 || (logits != nullptr && uniform != nullptr && mask != nullptr && soft != nullptr),
             "sl_gate_sample: logits, uniform, mask or soft is NULL");
  return SL_OK;
}

inline int32_t check_gate_sample_backward(int64_t n, const float* soft, const float* dmask, float tau,
                                          const float* dlogits) noexcept {
  SL_TRY(check_temperature("sl_gate_sample_backward", n, tau));
  SL_REQUIRE(n == 0 || (soft != nullptr && dmask != nullptr && dlogits != nullptr),
             "sl_gate_sample_backward: soft, dmask or dlogits is NULL");
  return SL_OK;
}

inline int32_t check_gate_threshold(int64_t n, const float* logits, const float* mask) noexcept {
  SL_TRY(check_length("sl_gate_threshold", n));
  SL_REQUIRE(n == 0 || (logits != nullptr && mask != nullptr), "sl_gate_threshold: logits or mask is NULL");
  return SL_OK;
}

// A gate's two layers at inference, of `hidden` values between them.
struct GateLayers {
  int64_t in_channels, hidden, channels;
  const float *weight1, *mean, *variance, *gamma, *beta;
  float epsilon;
  const float *weight2, *bias;  // bias: null where logits have none

  // What follows a product of the first layer: norm and relu; NaN stays.
  SL_HOST_DEVICE static float activate(const FoldedNorm& norm, float product) {
    const float normed = norm.apply(product);
    return normed < 0.0f ? 0.0f : normed;
  }

  // What follows a product of the second layer: the bias, and whether the channel is open.
  SL_HOST_DEVICE float decide(int64_t channel, float product) const {
    const float logit = bias == nullptr ? product : product + bias[channel];
    return logit >= 0.0f ? 1.0f : 0.0f;
  }

  // The norm after the first layer.
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
  SL_REQUIRE(mask != nullptr, "sl_gate_decide: mask is NULL");
  SL_REQUIRE(g.hidden == 0 || (g.mean != nullptr && g.variance != nullptr && g.gamma != nullptr && g.beta != nullptr &&
                               g.weight2 != nullptr),
             "sl_gate_decide: mean, variance, gamma, beta or weight2 is NULL");
  SL_REQUIRE(g.hidden * g.in_channels == 0 || (pooled != nullptr && g.weight1 != nullptr),
             "sl_gate_decide: pooled or weight1 is NULL");
  return SL_OK;
}

}  // namespace sluice
