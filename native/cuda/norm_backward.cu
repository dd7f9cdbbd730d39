// The backward of batch norm: sums over each channel's rows, then the input's gradient.
#include "norm.h"

namespace sluice {
namespace {

// The source of relu's [v > 0]: none without relu; v, recomputed from x; or, after a residual, what the forward call
// saved.
enum class Sign { none, from_x, saved };

template <typename T, int n>
struct NormInputs {
  Pack<T, n> dy, x;
  Signs<n> signs;
};

template <Sign sign, typename T, int n>
__device__ NormInputs<T, n> load_inputs(const T* dy, const T* x, const uint8_t* signs, int64_t i) {
  NormInputs<T, n> in{Pack<T, n>::load(dy + i), Pack<T, n>::load(x + i), {}};
  if (sign == Sign::saved) in.signs = Signs<n>::load(signs, i);
  return in;
}

// h = dy [v > 0].
template <Sign sign, typename T, int n>
__device__ float through_relu(const NormInputs<T, n>& in, const NormAffine<n>& affine, int k) {
  if (sign == Sign::from_x) return affine(k, in.x.get(k)) > 0.0f ? in.dy.get(k) : 0.0f;
  if (sign == Sign::saved) return in.signs[k] ? in.dy.get(k) : 0.0f;
  return in.dy.get(k);
}

// An image's mask is constant over its pixels, so the loop over pixels leaves it out: every result follows from each
// image's sums of h and h (x - mean).
template <Sign sign, typename T, int n>
__global__ void norm_backward_sums_kernel(const Cover cover, const NormParameters parameters, const T* dy, const T* x,
                                          const uint8_t* signs, double* partials) {
  const Place place = place_of<n>(cover);
  const NormAffine<n> affine(parameters, place.channel);
  float mean[n], sums[2][n] = {};
  each_of<n>(parameters.mean + place.channel, [&](int k, float value) { mean[k] = value; });
  for_rows<4>(
      place, [&](int64_t row) { return load_inputs<sign, T, n>(dy, x, signs, row * cover.channels + place.channel); },
      [&](int64_t, const NormInputs<T, n>& in) {
        for (int k = 0; k < n; ++k) {
          const float h = through_relu<sign>(in, affine, k);
          sums[0][k] += h;
          sums[1][k] = fmaf(h, in.x.get(k) - mean[k], sums[1][k]);
        }
      });
  fold(cover, sums, partials);
}

// Writes the gradient of an image's mask from the image's sums, then adds them to the sums of the channel. With
// a = gamma * rstd * (x - mean) + beta, the sum of h a is gamma * rstd * sum(h (x - mean)) + beta * sum(h).
struct MaskedSums {
  PartialSums<2> partials;
  NormParameters parameters;
  const float* mask;
  float* dmask;

