// The backward of batch norm: sums over each channel's rows, then the input's gradient.
#include "../common/norm_checks.h"
#include "norm.h"

namespace sluice {
namespace {

// The sources of relu's [v > 0]: none without relu; v, recomputed from x; and, after a residual, PackedSigns or
// LooseSigns, which the forward call saved.
struct NoRelu {
  static const uint8_t* from(const uint8_t*, int64_t) { return nullptr; }
};
struct SignsOfX : NoRelu {};

template <typename Signs, typename T, typename Lanes>
inline Lanes through_relu(const T* dy, const uint8_t* signs, int64_t i, Lanes x, const float* scale,
                          const float* shift) {
  const Lanes gradient = Lanes::load(dy + i);
  if constexpr (std::is_same_v<Signs, NoRelu>) {
    return gradient;
  } else if constexpr (std::is_same_v<Signs, SignsOfX>) {
    return where_positive(multiply_add(x, Lanes::load(scale), Lanes::load(shift)), gradient);
  } else {
    return Signs::where_positive(signs, i, gradient);
  }
}

struct NormBackward {
  sl_context* context;
  int64_t batch, pixels, channels;
  const float *mean, *rstd, *gamma, *beta, *mask;

  int64_t images() const { return mask != nullptr ? batch : 1; }
  int64_t rows() const { return mask != nullptr ? pixels : batch * pixels; }

  template <typename Signs, typename T>
  void statistics(const T* dy, const T* x, const uint8_t* signs, float* sums, float* dmask) const;

  void combine(const Segments& segments, const double* partials, float* sums, float* dmask) const;

