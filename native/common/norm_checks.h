// The checks that the calls of batch norm start with, on every device.
#pragma once

#include "size_checks.h"

namespace sluice {

inline int32_t check_norm_channels(const char* name, int64_t channels) noexcept {
  SL_REQUIRE(channels >= 0, "%s: channels is negative (%lld)", name, (long long)channels);
  return check_countable(name, {channels});
}

inline int32_t check_norm_parameters(const char* name, const float* mean, const float* rstd, const float* gamma,
                                     const float* beta) noexcept {
  SL_REQUIRE(mean != nullptr && rstd != nullptr && gamma != nullptr && beta != nullptr,
             "%s: mean, rstd, gamma or beta is NULL", name);
  return SL_OK;
}

inline int32_t check_norm_statistics(int64_t rows, int64_t channels, const void* x, const float* statistics) noexcept {
  SL_TRY(check_sizes("sl_norm_statistics", rows, channels));
  SL_REQUIRE(channels == 0 || statistics != nullptr, "sl_norm_statistics: statistics is NULL");
  SL_REQUIRE(rows * channels == 0 || x != nullptr, "sl_norm_statistics: x is NULL");
  return SL_OK;
}

inline int32_t check_norm_finalize(int64_t channels, int64_t count, const float* statistics, const float* running_mean,
                                   const float* running_var, const float* mean, const float* rstd) noexcept {
  SL_TRY(check_norm_channels("sl_norm_finalize", channels));
  SL_REQUIRE((running_mean == nullptr) == (running_var == nullptr),
             "sl_norm_finalize: running_mean and running_var must be given together or not at all");
  if (channels == 0) return SL_OK;
  SL_REQUIRE(count >= 1, "sl_norm_finalize: count is %lld, must be 1 or more", (long long)count);
  SL_REQUIRE(statistics != nullptr && mean != nullptr && rstd != nullptr,
             "sl_norm_finalize: statistics, mean or rstd is NULL");
  return SL_OK;
}

inline int32_t check_norm_rstd(int64_t channels, const float* variance, const float* rstd) noexcept {
  SL_TRY(check_norm_channels("sl_norm_rstd", channels));
  SL_REQUIRE(channels == 0 || (variance != nullptr && rstd != nullptr), "sl_norm_rstd: variance or rstd is NULL");
  return SL_OK;
}

inline int32_t check_norm_apply(int64_t batch, int64_t pixels, int64_t channels, const void* x, const float* mean,
                                const float* rstd, const float* gamma, const float* beta, const void* residual,
                                const float* mask, const void* y) noexcept {
  SL_TRY(check_sizes("sl_norm_apply", batch, pixels, channels));
  SL_REQUIRE(residual == nullptr || mask == nullptr, "sl_norm_apply: mask and residual cannot be given together");
  if (batch * pixels * channels == 0) return SL_OK;
  SL_REQUIRE(x != nullptr && y != nullptr, "sl_norm_apply: x or y is NULL");
  return check_norm_parameters("sl_norm_apply", mean, rstd, gamma, beta);
}

inline int32_t check_norm_backward_statistics(int64_t batch, int64_t pixels, int64_t channels, const void* dy,
                                              const void* x, const void* y, const float* mean, const float* rstd,
                                              const float* gamma, const float* beta, const float* mask,
                                              const float* sums, const float* dmask) noexcept {
  SL_TRY(check_sizes("sl_norm_backward_statistics", batch, pixels, channels));
  SL_REQUIRE(y == nullptr || mask == nullptr,
             "sl_norm_backward_statistics: y is for relu with a residual, which excludes a mask; pass one of them");
  SL_REQUIRE(channels == 0 || sums != nullptr, "sl_norm_backward_statistics: sums is NULL");
  SL_REQUIRE(mask == nullptr || batch * channels == 0 || dmask != nullptr,
             "sl_norm_backward_statistics: a mask is given but dmask is NULL");
  if (batch * pixels * channels == 0) return SL_OK;
  SL_REQUIRE(dy != nullptr && x != nullptr, "sl_norm_backward_statistics: dy or x is NULL");
  return check_norm_parameters("sl_norm_backward_statistics", mean, rstd, gamma, beta);
}

inline int32_t check_norm_backward_apply(int64_t batch, int64_t pixels, int64_t channels, int64_t count, const void* dy,
                                         const void* x, const void* y, const float* mean, const float* rstd,
                                         const float* gamma, const float* beta, int32_t relu, const float* mask,
                                         const float* sums, const void* dx, const void* dresidual) noexcept {
  SL_TRY(check_sizes("sl_norm_backward_apply", batch, pixels, channels));
  SL_REQUIRE(mask == nullptr || (y == nullptr && dresidual == nullptr),
             "sl_norm_backward_apply: mask and residual (y, dresidual) cannot be given together");
  SL_REQUIRE(dresidual == nullptr || (dresidual != dy && dresidual != dx),
             "sl_norm_backward_apply: dresidual may be neither dy nor dx");
  SL_REQUIRE(dresidual == nullptr || relu == 0 || y != nullptr,
             "sl_norm_backward_apply: y is NULL, but relu after a residual needs its sign");
  if (batch * pixels * channels == 0) return SL_OK;
  SL_REQUIRE(count >= 1, "sl_norm_backward_apply: count is %lld, must be 1 or more", (long long)count);
  SL_REQUIRE(dy != nullptr && x != nullptr && dx != nullptr && sums != nullptr,
             "sl_norm_backward_apply: dy, x, sums or dx is NULL");
  return check_norm_parameters("sl_norm_backward_apply", mean, rstd, gamma, beta);
}

inline int32_t check_norm_fold(int64_t channels, const float* mean, const float* variance, const float* gamma,
                               const float* beta, const float* scale, const float* shift) noexcept {
  SL_TRY(check_norm_channels("sl_norm_fold", channels));
  SL_REQUIRE(channels == 0 || (mean != nullptr && variance != nullptr && gamma != nullptr && beta != nullptr &&
                               scale != nullptr && shift != nullptr),
             "sl_norm_fold: mean, variance, gamma, beta, scale or shift is NULL");
  return SL_OK;
}

}  // namespace sluice