  __device__ void operator()(int64_t, int64_t image, int64_t channel, double (&total)[2]) const {
    double own[2] = {};
    for (int64_t part = 0; part < partials.parts; ++part) partials(image, part, channel, own);
    const int64_t at = image * partials.columns + channel;
    const double scaled = own[1] * parameters.rstd[channel], open = mask[at];
    total[0] += open * own[0];
    total[1] += open * scaled;
    dmask[at] = static_cast<float>(parameters.gamma[channel] * scaled + parameters.beta[channel] * own[0]);
  }
};

int32_t combine_masked(const sl_context* context, const MaskedSums& masked, int64_t batch, float* sums) {
  const int64_t channels = masked.partials.columns;
  return merge<2>(context, "sl_norm_backward_statistics", 1, batch, channels, masked,
                  [=] __device__(int64_t, int64_t channel, const double (&total)[2]) {
                    sums[channel] = static_cast<float>(total[0]);
                    sums[channels + channel] = static_cast<float>(total[1]);
                  });
}

int32_t combine(const sl_context* context, const PartialSums<2>& partials, const float* rstd, float* sums) {
  const int64_t channels = partials.columns;
  return merge<2>(context, "sl_norm_backward_statistics", 1, partials.parts, channels, partials,
                  [=] __device__(int64_t, int64_t channel, const double (&total)[2]) {
                    sums[channel] = static_cast<float>(total[0]);
                    sums[channels + channel] = static_cast<float>(total[1] * rstd[channel]);
                  });
}

// dx = outer * h + (slope * (x - mean) + constant) with outer = gamma * rstd * mask; dresidual = h.
template <Sign sign, typename T, int n>
__global__ void norm_backward_apply_kernel(const Cover cover, int64_t pixels, float share,
                                           const NormParameters parameters, const T* dy, const T* x,
                                           const uint8_t* signs, const float* mask, const float* sums, T* dx,
                                           T* dresidual, bool accumulate) {
  const Place place = place_of<n>(cover);
  const NormAffine<n> affine(parameters, place.channel);
  float mean[n], slope[n], constant[n], outer[n];
  each_of<n>(parameters.mean + place.channel, [&](int k, float value) { mean[k] = value; });
  each_of<n>(sums + place.channel, [&](int k, float sum) { constant[k] = -share * affine.scale[k] * sum; });
  each_of<n>(parameters.rstd + place.channel, [&](int k, float rstd) { slope[k] = -share * affine.scale[k] * rstd; });
  each_of<n>(sums + cover.channels + place.channel, [&](int k, float sum) { slope[k] *= sum; });
  NormMask<n> open(mask, pixels, cover.channels, place);
  for (int k = 0; k < n; ++k) outer[k] = affine.scale[k] * open[k];
  const auto load = [&](int64_t row) {
    return load_inputs<sign, T, n>(dy, x, signs, row * cover.channels + place.channel);
  };
  for_rows<2>(place, load, [&](int64_t row, const NormInputs<T, n>& in) {
    if (open.move_to(row)) {
      for (int k = 0; k < n; ++k) outer[k] = affine.scale[k] * open[k];
    }
    const int64_t i = row * cover.channels + place.channel;
    Pack<T, n> out{}, residual{};
    if (accumulate) residual = Pack<T, n>::load(dresidual + i);
    for (int k = 0; k < n; ++k) {
      const float h = through_relu<sign>(in, affine, k);
      if (dresidual != nullptr) residual.set(k, accumulate ? residual.get(k) + h : h);
      out.set(k, fmaf(outer[k], h, fmaf(slope[k], in.x.get(k) - mean[k], constant[k])));
    }
    if (dresidual != nullptr) residual.store(dresidual + i);
    out.store(dx + i);
  });
}

// The arguments that both calls share.
struct NormBackward {
  sl_context* context;
  int64_t batch, pixels, channels;
  NormParameters parameters;
  const void *dy, *x;
  const uint8_t* signs;
  const float* mask;

  template <Sign sign, typename T, int n>
  int32_t statistics(float* sums, float* dmask) const {
    const bool masked = mask != nullptr;
    const Cover cover(masked ? batch : 1, masked ? pixels : batch * pixels, channels, n, Cover::run_of_sums);
    const Scratch scratch(context->allocator, cover.partial_bytes(2));
    if (!scratch) return out_of_memory("sl_norm_backward_statistics", context->allocator, cover.partial_bytes(2));
    const PartialSums<2> partials{scratch.get<double>(), cover.parts, channels};
    SL_TRY(launch(context, "sl_norm_backward_statistics", cover.blocks(), block_threads,
                  norm_backward_sums_kernel<sign, T, n>, cover, parameters, static_cast<const T*>(dy),
                  static_cast<const T*>(x), signs, scratch.get<double>()));
    return masked ? combine_masked(context, {partials, parameters, mask, dmask}, batch, sums)
                  : combine(context, partials, parameters.rstd, sums);
  }

