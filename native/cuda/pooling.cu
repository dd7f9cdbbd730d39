// Global average pooling and max pooling, with their backward passes.
#include <cmath>

#include "../common/pooling_checks.h"
#include "packs.h"
#include "pooling.h"

namespace sluice {
namespace {

template <typename T>
int32_t global_pool(sl_context* context, const char* name, int64_t batch, int64_t pixels, int64_t channels, const T* x,
                    float* y) {
  return column_sums<float>(context, name, batch, pixels, channels, x,
                            [=] __device__(int64_t image, int64_t channel, const double (&total)[1]) {
                              const double mean = total[0] / static_cast<double>(pixels);
                              y[image * channels + channel] = static_cast<float>(mean);
                            });
}

template <int n, typename T>
int32_t global_pool_backward(const sl_context* context, int64_t batch, int64_t pixels, int64_t channels,
                             const float* dy, T* dx, bool accumulate) {
  const float share = static_cast<float>(1.0 / static_cast<double>(pixels));
  const int64_t packs = channels / n;
  return for_each(context, "sl_global_pool_backward", batch * pixels * packs, [=] __device__(int64_t i) {
    const int64_t row = i / packs, channel = (i - row * packs) * n;
    Pack<T, n> pack{};
    if (accumulate) pack = Pack<T, n>::load(dx + i * n);
    each_of<n>(dy + row / pixels * channels + channel, [&](int k, float gradient) {
      pack.set(k, accumulate ? fmaf(gradient, share, pack.get(k)) : gradient * share);
    });
    pack.store(dx + i * n);
  });
}

// The pixel and first channel of pack i in [images, rows, columns, channels].
struct PackIndex {
  int64_t image, row, column, channel;

  __device__ PackIndex(int64_t i, int64_t rows, int64_t columns, int64_t packs, int n) {
    const int64_t pixel = i / packs, line = pixel / columns;
    image = line / rows;
    row = line - image * rows;
    column = pixel - line * columns;
    channel = (i - pixel * packs) * n;
  }
};

template <int n, typename T>
int32_t max_pool(const sl_context* context, const MaxPoolShape& pool, const T* x, T* y, uint8_t* winners) {
  const int64_t packs = pool.channels / n, outputs = pool.batch * pool.out_height() * pool.out_width() * packs;
  return for_each(context, "sl_max_pool_forward", outputs, [=] __device__(int64_t i) {
    const PackIndex at(i, pool.out_height(), pool.out_width(), packs, n);
    const int64_t top = at.row * pool.stride - pool.padding, left = at.column * pool.stride - pool.padding;
    Pack<T, n> best{};
    Pack<uint8_t, n> winner{};
    bool found = false;
    for (int tap = 0; tap < pool.kernel * pool.kernel; ++tap) {
      const int64_t iy = top + tap / pool.kernel, ix = left + tap % pool.kernel;
      if (iy < 0 || iy >= pool.height || ix < 0 || ix >= pool.width) continue;
      const int64_t source = ((at.image * pool.height + iy) * pool.width + ix) * pool.channels + at.channel;
      const auto pack = Pack<T, n>::load(x + source);
      for (int k = 0; k < n; ++k) {
        const float value = pack.get(k);
        if (found && !(value > best.get(k)) && value == value) continue;  // a NaN must reach the output
        best.set(k, value);
        winner.values[k] = static_cast<uint8_t>(tap);
      }
      found = true;
    }
    best.store(y + i * n);
    winner.store(winners + i * n);
  });
}

// Each input pixel gathers from the windows that cover it, so that no two threads write to the same place and bf16
// gradients are summed in f32.
template <int n, typename T>
int32_t max_pool_backward(const sl_context* context, const MaxPoolShape& pool, const T* dy, const uint8_t* winners,
                          T* dx, bool accumulate) {
  const int64_t packs = pool.channels / n, inputs = pool.batch * pool.height * pool.width * packs;
  return for_each(context, "sl_max_pool_backward", inputs, [=] __device__(int64_t i) {
    const PackIndex at(i, pool.height, pool.width, packs, n);
    const int64_t y = at.row + pool.padding, x = at.column + pool.padding;  // in the padded image
    const int64_t first_oy = y < pool.kernel ? 0 : (y - pool.kernel + pool.stride) / pool.stride;
    const int64_t first_ox = x < pool.kernel ? 0 : (x - pool.kernel + pool.stride) / pool.stride;
    float sums[n] = {};
    Pack<T, n> out{};
    if (accumulate) out = Pack<T, n>::load(dx + i * n);
    for (int k = 0; k < n; ++k) sums[k] = out.get(k);
    for (int64_t oy = first_oy; oy < pool.out_height() && oy * pool.stride <= y; ++oy) {
      for (int64_t ox = first_ox; ox < pool.out_width() && ox * pool.stride <= x; ++ox) {
        const int64_t tap = (y - oy * pool.stride) * pool.kernel + (x - ox * pool.stride);
        const int64_t source =
            ((at.image * pool.out_height() + oy) * pool.out_width() + ox) * pool.channels + at.channel;
        const auto gradient = Pack<T, n>::load(dy + source);
        const auto winner = Pack<uint8_t, n>::load(winners + source);
        for (int k = 0; k < n; ++k) {
          if (winner.values[k] == tap) sums[k] += gradient.get(k);
        }
      }
    }
    for (int k = 0; k < n; ++k) out.set(k, sums[k]);
    out.store(dx + i * n);
  });
}

}  // namespace

int32_t global_pool_forward(sl_context* context, const char* name, int64_t batch, int64_t pixels, int64_t channels,
                            const float* x, float* y) {
  return global_pool(context, name, batch, pixels, channels, x, y);
}

}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_global_pool_forward(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels,
                                      int64_t channels, const void* x, float* y) {
  SL_ENTER("sl_global_pool_forward", context);
  SL_BEGIN
  SL_TRY(check_global_pool_forward(batch, pixels, channels, x, y));
  int32_t status = SL_OK;
  SL_DISPATCH(dtype, "sl_global_pool_forward", [&](auto zero) {
    using T = decltype(zero);
    if (batch * pixels * channels == 0) return;
    status = global_pool(context, "sl_global_pool_forward", batch, pixels, channels, static_cast<const T*>(x), y);
  });
  return status;
  SL_END("sl_global_pool_forward")
}

