// Global average pooling and max pooling, with their backward passes.
#include <limits>

#include "../common/pooling_checks.h"
#include "context.h"
#include "pooling.h"

namespace sluice {
namespace {

template <typename T>
void global_pool(sl_context* context, int64_t batch, int64_t pixels, int64_t channels, const T* x, float* y) {
  const GlobalPool pool(pixels, channels);
  const RequiredScratch scratch(context, context->threads * pool.scratch_floats() * int64_t{sizeof(float)});
  parallel_for(context->threads, batch, 1, [&](int64_t image, int64_t) {
    pool.image(x + image * pixels * channels, scratch.get<float>() + omp_get_thread_num() * pool.scratch_floats(),
               y + image * channels);
  });
}

template <typename T>
void global_pool_backward(sl_context* context, int64_t batch, int64_t pixels, int64_t channels, const float* dy, T* dx,
                          bool accumulate) {
  const float share = static_cast<float>(1.0 / static_cast<double>(pixels));
  const WideRows wide(channels, pixels);
  const int64_t stride = padded_floats(wide.width);
  const RequiredScratch scratch(context, context->threads * stride * static_cast<int64_t>(sizeof(float)));
  parallel_for(context->threads, batch, 1, [&](int64_t image, int64_t) {
    float* const source = scratch.get<float>() + omp_get_thread_num() * stride;
    wide.widen(dy + image * channels, source);
    T* const target = dx + image * pixels * channels;
    for (int64_t begin = 0; begin < pixels * channels; begin += wide.width) {
      for_lanes(std::min(wide.width, pixels * channels - begin), [=](auto kind, int64_t lane) {
        const auto gradient = kind.load(source + lane);
        T* const to = target + begin + lane;
        (accumulate ? multiply_add(gradient, kind.all(share), kind.load(to)) : gradient * kind.all(share)).store(to);
      });
    }
  });
}

// One max pooling, a row of pixels at a time.
struct MaxPool : MaxPoolShape {
  template <typename T>
  void forward_row(int64_t image, int64_t oy, const T* x, T* y, uint8_t* winners) const;

  template <typename T>
  void backward_row(int64_t image, int64_t iy, const T* dy, const uint8_t* winners, T* dx, bool accumulate) const;
};

// Replaces best and winner with value and its index if value is larger, or NaN: a NaN must reach the output.
inline void take_larger(Eight value, Eight index, Eight& best, Eight& winner) {
  const __m256 better = _mm256_or_ps(_mm256_cmp_ps(value.value, best.value, _CMP_GT_OQ),
                                     _mm256_cmp_ps(value.value, value.value, _CMP_UNORD_Q));
  best = {_mm256_blendv_ps(best.value, value.value, better)};
  winner = {_mm256_blendv_ps(winner.value, index.value, better)};
}
inline void take_larger(One value, One index, One& best, One& winner) {
  if (!(value.value > best.value || value.value != value.value)) return;
  best = value;
  winner = index;
}

inline Eight where_equal(Eight a, Eight b, Eight value) {
  return {_mm256_and_ps(_mm256_cmp_ps(a.value, b.value, _CMP_EQ_OQ), value.value)};
}
inline One where_equal(One a, One b, One value) { return {a.value == b.value ? value.value : 0.0f}; }

// The pixels of a window, or the windows over a pixel: the offset of each in its array, and its tap.
struct Taps {
  int64_t count = 0;
  int64_t offset[largest_pool_kernel * largest_pool_kernel];
  float tap[largest_pool_kernel * largest_pool_kernel];