  template <typename Signs, bool residual, bool accumulate, typename T>
  void apply(int64_t count, const T* dy, const T* x, const uint8_t* signs, const float* sums, T* dx,
             T* dresidual) const;
};

// An image's mask is constant over its pixels, so the loop over pixels leaves it out: with h = dy [v > 0], every result
// follows from each image's sums of h and h (x - mean).
template <typename Signs, typename T>
void NormBackward::statistics(const T* dy, const T* x, const uint8_t* signs, float* sums, float* dmask) const {
  const WideRows wide(channels, rows());
  const Segments segments(images(), rows(), channels);
  const int64_t stride = padded_floats(wide.width);
  const RequiredScratch floats(
      context, (stride * (3 + 2 * context->threads) + 2 * channels) * static_cast<int64_t>(sizeof(float)));
  const RequiredScratch doubles(context, segments.count * 2 * channels * static_cast<int64_t>(sizeof(double)));
  float* const scale = floats.get<float>();
  float* const shift = scale + stride;
  float* const centre = shift + stride;
  float* const lanes = centre + stride;
  float* const narrow = lanes + 2 * stride * context->threads;
  double* const partials = doubles.get<double>();
  norm_affine(channels, mean, rstd, gamma, beta, narrow, narrow + channels);
  wide.widen(narrow, scale);
  wide.widen(narrow + channels, shift);
  wide.widen(mean, centre);

  parallel_for(context->threads, segments.count, 1, [&](int64_t segment, int64_t) {
    float* const first = lanes + 2 * stride * omp_get_thread_num();
    float* const second = first + stride;
    std::fill(first, first + 2 * stride, 0.0f);
    const int64_t offset = segments.first_row(segment) * channels;
    const T* const part_dy = dy + offset;
    const T* const part_x = x + offset;
    const uint8_t* const part_signs = Signs::from(signs, offset);
    accumulate_pairs(wide.width, segments.length(segment) * channels, first, second,
                     [=](int64_t i, int64_t lane, auto& a, auto& b) {
                       const auto value = a.load(part_x + i);
                       a = through_relu<Signs>(part_dy, part_signs, i, value, scale + lane, shift + lane);
                       b = a * (value - b.load(centre + lane));
                     });
    double* const partial = partials + segment * 2 * channels;
    std::fill(partial, partial + 2 * channels, 0.0);
    wide.fold(first, partial);
    wide.fold(second, partial + channels);
  });
  combine(segments, partials, sums, dmask);
}

// With a = gamma * rstd * (x - mean) + beta, the sum of h a is gamma * rstd * sum(h (x - mean)) + beta * sum(h).
void NormBackward::combine(const Segments& segments, const double* partials, float* sums, float* dmask) const {
  parallel_for(context->threads, channels, norm_block, [&](int64_t begin, int64_t end) {
    with_block(end - begin, [&](auto count) {
      with_flag(mask != nullptr, [&](auto masked) {
        double total[2][norm_block] = {};
        for (int64_t image = 0; image < images(); ++image) {
          double h[norm_block], hx[norm_block];
          const double* partial = partials + image * segments.per_image * 2 * channels + begin;
          std::copy(partial, partial + count, h);
          std::copy(partial + channels, partial + channels + count, hx);
          for (int64_t part = 1; part < segments.per_image; ++part) {
            partial += 2 * channels;
            for (int64_t i = 0; i < count; ++i) h[i] += partial[i];
            for (int64_t i = 0; i < count; ++i) hx[i] += partial[channels + i];
          }
          const int64_t at = image * channels + begin;
#pragma omp simd
          for (int64_t i = 0; i < count; ++i) {
            const double scaled = hx[i] * rstd[begin + i], open = masked ? mask[at + i] : 1.0f;
            total[0][i] += open * h[i];
            total[1][i] += open * scaled;
            if (masked) dmask[at + i] = static_cast<float>(gamma[begin + i] * scaled + beta[begin + i] * h[i]);
          }
        }
        for (int64_t i = 0; i < count; ++i) {
          sums[begin + i] = static_cast<float>(total[0][i]);
          sums[channels + begin + i] = static_cast<float>(total[1][i]);
        }
      });
    });
  });
}

// Coefficients of dx = outer * h + (slope * (x - mean) + constant), where outer = gamma * rstd * mask.
struct Coefficients {
  const float *scale, *shift, *centre, *slope, *constant, *outer;
};

template <typename Signs, bool residual, bool accumulate, typename T>
void norm_backward_run(int64_t width, int64_t n, const Coefficients& coefficients, const T* dy, const T* x,
                       const uint8_t* signs, T* dx, T* dresidual) {
  const float *scale = coefficients.scale, *shift = coefficients.shift, *centre = coefficients.centre;
  const float *slope = coefficients.slope, *constant = coefficients.constant, *outer = coefficients.outer;
  for (int64_t begin = 0; begin < n; begin += width) {
    for_lanes(std::min(width, n - begin), [=](auto kind, int64_t lane) {
      const int64_t i = begin + lane;
      const auto value = kind.load(x + i);
      const auto h = through_relu<Signs>(dy, signs, i, value, scale + lane, shift + lane);
      if (residual) (accumulate ? kind.load(dresidual + i) + h : h).store(dresidual + i);
      const auto inner =
          multiply_add(kind.load(slope + lane), value - kind.load(centre + lane), kind.load(constant + lane));
      multiply_add(kind.load(outer + lane), h, inner).store(dx + i);
    });
  }
}

template <typename Signs, bool residual, bool accumulate, typename T>
void NormBackward::apply(int64_t count, const T* dy, const T* x, const uint8_t* signs, const float* sums, T* dx,
                         T* dresidual) const {
  const WideRows wide(channels, rows());
  const Segments segments(images(), rows(), channels);
  const int64_t stride = padded_floats(wide.width);
  const RequiredScratch floats(context,
                               (stride * (5 + context->threads) + 4 * channels) * static_cast<int64_t>(sizeof(float)));
  float* const rows_of[5] = {floats.get<float>(), floats.get<float>() + stride, floats.get<float>() + 2 * stride,
                             floats.get<float>() + 3 * stride, floats.get<float>() + 4 * stride};
  float* const outers = floats.get<float>() + 5 * stride;
  float* const narrow = outers + stride * context->threads;
  float *const slope = narrow + 2 * channels, *const constant = narrow + 3 * channels;
  norm_affine(channels, mean, rstd, gamma, beta, narrow, narrow + channels);
  for (int64_t channel = 0; channel < channels; ++channel) {
    const double factor = static_cast<double>(gamma[channel]) * rstd[channel] / static_cast<double>(count);
    slope[channel] = static_cast<float>(-factor * rstd[channel] * sums[channels + channel]);
    constant[channel] = static_cast<float>(-factor * sums[channel]);
  }
  wide.widen(narrow, rows_of[0]);
  wide.widen(narrow + channels, rows_of[1]);
  wide.widen(mean, rows_of[2]);
  wide.widen(slope, rows_of[3]);
  wide.widen(constant, rows_of[4]);

  parallel_for(context->threads, segments.count, 1, [&](int64_t segment, int64_t) {
    Coefficients coefficients{rows_of[0], rows_of[1], rows_of[2], rows_of[3], rows_of[4], rows_of[0]};
    if (mask != nullptr) {
      float* const outer = outers + stride * omp_get_thread_num();
      wide.widen(mask + segments.image(segment) * channels, outer);
      for (int64_t lane = 0; lane < wide.width; ++lane) outer[lane] *= rows_of[0][lane];
      coefficients.outer = outer;
    }
    const int64_t offset = segments.first_row(segment) * channels;
    norm_backward_run<Signs, residual, accumulate>(wide.width, segments.length(segment) * channels, coefficients,
                                                   dy + offset, x + offset, Signs::from(signs, offset), dx + offset,
                                                   residual ? dresidual + offset : nullptr);
  });
}

// Calls body with the source of relu's signs.
template <typename Body>
void with_signs(bool relu, const uint8_t* signs, int64_t channels, const Body& body) {
  if (!relu) {
    body(NoRelu{});
  } else if (signs == nullptr) {
    body(SignsOfX{});
  } else if (are_signs_packed(channels)) {
    body(PackedSigns{});
  } else {
    body(LooseSigns{});
  }
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_norm_backward_statistics(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels,
                                           int64_t channels, const void* dy, const void* x, const uint8_t* signs,
                                           const float* mean, const float* rstd, const float* gamma, const float* beta,
                                           int32_t relu, const float* mask, float* sums, float* dmask) {
  SL_BEGIN
  SL_REQUIRE_POINTERS("sl_norm_backward_statistics", context);
  SL_TRY(check_norm_backward_statistics(batch, pixels, channels, dy, x, signs, mean, rstd, gamma, beta, mask, sums,
                                        dmask));
  const NormBackward backward{context, batch, pixels, channels, mean, rstd, gamma, beta, mask};
  SL_DISPATCH(dtype, "sl_norm_backward_statistics", [&](auto zero) {
    using T = decltype(zero);
    if (batch * pixels * channels == 0) {
      if (channels > 0) std::fill(sums, sums + 2 * channels, 0.0f);
      if (mask != nullptr && batch * channels > 0) std::fill(dmask, dmask + batch * channels, 0.0f);
      return;
    }
    with_signs(relu != 0, signs, channels, [&](auto source) {
      backward.template statistics<decltype(source)>(static_cast<const T*>(dy), static_cast<const T*>(x), signs, sums,
                                                     dmask);
    });
  });
  return SL_OK;
  SL_END("sl_norm_backward_statistics")
}

SL_API int32_t sl_norm_backward_apply(sl_context* context, int32_t dtype, int64_t batch, int64_t pixels,
                                      int64_t channels, int64_t count, const void* dy, const void* x,
                                      const uint8_t* signs, const float* mean, const float* rstd, const float* gamma,
                                      const float* beta, int32_t relu, const float* mask, const float* sums, void* dx,
                                      void* dresidual, int32_t accumulate_residual) {
  SL_BEGIN
  SL_REQUIRE_POINTERS("sl_norm_backward_apply", context);
  SL_TRY(check_norm_backward_apply(batch, pixels, channels, count, dy, x, signs, mean, rstd, gamma, beta, relu, mask,
                                   sums, dx, dresidual));
  const NormBackward backward{context, batch, pixels, channels, mean, rstd, gamma, beta, mask};
  SL_DISPATCH(dtype, "sl_norm_backward_apply", [&](auto zero) {
    if (batch * pixels * channels == 0) return;
    with_native(zero, [&](auto element) {
      using T = decltype(element);
      with_signs(relu != 0, signs, channels, [&](auto source) {
        with_flag(dresidual != nullptr, [&](auto residual) {
          with_flag(dresidual != nullptr && accumulate_residual != 0, [&](auto accumulate) {
            backward.template apply<decltype(source), decltype(residual)::value, decltype(accumulate)::value>(
                count, static_cast<const T*>(dy), static_cast<const T*>(x), signs, sums, static_cast<T*>(dx),
                static_cast<T*>(dresidual));
          });
        });
      });
    });
  });
  return SL_OK;
  SL_END("sl_norm_backward_apply")
}
