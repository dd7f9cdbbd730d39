// Batch norm: the statistics of each channel, then the affine map, fused with residual, relu and mask.
#include "../common/norm_fold.h"
#include "norm.h"

namespace sluice {
namespace {

// The mean of up to 8 rows spread over x. Every value is reduced by it before squaring, so that f32 sums stay accurate
// if a channel's mean is large compared with its deviation. Each thread recomputes it, to the same bits: the rows are
// in the cache, and a separate kernel would take longer.
template <typename T, int n>
__device__ void norm_pivot(int64_t rows, int64_t channels, int64_t channel, const T* x, float (&pivot)[n]) {
  constexpr int enough = 8;
  const int samples = rows < enough ? static_cast<int>(rows) : enough;
  const int64_t apart = rows / samples * channels;
  for (int k = 0; k < n; ++k) pivot[k] = 0.0f;
  for (int sample = 0; sample < samples; ++sample) {
    const auto value = Pack<T, n>::load(x + sample * apart + channel);
    for (int k = 0; k < n; ++k) pivot[k] += value.get(k);
  }
  for (int k = 0; k < n; ++k) pivot[k] /= static_cast<float>(samples);
}

// Sums of the distances from the pivot, and of their squares.
template <typename T, int n>
__global__ void norm_statistics_kernel(const Cover cover, const T* x, double* partials) {
  const Place place = place_of<n>(cover);
  float pivot[n], sums[2][n] = {};
  norm_pivot(cover.rows, cover.channels, place.channel, x, pivot);
  for_rows<4>(
      place, [&](int64_t row) { return Pack<T, n>::load(x + row * cover.channels + place.channel); },
      [&](int64_t, const Pack<T, n>& value) {
        for (int k = 0; k < n; ++k) {
          const float distance = value.get(k) - pivot[k];
          sums[0][k] += distance;
          sums[1][k] = fmaf(distance, distance, sums[1][k]);
        }
      });
  fold(cover, sums, partials);
}

template <int n, typename T>
int32_t norm_statistics(sl_context* context, int64_t rows, int64_t channels, const T* x, float* statistics) {
  const Cover cover(1, rows, channels, n, Cover::run_of_sums);
  const Scratch scratch(context->allocator, cover.partial_bytes(2));
  if (!scratch) return out_of_memory("sl_norm_statistics", context->allocator, cover.partial_bytes(2));
  double* const partials = scratch.get<double>();
  SL_TRY(launch(context, "sl_norm_statistics", cover.blocks(), block_threads, norm_statistics_kernel<T, n>, cover, x,
                partials));
  const PartialSums<2> term{partials, cover.parts, channels};
  return merge<2>(context, "sl_norm_statistics", 1, cover.parts, channels, term,
                  [=] __device__(int64_t, int64_t channel, const double (&total)[2]) {
                    float pivot[1];
                    norm_pivot(rows, channels, channel, x, pivot);
                    const double offset = total[0] / static_cast<double>(rows);
                    const double deviations = total[1] - total[0] * offset;
                    statistics[channel] = static_cast<float>(pivot[0] + offset);
                    statistics[channels + channel] = static_cast<float>(deviations < 0.0 ? 0.0 : deviations);
                  });
}

template <typename T, int n>
struct NormInputs {
  Pack<T, n> x, residual;
};

template <typename T, int n>
__global__ void norm_apply_kernel(const Cover cover, int64_t pixels, const NormParameters parameters, const T* x,
                                  const T* residual, bool relu, const float* mask, T* y, uint8_t* signs) {
  const Place place = place_of<n>(cover);
  const NormAffine<n> affine(parameters, place.channel);
  NormMask<n> open(mask, pixels, cover.channels, place);
  const auto load = [&](int64_t row) {
    const int64_t i = row * cover.channels + place.channel;
    NormInputs<T, n> in{Pack<T, n>::load(x + i), {}};
    if (residual != nullptr) in.residual = Pack<T, n>::load(residual + i);
    return in;
  };
  for_rows<4>(place, load, [&](int64_t row, const NormInputs<T, n>& in) {
    open.move_to(row);
    const int64_t i = row * cover.channels + place.channel;
    Pack<T, n> out{};
    Signs<n> positive;
    for (int k = 0; k < n; ++k) {
      float value = affine(k, in.x.get(k));
      if (residual != nullptr) value += in.residual.get(k);
      positive.set(k, value > 0.0f);
      if (relu && value < 0.0f) value = 0.0f;  // NaN stays NaN
      out.set(k, value * open[k]);
    }
    out.store(y + i);
    if (signs != nullptr) positive.store(signs, i);
  });
}

// All images form one block of rows. Only the mask depends on the image, and each thread follows it.
template <typename T>
int32_t norm_apply(const sl_context* context, int64_t batch, int64_t pixels, int64_t channels, const T* x,
                   const NormParameters& parameters, const T* residual, bool relu, const float* mask, T* y,
                   uint8_t* signs) {
  int32_t status = SL_OK;
  const auto run = [&](auto known) {
    constexpr int n = decltype(known)::value;
    const Cover cover(1, batch * pixels, channels, n, Cover::run_of_maps);
    status = launch(context, "sl_norm_apply", cover.blocks(), block_threads, norm_apply_kernel<T, n>, cover, pixels,
                    parameters, x, residual, relu, mask, y, signs);
  };
  with_norm_packs<T>(channels, signs,
                     {x, residual, y, mask, parameters.mean, parameters.rstd, parameters.gamma, parameters.beta}, run);
  return status;
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_norm_statistics(sl_context* context, int32_t dtype, int64_t rows, int64_t channels, const void* x,
                                  float* statistics) {
  SL_ENTER("sl_norm_statistics", context);
  SL_BEGIN
  SL_TRY(check_norm_statistics(rows, channels, x, statistics));
  int32_t status = SL_OK;
  SL_DISPATCH(dtype, "sl_norm_statistics", [&](auto zero) {
    using T = decltype(zero);
    if (rows * channels == 0) {
      status = sl_fill(context, SL_F32, 2 * channels, 0.0f, statistics);
      return;
    }
    const T* const in = static_cast<const T*>(x);
    with_packs<T>(channels, {x}, [&](auto n) {
      status = norm_statistics<decltype(n)::value>(context, rows, channels, in, statistics);
    });
  });
  return status;
  SL_END("sl_norm_statistics")
}

SL_API int32_t sl_norm_finalize(sl_context* context, int64_t channels, int64_t count, const float* statistics,
                                float epsilon, float momentum, float* running_mean, float* running_var, float* mean,
                                float* rstd) {
  SL_ENTER("sl_norm_finalize", context);
  SL_TRY(check_norm_finalize(channels, count, statistics, running_mean, running_var, mean, rstd));
  // A single row has no unbiased variance; the biased variance, 0, replaces it.
  const double rows = static_cast<double>(count), unbiased_rows = static_cast<double>(std::max<int64_t>(count - 1, 1));
  return for_each(context, "sl_norm_finalize", channels, [=] __device__(int64_t channel) {
    const double centre = statistics[channel], deviations = statistics[channels + channel];
    mean[channel] = statistics[channel];
    rstd[channel] = static_cast<float>(1.0 / sqrt(deviations / rows + epsilon));
    if (running_mean == nullptr) return;
    running_mean[channel] = static_cast<float>((1.0 - momentum) * running_mean[channel] + momentum * centre);
    running_var[channel] =
        static_cast<float>((1.0 - momentum) * running_var[channel] + momentum * (deviations / unbiased_rows));
  });
}

SL_API int32_t sl_norm_rstd(sl_context* context, int64_t channels, const float* variance, float epsilon, float* rstd) {
  SL_ENTER("sl_norm_rstd", context);
  SL_TRY(check_norm_rstd(channels, variance, rstd));
  return for_each(context, "sl_norm_rstd", channels, [=] __device__(int64_t channel) {
    rstd[channel] = static_cast<float>(1.0 / sqrt(static_cast<double>(variance[channel]) + epsilon));
  });
}

SL_API int32_t sl_norm_apply(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels, int64_t channels,
                             const void* x, const float* mean, const float* rstd, const float* gamma, const float* beta,
                             const void* residual, int32_t relu, const float* mask, void* y, uint8_t* signs) {
  SL_ENTER("sl_norm_apply", context);
  SL_TRY(check_norm_apply(batch, pixels, channels, x, mean, rstd, gamma, beta, residual, relu, mask, y, signs));
  int32_t status = SL_OK;
  const NormParameters parameters{mean, rstd, gamma, beta};
  SL_DISPATCH(dtype, "sl_norm_apply", [&](auto zero) {
    using T = decltype(zero);
    if (batch * pixels * channels == 0) return;
    status = norm_apply(context, batch, pixels, channels, static_cast<const T*>(x), parameters,
                        static_cast<const T*>(residual), relu != 0, mask, static_cast<T*>(y), signs);
  });
  return status;
}

SL_API int32_t sl_norm_fold(sl_context* context, int64_t channels, const float* mean, const float* variance,
                            const float* gamma, const float* beta, float epsilon, float* scale, float* shift) {
  SL_ENTER("sl_norm_fold", context);
  SL_TRY(check_norm_fold(channels, mean, variance, gamma, beta, scale, shift));
  return for_each(context, "sl_norm_fold", channels, [=] __device__(int64_t channel) {
    const FoldedNorm norm = fold_norm(mean[channel], variance[channel], gamma[channel], beta[channel], epsilon);
    scale[channel] = norm.scale;
    shift[channel] = norm.shift;
  });
}