  void add(int64_t offset_, int64_t tap_) {
    offset[count] = offset_;
    tap[count++] = static_cast<float>(tap_);
  }
};

template <typename T>
void MaxPool::forward_row(int64_t image, int64_t oy, const T* x, T* y, uint8_t* winners) const {
  for (int64_t ox = 0; ox < out_width(); ++ox) {
    Taps taps;
    for (int64_t tap = 0; tap < kernel * kernel; ++tap) {
      const int64_t iy = oy * stride - padding + tap / kernel, ix = ox * stride - padding + tap % kernel;
      if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
      taps.add(((image * height + iy) * width + ix) * channels, tap);
    }
    const int64_t target = ((image * out_height() + oy) * out_width() + ox) * channels;
    for_lanes(channels, [&](auto kind, int64_t c) {
      auto best = kind.load(x + taps.offset[0] + c), winner = kind.all(taps.tap[0]);
      for (int64_t i = 1; i < taps.count; ++i) {
        take_larger(kind.load(x + taps.offset[i] + c), kind.all(taps.tap[i]), best, winner);
      }
      best.store(y + target + c);
      winner.store(winners + target + c);
    });
  }
}

// Each input pixel gathers from the windows that cover it, so that no two threads write to the same place and bf16
// gradients are summed in f32.
template <typename T>
void MaxPool::backward_row(int64_t image, int64_t iy, const T* dy, const uint8_t* winners, T* dx,
                           bool accumulate) const {
  const int64_t last_oy = std::min((iy + padding) / stride, out_height() - 1);
  for (int64_t ix = 0; ix < width; ++ix) {
    const int64_t last_ox = std::min((ix + padding) / stride, out_width() - 1);
    Taps taps;
    for (int64_t oy = std::max<int64_t>(0, (iy + padding - kernel + stride) / stride); oy <= last_oy; ++oy) {
      for (int64_t ox = std::max<int64_t>(0, (ix + padding - kernel + stride) / stride); ox <= last_ox; ++ox) {
        taps.add(((image * out_height() + oy) * out_width() + ox) * channels,
                 (iy + padding - oy * stride) * kernel + (ix + padding - ox * stride));
      }
    }
    T* const target = dx + ((image * height + iy) * width + ix) * channels;
    for_lanes(channels, [&](auto kind, int64_t c) {
      auto sum = accumulate ? kind.load(target + c) : kind.all(0.0f);
      for (int64_t i = 0; i < taps.count; ++i) {
        const int64_t source = taps.offset[i] + c;
        sum = sum + where_equal(kind.load(winners + source), kind.all(taps.tap[i]), kind.load(dy + source));
      }
      sum.store(target + c);
    });
  }
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_global_pool_forward(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels,
                                      int64_t channels, const void* x, float* y) {
  SL_BEGIN
  SL_REQUIRE_POINTERS("sl_global_pool_forward", context);
  SL_TRY(check_global_pool_forward(batch, pixels, channels, x, y));
  SL_DISPATCH(dtype, "sl_global_pool_forward", [&](auto zero) {
    using T = decltype(zero);
    if (batch * pixels * channels == 0) return;
    global_pool<T>(context, batch, pixels, channels, static_cast<const T*>(x), y);
  });
  return SL_OK;
  SL_END("sl_global_pool_forward")
}

SL_API int32_t sl_global_pool_backward(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels,
                                       int64_t channels, const float* dy, void* dx, int32_t accumulate) {
  SL_BEGIN
  SL_REQUIRE_POINTERS("sl_global_pool_backward", context);
  SL_TRY(check_global_pool_backward(batch, pixels, channels, dy, dx));
  SL_DISPATCH(dtype, "sl_global_pool_backward", [&](auto zero) {
    if (batch * pixels * channels == 0) return;
    with_native(zero, [&](auto element) {
      using T = decltype(element);
      global_pool_backward(context, batch, pixels, channels, dy, static_cast<T*>(dx), accumulate != 0);
    });
  });
  return SL_OK;
  SL_END("sl_global_pool_backward")
}

SL_API int32_t sl_max_pool_forward(sl_context* context, int32_t dtype, int64_t batch, int64_t height, int64_t width,
                                   int64_t channels, int32_t kernel, int32_t stride, int32_t padding, const void* x,
                                   void* y, uint8_t* winners) {
  const MaxPool pool{{batch, height, width, channels, kernel, stride, padding}};
  SL_REQUIRE_POINTERS("sl_max_pool_forward", context);
  SL_TRY(check_max_pool_forward(pool, x, y, winners));
  SL_DISPATCH(dtype, "sl_max_pool_forward", [&](auto zero) {
    using T = decltype(zero);
    if (pool.empty()) return;
    const int64_t rows = pool.out_height();
    parallel_for(context->threads, batch * rows, 1, [&](int64_t row, int64_t) {
      pool.forward_row(row / rows, row % rows, static_cast<const T*>(x), static_cast<T*>(y), winners);
    });
  });
  return SL_OK;
}

SL_API int32_t sl_max_pool_backward(sl_context* context, int32_t dtype, int64_t batch, int64_t height, int64_t width,
                                    int64_t channels, int32_t kernel, int32_t stride, int32_t padding, const void* dy,
                                    const uint8_t* winners, void* dx, int32_t accumulate) {
  const MaxPool pool{{batch, height, width, channels, kernel, stride, padding}};
  SL_REQUIRE_POINTERS("sl_max_pool_backward", context);
  SL_TRY(check_max_pool_backward(pool, dy, winners, dx));
  SL_DISPATCH(dtype, "sl_max_pool_backward", [&](auto zero) {
    if (pool.empty()) return;
    with_native(zero, [&](auto element) {
      using T = decltype(element);
      parallel_for(context->threads, batch * height, 1, [&](int64_t row, int64_t) {
        pool.backward_row(row / height, row % height, static_cast<const T*>(dy), winners, static_cast<T*>(dx),
                          accumulate != 0);
      });
    });
  });
  return SL_OK;
}
