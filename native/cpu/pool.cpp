// Global average pooling and max pooling, with their backwards.
#include <exception>
#include <limits>
#include <new>

#include "context.h"
#include "wide_rows.h"

namespace sluice {
namespace {

template <typename T>
int32_t global_pool(sl_context* context, int64_t batch, int64_t pixels, int64_t channels, const T* x, float* y) {
  const WideRows wide(channels, pixels);
  const Segments segments(1, pixels, channels);
  const int64_t lanes_bytes = (wide.width * static_cast<int64_t>(sizeof(float)) + 63) / 64 * 64;
  const int64_t sums_bytes = (channels * static_cast<int64_t>(sizeof(double)) + 63) / 64 * 64;
  Scratch scratch(context->allocator, context->threads * (lanes_bytes + sums_bytes));
  if (!scratch) return fail(SL_ERROR_OUT_OF_MEMORY, "sl_global_pool_forward: out of memory for the partial sums");
  parallel_for(context->threads, batch, 1, [&](int64_t image, int64_t) {
    char* const own = scratch.get<char>() + omp_get_thread_num() * (lanes_bytes + sums_bytes);
    float* const lanes = reinterpret_cast<float*>(own);
    double* const sums = reinterpret_cast<double*>(own + lanes_bytes);
    std::fill(sums, sums + channels, 0.0);
    for (int64_t segment = 0; segment < segments.count; ++segment) {
      const T* const part = x + (image * pixels + segments.first_row(segment)) * channels;
      std::fill(lanes, lanes + wide.width, 0.0f);
      accumulate_lanes(wide.width, segments.length(segment) * channels, lanes,
                       [part](int64_t i) { return to_float(part[i]); });
      wide.fold(lanes, sums);
    }
    for (int64_t channel = 0; channel < channels; ++channel) {
      y[image * channels + channel] = static_cast<float>(sums[channel] / static_cast<double>(pixels));
    }
  });
  return SL_OK;
}

template <typename T>
void global_pool_backward(const sl_context* context, int64_t batch, int64_t pixels, int64_t channels, const float* dy,
                          T* dx, bool accumulate) {
  const float share = static_cast<float>(1.0 / static_cast<double>(pixels));
  parallel_for(context->threads, batch, 1, [&](int64_t image, int64_t) {
    const float* const source = dy + image * channels;
    for (int64_t pixel = 0; pixel < pixels; ++pixel) {
      T* const target = dx + (image * pixels + pixel) * channels;
      if (accumulate) {
#pragma omp simd
        for (int64_t c = 0; c < channels; ++c)
          target[c] = from_float<T>(__builtin_fmaf(source[c], share, to_float(target[c])));
      } else {
#pragma omp simd
        for (int64_t c = 0; c < channels; ++c) target[c] = from_float<T>(source[c] * share);
      }
    }
  });
}

// The geometry of one max pooling.
struct MaxPool {
  int64_t batch, height, width, channels;
  int32_t kernel, stride, padding;

  int64_t out(int64_t size) const { return (size + 2 * padding - kernel) / stride + 1; }
  int64_t out_height() const { return out(height); }
  int64_t out_width() const { return out(width); }

  template <typename T>
  void forward_row(int64_t image, int64_t oy, const T* x, T* y, uint8_t* winners) const;

