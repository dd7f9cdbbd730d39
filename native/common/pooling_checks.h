// The geometry of pooling and the checks of its arguments, for every device.
#pragma once

#include "host_device.h"
#include "size_checks.h"

namespace sluice {

inline int32_t check_global_pool_forward(int64_t batch, int64_t pixels, int64_t channels, const void* x,
                                         const float* y) noexcept {
  SL_TRY(check_sizes("sl_global_pool_forward", batch, pixels, channels));
  if (batch * pixels * channels > 0) SL_REQUIRE_POINTERS("sl_global_pool_forward", x, y);
  return SL_OK;
}

inline int32_t check_global_pool_backward(int64_t batch, int64_t pixels, int64_t channels, const float* dy,
                                          const void* dx) noexcept {
  SL_TRY(check_sizes("sl_global_pool_backward", batch, pixels, channels));
  if (batch * pixels * channels > 0) SL_REQUIRE_POINTERS("sl_global_pool_backward", dy, dx);
  return SL_OK;
}

constexpr int32_t largest_pool_kernel = 15;  // the index of a tap must fit into a byte

struct MaxPoolShape {
  int64_t batch, height, width, channels;
  int32_t kernel, stride, padding;

  SL_HOST_DEVICE int64_t out(int64_t size) const { return (size + 2 * padding - kernel) / stride + 1; }
  SL_HOST_DEVICE int64_t out_height() const { return out(height); }
  SL_HOST_DEVICE int64_t out_width() const { return out(width); }
  bool empty() const { return batch * height * width * channels == 0; }
};

inline int32_t check_max_pool(const char* name, const MaxPoolShape& pool) noexcept {
  SL_REQUIRE(pool.batch >= 0 && pool.height >= 0 && pool.width >= 0 && pool.channels >= 0,
             "%s: negative size [%lld, %lld, %lld, %lld]", name, (long long)pool.batch, (long long)pool.height,
             (long long)pool.width, (long long)pool.channels);
  SL_TRY(check_countable(name, {pool.batch, pool.height, pool.width, pool.channels}));
  SL_REQUIRE(
      pool.kernel >= 1 && pool.kernel <= largest_pool_kernel && pool.stride >= 1 && pool.padding >= 0 &&
          pool.padding < pool.kernel,
      "%s: kernel %d, stride %d, padding %d: the kernel must be in 1..15, the stride positive, the padding below the "
      "kernel",
      name, pool.kernel, pool.stride, pool.padding);
  SL_REQUIRE(
      pool.empty() || (pool.height + 2 * pool.padding >= pool.kernel && pool.width + 2 * pool.padding >= pool.kernel),
      "%s: a kernel of %d does not fit into %lld x %lld pixels with padding %d", name, pool.kernel,
      (long long)pool.height, (long long)pool.width, pool.padding);
  return SL_OK;
}

inline int32_t check_max_pool_forward(const MaxPoolShape& pool, const void* x, const void* y,
                                      const uint8_t* winners) noexcept {
  SL_TRY(check_max_pool("sl_max_pool_forward", pool));
  if (!pool.empty()) SL_REQUIRE_POINTERS("sl_max_pool_forward", x, y, winners);
  return SL_OK;
}

inline int32_t check_max_pool_backward(const MaxPoolShape& pool, const void* dy, const uint8_t* winners,
                                       const void* dx) noexcept {
  SL_TRY(check_max_pool("sl_max_pool_backward", pool));
  if (!pool.empty()) SL_REQUIRE_POINTERS("sl_max_pool_backward", dy, winners, dx);
  return SL_OK;
}

}  // namespace sluice
