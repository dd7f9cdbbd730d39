// Checks of the arguments of batch norm, for every device.
#pragma once

#include "size_checks.h"

namespace sluice {

inline int32_t check_norm_channels(const char* name, int64_t channels) noexcept {
  SL_REQUIRE(channels >= 0, "%s: channels is negative (%lld)", name, (long long)channels);
  return check_countable(name, {channels});
}

inline int32_t check_norm_parameters(const char* name, const float* mean, const float* rstd, const float* gamma,
                                     const float* beta) noexcept {
  SL_REQUIRE_POINTERS(name, mean, rstd, gamma, beta);
  return SL_OK;
}

// Whether the signs of four channels share a byte. Otherwise each has its own: packs of channels would cross rows.
inline bool are_signs_packed(int64_t channels) noexcept { return channels % 8 == 0; }

// Checks that kernels can access packed signs, and what belongs to them, in vectors.
inline int32_t check_norm_signs(const char* name, int64_t channels, const uint8_t* signs,
                                std::initializer_list<const void*> arrays) noexcept {
  if (signs == nullptr || !are_signs_packed(channels)) return SL_OK;
  const auto aligned = [](const void* array, uintptr_t bytes) {
    return reinterpret_cast<uintptr_t>(array) % bytes == 0;
  };
  SL_REQUIRE(aligned(signs, 2), "%s: signs are not aligned to 2 bytes", name);
  for (const void* const array : arrays) {
    SL_REQUIRE(aligned(array, 16), "%s: with signs, every array must be aligned to 16 bytes", name);
  }
  return SL_OK;
}

inline int32_t check_norm_statistics(int64_t rows, int64_t channels, const void* x, const float* statistics) noexcept {
  SL_TRY(check_sizes("sl_norm_statistics", rows, channels));
  if (channels > 0) SL_REQUIRE_POINTERS("sl_norm_statistics", statistics);
  if (rows * channels > 0) SL_REQUIRE_POINTERS("sl_norm_statistics", x);
  return SL_OK;
}

inline int32_t check_norm_finalize(int64_t channels, int64_t count, const float* statistics, const float* running_mean,
                                   const float* running_var, const float* mean, const float* rstd) noexcept {
  SL_TRY(check_norm_channels("sl_norm_finalize", channels));
  SL_REQUIRE((running_mean == nullptr) == (running_var == nullptr),
             "sl_norm_finalize: running_mean and running_var must be given together or not at all");
  if (channels == 0) return SL_OK;
  SL_REQUIRE(count >= 1, "sl_norm_finalize: count is %lld, must be 1 or more", (long long)count);
  SL_REQUIRE_POINTERS("sl_norm_finalize", statistics, mean, rstd);
  return SL_OK;
}

inline int32_t check_norm_rstd(int64_t channels, const float* variance, const float* rstd) noexcept {
  SL_TRY(check_norm_channels("sl_norm_rstd", channels));
  if (channels > 0) SL_REQUIRE_POINTERS("sl_norm_rstd", variance, rstd);
  return SL_OK;
}

inline int32_t check_norm_apply(int64_t batch, int64_t pixels, int64_t channels, const void* x, const float* mean,
                                const float* rstd, const float* gamma, const float* beta, const void* residual,
                                int32_t relu, const float* mask, const void* y, const uint8_t* signs) noexcept {
  SL_TRY(check_sizes("sl_norm_apply", batch, pixels, channels));
  SL_REQUIRE(residual == nullptr || mask == nullptr, "sl_norm_apply: mask and residual cannot be given together");
  SL_REQUIRE(signs == nullptr || (residual != nullptr && relu != 0),
             "sl_norm_apply: signs are for relu after a residual, and one of them is missing");
  if (batch * pixels * channels == 0) return SL_OK;
  SL_REQUIRE_POINTERS("sl_norm_apply", x, y);
  SL_TRY(check_norm_signs("sl_norm_apply", channels, signs, {x, mean, rstd, gamma, beta, residual, y}));
  return check_norm_parameters("sl_norm_apply", mean, rstd, gamma, beta);
}

inline int32_t check_norm_backward_statistics(int64_t batch, int64_t pixels, int64_t channels, const void* dy,
                                              const void* x, const uint8_t* signs, const float* mean, const float* rstd,
                                              const float* gamma, const float* beta, const float* mask,
                                              const float* sums, const float* dmask) noexcept {
  SL_TRY(check_sizes("sl_norm_backward_statistics", batch, pixels, channels));
  SL_REQUIRE(signs == nullptr || mask == nullptr,
             "sl_norm_backward_statistics: signs are for relu after a residual, which excludes a mask");
  if (channels > 0) SL_REQUIRE_POINTERS("sl_norm_backward_statistics", sums);
  if (mask != nullptr && batch * channels > 0) SL_REQUIRE_POINTERS("sl_norm_backward_statistics", dmask);
  if (batch * pixels * channels == 0) return SL_OK;
  SL_REQUIRE_POINTERS("sl_norm_backward_statistics", dy, x);
  SL_TRY(check_norm_signs("sl_norm_backward_statistics", channels, signs, {dy, x, mean, rstd, gamma, beta, sums}));
  return check_norm_parameters("sl_norm_backward_statistics", mean, rstd, gamma, beta);
}

inline int32_t check_norm_backward_apply(int64_t batch, int64_t pixels, int64_t channels, int64_t count, const void* dy,
                                         const void* x, const uint8_t* signs, const float* mean, const float* rstd,
                                         const float* gamma, const float* beta, int32_t relu, const float* mask,
                                         const float* sums, const void* dx, const void* dresidual) noexcept {
  SL_TRY(check_sizes("sl_norm_backward_apply", batch, pixels, channels));
  SL_REQUIRE(mask == nullptr || (signs == nullptr && dresidual == nullptr),
             "sl_norm_backward_apply: mask and residual (signs, dresidual) cannot be given together");
  SL_REQUIRE(dresidual == nullptr || (dresidual != dy && dresidual != dx),
             "sl_norm_backward_apply: dresidual may be neither dy nor dx");
  SL_REQUIRE(dresidual == nullptr || relu == 0 || signs != nullptr,
             "sl_norm_backward_apply: signs are null, but relu after a residual needs them");
  if (batch * pixels * channels == 0) return SL_OK;
  SL_REQUIRE(count >= 1, "sl_norm_backward_apply: count is %lld, must be 1 or more", (long long)count);
  SL_REQUIRE_POINTERS("sl_norm_backward_apply", dy, x, sums, dx);
  SL_TRY(check_norm_signs("sl_norm_backward_apply", channels, signs,
                          {dy, x, mean, rstd, gamma, beta, sums, dx, dresidual}));
  return check_norm_parameters("sl_norm_backward_apply", mean, rstd, gamma, beta);
}

inline int32_t check_norm_fold(int64_t channels, const float* mean, const float* variance, const float* gamma,
                               const float* beta, const float* scale, const float* shift) noexcept {
  SL_TRY(check_norm_channels("sl_norm_fold", channels));
  if (channels > 0) SL_REQUIRE_POINTERS("sl_norm_fold", mean, variance, gamma, beta, scale, shift);
  return SL_OK;
}

}  // namespace sluice