  template <typename T>
  void backward_row(int64_t image, int64_t iy, const T* dy, const uint8_t* winners, T* dx, bool accumulate) const;
};

constexpr int64_t channel_block = 256;  // channels whose running maxima or sums stay in the first-level cache

template <typename T>
void MaxPool::forward_row(int64_t image, int64_t oy, const T* x, T* y, uint8_t* winners) const {
  float best[channel_block];
  uint8_t winner[channel_block];
  for (int64_t ox = 0; ox < out_width(); ++ox) {
    const int64_t target = ((image * out_height() + oy) * out_width() + ox) * channels;
    for (int64_t first = 0; first < channels; first += channel_block) {
      const int64_t count = std::min(channel_block, channels - first);
      bool started = false;
      for (int32_t tap = 0; tap < kernel * kernel; ++tap) {
        const int64_t iy = oy * stride - padding + tap / kernel, ix = ox * stride - padding + tap % kernel;
        if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
        const T* const source = x + ((image * height + iy) * width + ix) * channels + first;
        const uint8_t index = static_cast<uint8_t>(tap);
        if (!started) {
#pragma omp simd
          for (int64_t c = 0; c < count; ++c) {
            best[c] = to_float(source[c]);
            winner[c] = index;
          }
          started = true;
          continue;
        }
#pragma omp simd
        for (int64_t c = 0; c < count; ++c) {
          const float value = to_float(source[c]);
          const bool better = value > best[c] || value != value;  // NaN wins, so that it is seen
          best[c] = better ? value : best[c];
          winner[c] = better ? index : winner[c];
        }
      }
      for (int64_t c = 0; c < count; ++c) y[target + first + c] = from_float<T>(best[c]);
      std::copy(winner, winner + count, winners + target + first);
    }
  }
}

// Each input pixel gathers from the windows that cover it: no two threads write one place, and sums of bf16 are formed
// in f32.
template <typename T>
void MaxPool::backward_row(int64_t image, int64_t iy, const T* dy, const uint8_t* winners, T* dx,
                           bool accumulate) const {
  float sums[channel_block];
  for (int64_t ix = 0; ix < width; ++ix) {
    T* const target = dx + ((image * height + iy) * width + ix) * channels;
    for (int64_t first = 0; first < channels; first += channel_block) {
      const int64_t count = std::min(channel_block, channels - first);
      for (int64_t c = 0; c < count; ++c) sums[c] = accumulate ? to_float(target[first + c]) : 0.0f;
      const int64_t last_oy = std::min((iy + padding) / stride, out_height() - 1);
      const int64_t last_ox = std::min((ix + padding) / stride, out_width() - 1);
      for (int64_t oy = std::max<int64_t>(0, (iy + padding - kernel + stride) / stride); oy <= last_oy; ++oy) {
        for (int64_t ox = std::max<int64_t>(0, (ix + padding - kernel + stride) / stride); ox <= last_ox; ++ox) {
          const int64_t source = ((image * out_height() + oy) * out_width() + ox) * channels + first;
          const int64_t tap = (iy + padding - oy * stride) * kernel + (ix + padding - ox * stride);
#pragma omp simd
          for (int64_t c = 0; c < count; ++c) sums[c] += winners[source + c] == tap ? to_float(dy[source + c]) : 0.0f;
        }
      }
      for (int64_t c = 0; c < count; ++c) target[first + c] = from_float<T>(sums[c]);
    }
  }
}

int32_t check_pool(const char* name, const sl_context* context, const MaxPool& pool) {
  SL_REQUIRE(context != nullptr, "%s: the context is NULL", name);
  SL_REQUIRE(pool.batch >= 0 && pool.height >= 0 && pool.width >= 0 && pool.channels >= 0,
             "%s: negative size [%lld, %lld, %lld, %lld]", name, (long long)pool.batch, (long long)pool.height,
             (long long)pool.width, (long long)pool.channels);
  SL_REQUIRE(
      pool.kernel >= 1 && pool.kernel <= 15 && pool.stride >= 1 && pool.padding >= 0 && pool.padding < pool.kernel,
      "%s: kernel %d, stride %d, padding %d: the kernel must be in 1..15, the stride positive, the padding below the "
      "kernel",
      name, pool.kernel, pool.stride, pool.padding);
  const bool empty = pool.batch * pool.height * pool.width * pool.channels == 0;
  SL_REQUIRE(empty || (pool.height + 2 * pool.padding >= pool.kernel && pool.width + 2 * pool.padding >= pool.kernel),
             "%s: a kernel of %d does not fit into %lld x %lld pixels with padding %d", name, pool.kernel,
             (long long)pool.height, (long long)pool.width, pool.padding);
  return SL_OK;
}

}  // namespace
}  // namespace sluice

using namespace sluice;

