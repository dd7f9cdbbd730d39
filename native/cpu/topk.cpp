// The k largest entries of each row.
#include <algorithm>
#include <climits>
#include <cstring>

#include "../common/topk_checks.h"
#include "context.h"

namespace sluice {
namespace {

// An integer that sorts like the float. -0 equals +0; NaN sorts below every number.
inline int32_t order_key(float value) {
  const float plain = value + 0.0f;
  int32_t bits;
  std::memcpy(&bits, &plain, sizeof bits);
  const int32_t key = bits ^ ((bits >> 31) & 0x7fffffff);
  return value != value ? INT_MIN : key;
}

// For small k: one scan that keeps the k best values so far in order. Most blocks hold nothing above the k-th value and
// cost one comparison.
void scan_row(int64_t columns, int32_t k, const float* x, int32_t* keys, int32_t* indices) {
  constexpr int64_t block = 64;
  int32_t held = 0;
  const auto offer = [&](int32_t key, int64_t column) {
    if (held == k && key <= keys[k - 1]) return;
    int32_t place = held < k ? held++ : k - 1;
    for (; place > 0 && keys[place - 1] < key; --place) {
      keys[place] = keys[place - 1];
      indices[place] = indices[place - 1];
    }
    keys[place] = key;
    indices[place] = static_cast<int32_t>(column);
  };
  for (int64_t begin = 0; begin < columns; begin += block) {
    const int64_t length = std::min(block, columns - begin);
    int32_t block_keys[block];
    int32_t largest = INT_MIN;
#pragma omp simd reduction(max : largest)
    for (int64_t j = 0; j < length; ++j) {
      block_keys[j] = order_key(x[begin + j]);
      largest = std::max(largest, block_keys[j]);
    }
    if (held == k && largest <= keys[k - 1]) continue;
    for (int64_t j = 0; j < length; ++j) offer(block_keys[j], begin + j);
  }
}

// For large k: selects among all columns, then sorts the k best. Ties go to the lower column.
void select_row(int64_t columns, int32_t k, const float* x, int32_t* all, int32_t* indices) {
  for (int64_t j = 0; j < columns; ++j) all[j] = static_cast<int32_t>(j);
  const auto before = [x](int32_t a, int32_t b) {
    const int32_t key_a = order_key(x[a]), key_b = order_key(x[b]);
    return key_a != key_b ? key_a > key_b : a < b;
  };
  if (k < columns) std::nth_element(all, all + k, all + columns, before);
  std::sort(all, all + k, before);
  std::copy(all, all + k, indices);
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_topk(sl_context* context, int64_t rows, int64_t columns, int32_t k, const float* x, float* values,
                       int32_t* indices) {
  SL_BEGIN
  constexpr int32_t scan_limit = 64;
  SL_REQUIRE_POINTERS("sl_topk", context);
  SL_TRY(check_topk(rows, columns, k, x, values, indices));
  if (rows * columns == 0) return SL_OK;
  const bool scan = k <= scan_limit;
  const RequiredScratch scratch(context, scan ? 0 : context->threads * columns * static_cast<int64_t>(sizeof(int32_t)));
  parallel_for(context->threads, rows, std::max<int64_t>(1, (1 << 14) / columns), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* const line = x + row * columns;
      int32_t* const chosen = indices + row * k;
      if (scan) {
        int32_t keys[scan_limit];
        scan_row(columns, k, line, keys, chosen);
      } else {
        select_row(columns, k, line, scratch.get<int32_t>() + omp_get_thread_num() * columns, chosen);
      }
      for (int32_t j = 0; j < k; ++j) values[row * k + j] = line[chosen[j]];
    }
  });
  return SL_OK;
  SL_END("sl_topk")
}
