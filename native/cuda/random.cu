// Uniform random numbers from Philox, addressed by seed, stream, step and index.
#include "../common/philox.h"
#include "../common/size_checks.h"
#include "packs.h"

using namespace sluice;

SL_API int32_t sl_philox_uniform(sl_context* context, uint32_t seed_low, uint32_t seed_high, uint32_t stream,
                                 uint32_t step, uint32_t first_block, int64_t n, float* y) {
  SL_ENTER("sl_philox_uniform", context);
  SL_TRY(check_length("sl_philox_uniform", n));
  SL_REQUIRE_POINTERS("sl_philox_uniform", y);
  // Stores a whole block of Philox at once if the address is aligned.
  using Four = Pack<float, 4>;
  const bool aligned = reinterpret_cast<uintptr_t>(y) % alignof(Four) == 0;
  return for_each(context, "sl_philox_uniform", (n + 3) / 4, [=] __device__(int64_t block) {
    const PhiloxWords words =
        philox4x32({{static_cast<uint32_t>(block) + first_block, stream, step, 0}}, seed_low, seed_high);
    const Four values = {{philox_uniform(words.word[0]), philox_uniform(words.word[1]), philox_uniform(words.word[2]),
                          philox_uniform(words.word[3])}};
    if (aligned && 4 * block + 4 <= n) {
      values.store(y + 4 * block);
    } else {
      for (int word = 0; word < 4; ++word) {
        if (4 * block + word < n) y[4 * block + word] = values.get(word);
      }
    }
  });
}