int32_t sl_global_pool_forward(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels, int64_t channels,
                               const void* x, float* y) {
  SL_BEGIN
  SL_REQUIRE(context != nullptr, "sl_global_pool_forward: the context is NULL");
  SL_REQUIRE(batch >= 0 && pixels >= 0 && channels >= 0, "sl_global_pool_forward: negative size [%lld, %lld, %lld]",
             (long long)batch, (long long)pixels, (long long)channels);
  const bool empty = batch * pixels * channels == 0;
  SL_REQUIRE(empty || (x != nullptr && y != nullptr), "sl_global_pool_forward: x or y is NULL");
  int32_t status = SL_OK;
  SL_DISPATCH(dtype, "sl_global_pool_forward", [&](auto zero) {
    using T = decltype(zero);
    if (!empty) status = global_pool<T>(context, batch, pixels, channels, static_cast<const T*>(x), y);
  });
  return status;
  SL_END("sl_global_pool_forward")
}

int32_t sl_global_pool_backward(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels, int64_t channels,
                                const float* dy, void* dx, int32_t accumulate) {
  SL_REQUIRE(context != nullptr, "sl_global_pool_backward: the context is NULL");
  SL_REQUIRE(batch >= 0 && pixels >= 0 && channels >= 0, "sl_global_pool_backward: negative size [%lld, %lld, %lld]",
             (long long)batch, (long long)pixels, (long long)channels);
  const bool empty = batch * pixels * channels == 0;
  SL_REQUIRE(empty || (dy != nullptr && dx != nullptr), "sl_global_pool_backward: dy or dx is NULL");
  SL_DISPATCH(dtype, "sl_global_pool_backward", [&](auto zero) {
    using T = decltype(zero);
    if (!empty) global_pool_backward(context, batch, pixels, channels, dy, static_cast<T*>(dx), accumulate != 0);
  });
  return SL_OK;
}

int32_t sl_max_pool_forward(sl_context* context, int32_t dtype, int64_t batch, int64_t height, int64_t width,
                            int64_t channels, int32_t kernel, int32_t stride, int32_t padding, const void* x, void* y,
                            uint8_t* winners) {
  const MaxPool pool{batch, height, width, channels, kernel, stride, padding};
  SL_TRY(check_pool("sl_max_pool_forward", context, pool));
  const bool empty = batch * height * width * channels == 0;
  SL_REQUIRE(empty || (x != nullptr && y != nullptr && winners != nullptr),
             "sl_max_pool_forward: x, y or winners is NULL");
  SL_DISPATCH(dtype, "sl_max_pool_forward", [&](auto zero) {
    using T = decltype(zero);
    if (empty) return;
    const int64_t rows = pool.out_height();
    parallel_for(context->threads, batch * rows, 1, [&](int64_t row, int64_t) {
      pool.forward_row(row / rows, row % rows, static_cast<const T*>(x), static_cast<T*>(y), winners);
    });
  });
  return SL_OK;
}

int32_t sl_max_pool_backward(sl_context* context, int32_t dtype, int64_t batch, int64_t height, int64_t width,
                             int64_t channels, int32_t kernel, int32_t stride, int32_t padding, const void* dy,
                             const uint8_t* winners, void* dx, int32_t accumulate) {
  const MaxPool pool{batch, height, width, channels, kernel, stride, padding};
  SL_TRY(check_pool("sl_max_pool_backward", context, pool));
  const bool empty = batch * height * width * channels == 0;
  SL_REQUIRE(empty || (dy != nullptr && winners != nullptr && dx != nullptr),
             "sl_max_pool_backward: dy, winners or dx is NULL");
  SL_DISPATCH(dtype, "sl_max_pool_backward", [&](auto zero) {
    using T = decltype(zero);
    if (empty) return;
    parallel_for(context->threads, batch * height, 1, [&](int64_t row, int64_t) {
      pool.backward_row(row / height, row % height, static_cast<const T*>(dy), winners, static_cast<T*>(dx),
                        accumulate != 0);
    });
  });
  return SL_OK;
}
