// Batch norm: the statistics of each channel, then the affine map, fused with residual, relu and mask.
#include <cmath>

#include "../common/norm_checks.h"
#include "../common/norm_fold.h"
#include "norm.h"

namespace sluice {
namespace {

// The mean of up to 16 rows spread over x. Every value is reduced by it before squaring, so that f32 sums stay accurate
// if a channel's mean is large compared with its deviation.
template <typename T>
void norm_pivot(int64_t rows, int64_t channels, const T* x, float* pivot) {
  const int64_t samples = std::min<int64_t>(rows, 16);
  std::fill(pivot, pivot + channels, 0.0f);
  for (int64_t sample = 0; sample < samples; ++sample) {
    const T* row = x + (sample * rows / samples) * channels;
    for (int64_t channel = 0; channel < channels; ++channel) pivot[channel] += to_float(row[channel]);
  }
  for (int64_t channel = 0; channel < channels; ++channel) pivot[channel] /= static_cast<float>(samples);
}

template <typename T>
void norm_statistics(sl_context* context, int64_t rows, int64_t channels, const T* x, float* statistics) {
  const WideRows wide(channels, rows);
  const Segments segments(1, rows, channels);
  const int64_t stride = padded_floats(wide.width);
  const RequiredScratch floats(context,
                               (stride * (2 * context->threads + 1) + channels) * static_cast<int64_t>(sizeof(float)));
  const RequiredScratch doubles(context, segments.count * 2 * channels * static_cast<int64_t>(sizeof(double)));
  float* const wide_pivot = floats.get<float>();
  float* const lanes = wide_pivot + stride;
  float* const pivot = lanes + 2 * stride * context->threads;
  double* const partials = doubles.get<double>();
  norm_pivot(rows, channels, x, pivot);
  wide.widen(pivot, wide_pivot);

  parallel_for(context->threads, segments.count, 1, [&](int64_t segment, int64_t) {
    float* const first = lanes + 2 * stride * omp_get_thread_num();
    float* const second = first + stride;
    std::fill(first, first + 2 * stride, 0.0f);
    const T* const part = x + segments.first_row(segment) * channels;
    accumulate_pairs(wide.width, segments.length(segment) * channels, first, second,
                     [part, wide_pivot](int64_t i, int64_t lane, auto& a, auto& b) {
                       a = a.load(part + i) - a.load(wide_pivot + lane);
                       b = a * a;
                     });
    double* const partial = partials + segment * 2 * channels;
    std::fill(partial, partial + 2 * channels, 0.0);
    wide.fold(first, partial);
    wide.fold(second, partial + channels);
  });

  parallel_for(context->threads, channels, norm_block, [&](int64_t begin, int64_t end) {
    with_block(end - begin, [&](auto count) {
      double sum[norm_block] = {}, squares[norm_block] = {};
      for (int64_t segment = 0; segment < segments.count; ++segment) {
        const double* const partial = partials + segment * 2 * channels + begin;
        for (int64_t i = 0; i < count; ++i) {
          sum[i] += partial[i];
          squares[i] += partial[channels + i];
        }
      }
      for (int64_t i = 0; i < count; ++i) {
        const double deviations = squares[i] - sum[i] * sum[i] / static_cast<double>(rows);
        statistics[begin + i] = static_cast<float>(pivot[begin + i] + sum[i] / static_cast<double>(rows));
        statistics[channels + begin + i] = static_cast<float>(deviations < 0.0 ? 0.0 : deviations);
      }
    });
  });
}

enum class Extra { none, residual, mask };

// In the place of signs that nobody wants.
struct NoSigns {
  static uint8_t* from(uint8_t*, int64_t) { return nullptr; }
  template <typename Lanes>
  static void store(Lanes, uint8_t*, int64_t) {}
};

template <typename T, Extra extra, bool relu, typename Signs>
void norm_apply_run(int64_t width, int64_t n, const T* x, const float* scale, const float* shift, const T* residual,
                    const float* mask, T* y, uint8_t* signs) {
  for (int64_t begin = 0; begin < n; begin += width) {
    for_lanes(std::min(width, n - begin), [=](auto kind, int64_t lane) {
      const int64_t i = begin + lane;
      auto value = multiply_add(kind.load(x + i), kind.load(scale + lane), kind.load(shift + lane));
      if (extra == Extra::residual) value = value + kind.load(residual + i);
      Signs::store(value, signs, i);
      if (relu) value = positive_part(value);
      if (extra == Extra::mask) value = value * kind.load(mask + lane);
      value.store(y + i);
    });
  }
}

struct NormApply {
  sl_context* context;
  int64_t batch, pixels, channels;
  const float *mean, *rstd, *gamma, *beta, *mask;