SL_API int32_t sl_global_pool_backward(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels,
                                       int64_t channels, const float* dy, void* dx, int32_t accumulate) {
  SL_ENTER("sl_global_pool_backward", context);
  SL_TRY(check_global_pool_backward(batch, pixels, channels, dy, dx));
  int32_t status = SL_OK;
  SL_DISPATCH(dtype, "sl_global_pool_backward", [&](auto zero) {
    using T = decltype(zero);
    if (batch * pixels * channels == 0) return;
    with_packs<T>(channels, {dx, dy}, [&](auto n) {
      status = global_pool_backward<decltype(n)::value>(context, batch, pixels, channels, dy, static_cast<T*>(dx),
                                                        accumulate != 0);
    });
  });
  return status;
}

SL_API int32_t sl_max_pool_forward(sl_context* context, int32_t dtype, int64_t batch, int64_t height, int64_t width,
                                   int64_t channels, int32_t kernel, int32_t stride, int32_t padding, const void* x,
                                   void* y, uint8_t* winners) {
  SL_ENTER("sl_max_pool_forward", context);
  const MaxPoolShape pool{batch, height, width, channels, kernel, stride, padding};
  SL_TRY(check_max_pool_forward(pool, x, y, winners));
  int32_t status = SL_OK;
  SL_DISPATCH(dtype, "sl_max_pool_forward", [&](auto zero) {
    using T = decltype(zero);
    if (pool.empty()) return;
    with_packs<T>(channels, {x, y, winners}, [&](auto n) {
      status = max_pool<decltype(n)::value>(context, pool, static_cast<const T*>(x), static_cast<T*>(y), winners);
    });
  });
  return status;
}

SL_API int32_t sl_max_pool_backward(sl_context* context, int32_t dtype, int64_t batch, int64_t height, int64_t width,
                                    int64_t channels, int32_t kernel, int32_t stride, int32_t padding, const void* dy,
                                    const uint8_t* winners, void* dx, int32_t accumulate) {
  SL_ENTER("sl_max_pool_backward", context);
  const MaxPoolShape pool{batch, height, width, channels, kernel, stride, padding};
  SL_TRY(check_max_pool_backward(pool, dy, winners, dx));
  int32_t status = SL_OK;
  SL_DISPATCH(dtype, "sl_max_pool_backward", [&](auto zero) {
    using T = decltype(zero);
    if (pool.empty()) return;
    with_packs<T>(channels, {dy, winners, dx}, [&](auto n) {
      status = max_pool_backward<decltype(n)::value>(context, pool, static_cast<const T*>(dy), winners,
                                                     static_cast<T*>(dx), accumulate != 0);
    });
  });
  return status;
}
