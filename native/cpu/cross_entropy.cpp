// Softmax cross-entropy and its backward.
#include <cmath>

#include "../common/cross_entropy_checks.h"
#include "context.h"

namespace sluice {
namespace {

int32_t check_labels(const char* name, int64_t rows, int64_t classes, const int32_t* labels) {
  for (int64_t row = 0; row < rows; ++row) {
    SL_REQUIRE(labels[row] >= 0 && labels[row] < classes, "%s: label %d of row %lld is outside 0..%lld", name,
               labels[row], (long long)row, (long long)(classes - 1));
  }
  return SL_OK;
}

int64_t rows_per_chunk(int64_t classes) { return std::max<int64_t>(1, 8192 / classes); }

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_cross_entropy(sl_context* context, int64_t rows, int64_t classes, const float* logits,
                                const int32_t* labels, float* losses, float* probabilities) {
  SL_REQUIRE_POINTERS("sl_cross_entropy", context);
  SL_TRY(check_cross_entropy(rows, classes, logits, labels, losses, probabilities));
  if (rows * classes == 0) return SL_OK;
  SL_TRY(check_labels("sl_cross_entropy", rows, classes, labels));
  parallel_for(context->threads, rows, rows_per_chunk(classes), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* const x = logits + row * classes;
      float* const p = probabilities + row * classes;
      float largest = x[0];
      for (int64_t j = 1; j < classes; ++j) largest = x[j] > largest ? x[j] : largest;
      const float label_logit = x[labels[row]];  // read before p is written: both may be the same buffer
      double sum = 0.0;
      for (int64_t j = 0; j < classes; ++j) {
        p[j] = std::exp(x[j] - largest);
        sum += p[j];
      }
      const float scale = static_cast<float>(1.0 / sum);
      for (int64_t j = 0; j < classes; ++j) p[j] *= scale;
      losses[row] = static_cast<float>(std::log(sum) + (static_cast<double>(largest) - label_logit));
    }
  });
  return SL_OK;
}

SL_API int32_t sl_cross_entropy_backward(sl_context* context, int64_t rows, int64_t classes, const float* probabilities,
                                         const int32_t* labels, const float* dlosses, float* dlogits,
                                         int32_t accumulate) {
  SL_REQUIRE_POINTERS("sl_cross_entropy_backward", context);
  SL_TRY(check_cross_entropy_backward(rows, classes, probabilities, labels, dlosses, dlogits));
  if (rows * classes == 0) return SL_OK;
  SL_TRY(check_labels("sl_cross_entropy_backward", rows, classes, labels));
  parallel_for(context->threads, rows, rows_per_chunk(classes), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* const p = probabilities + row * classes;
      float* const out = dlogits + row * classes;
      for (int64_t j = 0; j < classes; ++j) {
        const float gradient = dlosses[row] * (p[j] - (j == labels[row] ? 1.0f : 0.0f));
        out[j] = accumulate != 0 ? out[j] + gradient : gradient;
      }
    }
  });
  return SL_OK;
}