  template <typename T, Extra extra, bool relu, typename Signs = NoSigns>
  void run(const T* x, const T* residual, T* y, uint8_t* signs = nullptr) const {
    // Without a mask the rows of all images form one block.
    const bool per_image = extra == Extra::mask;
    const int64_t images = per_image ? batch : 1, rows = per_image ? pixels : batch * pixels;
    const WideRows wide(channels, rows);
    const Segments segments(images, rows, channels);
    const int64_t stride = padded_floats(wide.width);
    const RequiredScratch floats(
        context, (stride * (2 + context->threads) + 2 * channels) * static_cast<int64_t>(sizeof(float)));
    float* const scale = floats.get<float>();
    float* const shift = scale + stride;
    float* const masks = shift + stride;
    float* const narrow = masks + stride * context->threads;
    norm_affine(channels, mean, rstd, gamma, beta, narrow, narrow + channels);
    wide.widen(narrow, scale);
    wide.widen(narrow + channels, shift);
    parallel_for(context->threads, segments.count, 1, [&](int64_t segment, int64_t) {
      float* const wide_mask = masks + stride * omp_get_thread_num();
      if (per_image) wide.widen(mask + segments.image(segment) * channels, wide_mask);
      const int64_t offset = segments.first_row(segment) * channels;
      norm_apply_run<T, extra, relu, Signs>(wide.width, segments.length(segment) * channels, x + offset, scale, shift,
                                            extra == Extra::residual ? residual + offset : nullptr, wide_mask,
                                            y + offset, Signs::from(signs, offset));
    });
  }
};

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_norm_statistics(sl_context* context, int32_t dtype, int64_t rows, int64_t channels, const void* x,
                                  float* statistics) {
  SL_BEGIN
  SL_REQUIRE_POINTERS("sl_norm_statistics", context);
  SL_TRY(check_norm_statistics(rows, channels, x, statistics));
  SL_DISPATCH(dtype, "sl_norm_statistics", [&](auto zero) {
    using T = decltype(zero);
    if (rows * channels == 0) {
      if (channels > 0) std::fill(statistics, statistics + 2 * channels, 0.0f);
      return;
    }
    norm_statistics<T>(context, rows, channels, static_cast<const T*>(x), statistics);
  });
  return SL_OK;
  SL_END("sl_norm_statistics")
}

SL_API int32_t sl_norm_finalize(sl_context* context, int64_t channels, int64_t count, const float* statistics,
                                float epsilon, float momentum, float* running_mean, float* running_var, float* mean,
                                float* rstd) {
  SL_REQUIRE_POINTERS("sl_norm_finalize", context);
  SL_TRY(check_norm_finalize(channels, count, statistics, running_mean, running_var, mean, rstd));
  for (int64_t channel = 0; channel < channels; ++channel) {
    const double deviations = statistics[channels + channel];
    mean[channel] = statistics[channel];
    rstd[channel] = static_cast<float>(1.0 / std::sqrt(deviations / static_cast<double>(count) + epsilon));
    if (running_mean == nullptr) continue;
    // A single row has no unbiased variance; the biased variance, 0, replaces it.
    const double unbiased = deviations / static_cast<double>(std::max<int64_t>(count - 1, 1));
    running_mean[channel] = static_cast<float>((1.0 - momentum) * running_mean[channel] +
                                               momentum * static_cast<double>(statistics[channel]));
    running_var[channel] = static_cast<float>((1.0 - momentum) * running_var[channel] + momentum * unbiased);
  }
  return SL_OK;
}

SL_API int32_t sl_norm_rstd(sl_context* context, int64_t channels, const float* variance, float epsilon, float* rstd) {
  SL_REQUIRE_POINTERS("sl_norm_rstd", context);
  SL_TRY(check_norm_rstd(channels, variance, rstd));
  for (int64_t channel = 0; channel < channels; ++channel) {
    rstd[channel] = static_cast<float>(1.0 / std::sqrt(static_cast<double>(variance[channel]) + epsilon));
  }
  return SL_OK;
}

SL_API int32_t sl_norm_apply(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels, int64_t channels,
                             const void* x, const float* mean, const float* rstd, const float* gamma, const float* beta,
                             const void* residual, int32_t relu, const float* mask, void* y, uint8_t* signs) {
  SL_BEGIN
  SL_REQUIRE_POINTERS("sl_norm_apply", context);
  SL_TRY(check_norm_apply(batch, pixels, channels, x, mean, rstd, gamma, beta, residual, relu, mask, y, signs));
  const NormApply apply{context, batch, pixels, channels, mean, rstd, gamma, beta, mask};
  SL_DISPATCH(dtype, "sl_norm_apply", [&](auto zero) {
    if (batch * pixels * channels == 0) return;
    with_native(zero, [&](auto element) {
      using T = decltype(element);
      const T* const in = static_cast<const T*>(x);
      const T* const added = static_cast<const T*>(residual);
      T* const out = static_cast<T*>(y);
      if (signs != nullptr) {
        with_flag(are_signs_packed(channels), [&](auto packed) {
          using Signs = std::conditional_t<decltype(packed)::value, PackedSigns, LooseSigns>;
          apply.template run<T, Extra::residual, true, Signs>(in, added, out, signs);
        });
        return;
      }
      with_flag(relu != 0, [&](auto flag) {
        constexpr bool with_relu = decltype(flag)::value;
        if (mask != nullptr) {
          apply.template run<T, Extra::mask, with_relu>(in, added, out);
        } else if (residual != nullptr) {
          apply.template run<T, Extra::residual, with_relu>(in, added, out);
        } else {
          apply.template run<T, Extra::none, with_relu>(in, added, out);
        }
      });
    });
  });
  return SL_OK;
  SL_END("sl_norm_apply")
}

SL_API int32_t sl_norm_fold(sl_context* context, int64_t channels, const float* mean, const float* variance,
                            const float* gamma, const float* beta, float epsilon, float* scale, float* shift) {
  SL_REQUIRE_POINTERS("sl_norm_fold", context);
  SL_TRY(check_norm_fold(channels, mean, variance, gamma, beta, scale, shift));
  for (int64_t channel = 0; channel < channels; ++channel) {
    const FoldedNorm norm = fold_norm(mean[channel], variance[channel], gamma[channel], beta[channel], epsilon);
    scale[channel] = norm.scale;
    shift[channel] = norm.shift;
  }
  return SL_OK;
}
