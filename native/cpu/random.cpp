// Uniform random numbers from Philox, addressed by seed, stream, step and index.
#include <cstring>

#include "../common/philox.h"
#include "../common/size_checks.h"
#include "context.h"

SL_API int32_t sl_philox_uniform(sl_context* context, uint32_t seed_low, uint32_t seed_high, uint32_t stream,
                                 uint32_t step, uint32_t first_block, int64_t n, float* y) {
  SL_REQUIRE_POINTERS("sl_philox_uniform", context);
  SL_TRY(sluice::check_length("sl_philox_uniform", n));
  SL_REQUIRE_POINTERS("sl_philox_uniform", y);
  sluice::parallel_for(context->threads, (n + 3) / 4, 1024, [=](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const sluice::PhiloxWords words =
          sluice::philox4x32({{static_cast<uint32_t>(block) + first_block, stream, step, 0}}, seed_low, seed_high);
      float values[4];
      for (int word = 0; word < 4; ++word) values[word] = sluice::philox_uniform(words.word[word]);
      std::memcpy(y + 4 * block, values, static_cast<size_t>(std::min<int64_t>(4, n - 4 * block)) * sizeof(float));
    }
  });
  return SL_OK;
}
