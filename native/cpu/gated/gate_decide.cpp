// A gate's decision at inference in one call: with a batch of one image, calls take most of the time.
#include "../../common/gate_checks.h"
#include "../context.h"
#include "../wide_rows.h"

namespace sluice {
namespace {

// The sums over all lanes of a, b, c and d.
__m128 lane_sums(Eight a, Eight b, Eight c, Eight d) {
  const __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(a.value, b.value), _mm256_hadd_ps(c.value, d.value));
  return _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1));
}

// Calls finish(row, product) for each row of a matrix [rows, columns] with the row's product with a vector. Taking four
// rows at a time hides the latency of their sums.
template <typename Finish>
void multiply(int64_t rows, int64_t columns, const float* matrix, const float* vector, const Finish& finish) {
  constexpr int64_t together = 4;
  const int64_t whole = columns / Eight::count * Eight::count;
  for (int64_t first = 0; first < rows; first += together) {
    const int64_t count = std::min(together, rows - first);
    // If fewer are left, the last row is computed again.
    const float* row[together];
    for (int64_t i = 0; i < together; ++i) row[i] = matrix + (first + std::min(i, count - 1)) * columns;
    Eight sums[together] = {Eight::all(0.0f), Eight::all(0.0f), Eight::all(0.0f), Eight::all(0.0f)};
    for (int64_t column = 0; column < whole; column += Eight::count) {
      const Eight factor = Eight::load(vector + column);
      for (int64_t i = 0; i < together; ++i) sums[i] = multiply_add(Eight::load(row[i] + column), factor, sums[i]);
    }
    float products[together];
    _mm_storeu_ps(products, lane_sums(sums[0], sums[1], sums[2], sums[3]));
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t column = whole; column < columns; ++column) {
        products[i] = __builtin_fmaf(row[i][column], vector[column], products[i]);
      }
      finish(first + i, products[i]);
    }
  }
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_gate_decide(sl_context* context, int64_t batch, int64_t in_channels, int64_t hidden, int64_t channels,
                              const float* pooled, const float* weight1, const float* mean, const float* variance,
                              const float* gamma, const float* beta, float epsilon, const float* weight2,
                              const float* bias, float* mask) {
  SL_REQUIRE_POINTERS("sl_gate_decide", context);
  const GateLayers gate{in_channels, hidden, channels, weight1, mean, variance, gamma, beta, epsilon, weight2, bias};
  SL_TRY(check_gate_decide(batch, gate, pooled, mask));
  if (batch * channels == 0) return SL_OK;
  SL_BEGIN
  const int64_t stride = padded_floats(std::max<int64_t>(2 * hidden, 1));
  const RequiredScratch scratch(context, (context->threads + 1) * stride * static_cast<int64_t>(sizeof(float)));
  FoldedNorm* const norms = scratch.get<FoldedNorm>();
  float* const units = scratch.get<float>() + stride;
  for (int64_t unit = 0; unit < hidden; ++unit) norms[unit] = gate.norm(unit);
  parallel_for(context->threads, batch, 1, [&](int64_t image, int64_t) {
    float *const own = units + omp_get_thread_num() * stride, *const open = mask + image * channels;
    multiply(hidden, in_channels, weight1, pooled + image * in_channels,
             [&](int64_t unit, float value) { own[unit] = GateLayers::activate(norms[unit], value); });
    multiply(channels, hidden, weight2, own,
             [&](int64_t channel, float value) { open[channel] = gate.decide(channel, value); });
  });
  return SL_OK;
  SL_END("sl_gate_decide")
}