  template <Sign sign, typename T, int n>
  int32_t apply(int64_t count, const float* sums, void* dx, void* dresidual, bool accumulate) const {
    const Cover cover(1, batch * pixels, channels, n, Cover::run_of_maps);
    const float share = static_cast<float>(1.0 / static_cast<double>(count));
    return launch(context, "sl_norm_backward_apply", cover.blocks(), block_threads,
                  norm_backward_apply_kernel<sign, T, n>, cover, pixels, share, parameters, static_cast<const T*>(dy),
                  static_cast<const T*>(x), signs, mask, sums, static_cast<T*>(dx), static_cast<T*>(dresidual),
                  accumulate);
  }

  // Calls body with the sign and with the number of elements that a thread takes, as compile-time constants. Arrays
  // that the operation does not access are null.
  template <typename T, typename Body>
  void with_kernel(bool relu, const float* sums, const void* dx, const void* dresidual, const Body& body) const {
    const auto run = [&](auto n) {
      if (!relu) {
        body(std::integral_constant<Sign, Sign::none>{}, n);
      } else if (signs != nullptr) {
        body(std::integral_constant<Sign, Sign::saved>{}, n);
      } else {
        body(std::integral_constant<Sign, Sign::from_x>{}, n);
      }
    };
    const auto [mean, rstd, gamma, beta] = parameters;
    with_norm_packs<T>(channels, signs, {dy, x, mask, mean, rstd, gamma, beta, sums, dx, dresidual}, run);
  }
};

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_norm_backward_statistics(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels,
                                           int64_t channels, const void* dy, const void* x, const uint8_t* signs,
                                           const float* mean, const float* rstd, const float* gamma, const float* beta,
                                           int32_t relu, const float* mask, float* sums, float* dmask) {
  SL_ENTER("sl_norm_backward_statistics", context);
  SL_BEGIN
  SL_TRY(check_norm_backward_statistics(batch, pixels, channels, dy, x, signs, mean, rstd, gamma, beta, mask, sums,
                                        dmask));
  int32_t status = SL_OK;
  const NormBackward backward{context, batch, pixels, channels, {mean, rstd, gamma, beta}, dy, x, signs, mask};
  SL_DISPATCH(dtype, "sl_norm_backward_statistics", [&](auto zero) {
    using T = decltype(zero);
    if (batch * pixels * channels == 0) {
      status = sl_fill(context, SL_F32, 2 * channels, 0.0f, sums);
      if (status == SL_OK && mask != nullptr) status = sl_fill(context, SL_F32, batch * channels, 0.0f, dmask);
      return;
    }
    backward.template with_kernel<T>(relu != 0, nullptr, nullptr, nullptr, [&](auto sign, auto n) {
      status = backward.template statistics<decltype(sign)::value, T, decltype(n)::value>(sums, dmask);
    });
  });
  return status;
  SL_END("sl_norm_backward_statistics")
}

SL_API int32_t sl_norm_backward_apply(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels,
                                      int64_t channels, int64_t count, const void* dy, const void* x,
                                      const uint8_t* signs, const float* mean, const float* rstd, const float* gamma,
                                      const float* beta, int32_t relu, const float* mask, const float* sums, void* dx,
                                      void* dresidual, int32_t accumulate_residual) {
  SL_ENTER("sl_norm_backward_apply", context);
  SL_TRY(check_norm_backward_apply(batch, pixels, channels, count, dy, x, signs, mean, rstd, gamma, beta, relu, mask,
                                   sums, dx, dresidual));
  int32_t status = SL_OK;
  const NormBackward backward{context, batch, pixels, channels, {mean, rstd, gamma, beta}, dy, x, signs, mask};
  SL_DISPATCH(dtype, "sl_norm_backward_apply", [&](auto zero) {
    using T = decltype(zero);
    if (batch * pixels * channels == 0) return;
    backward.template with_kernel<T>(relu != 0, sums, dx, dresidual, [&](auto sign, auto n) {
      status = backward.template apply<decltype(sign)::value, T, decltype(n)::value>(
          count, sums, dx, dresidual, dresidual != nullptr && accumulate_residual != 0);
    });
  });
  return status;
}
