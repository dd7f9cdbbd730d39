// Tests Philox against its authors' known answers, and the addressing of sl_philox_uniform.
#include "common/philox.h"

#include "helpers.h"

using namespace sluice_test;

namespace {

// The definition in doubles, which is exact, rounded to f32 once.
float uniform_of(uint32_t bits) { return static_cast<float>((static_cast<double>(bits >> 8) + 0.5) / 16777216.0); }

void check_words(sluice::PhiloxWords counter, uint32_t key_low, uint32_t key_high, std::vector<uint32_t> expected) {
  const sluice::PhiloxWords words = sluice::philox4x32(counter, key_low, key_high);
  for (size_t i = 0; i < 4; ++i) CHECK(words.word[i] == expected[i]);
}

}  // namespace

TEST_CASE("Philox4x32-10 gives Random123's known answers") {
  check_words({{0, 0, 0, 0}}, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  check_words({{~0u, ~0u, ~0u, ~0u}}, ~0u, ~0u, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  check_words({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0,
              {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("sl_philox_uniform maps the known words of counter 0 and key 0") {
  const Context context;
  const Buffer<float> y(context, 4);
  REQUIRE(sl_philox_uniform(context, 0, 0, 0, 0, 0, 4, y) == SL_OK);
  const uint32_t words[] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
  for (size_t i = 0; i < 4; ++i) CHECK(y.get()[i] == uniform_of(words[i]));
}

TEST_CASE("sl_philox_uniform addresses (block, stream, step, 0) and does not depend on the thread count") {
  constexpr int64_t n = 10007;  // not a multiple of four
  const Context one(1), two(2);
  const Buffer<float> first(one, n), second(two, n);
  REQUIRE(sl_philox_uniform(one, 7, 9, 3, 11, 5, n, first) == SL_OK);
  REQUIRE(sl_philox_uniform(two, 7, 9, 3, 11, 5, n, second) == SL_OK);
  const std::vector<float> values = first.get();
  CHECK(values == second.get());
  for (int64_t i = 0; i < n; ++i) {
    const sluice::PhiloxWords words = sluice::philox4x32({{static_cast<uint32_t>(i / 4 + 5), 3, 11, 0}}, 7, 9);
    REQUIRE(values[static_cast<size_t>(i)] == uniform_of(words.word[i % 4]));
  }
}

TEST_CASE("sl_philox_uniform writes exactly n values, for every remainder of four") {
  const Context context;
  for (int64_t n = 0; n <= 9; ++n) {
    const Buffer<float> y(context, std::vector<float>(12, -1.0f));
    REQUIRE(sl_philox_uniform(context, 1, 2, 3, 4, 5, n, y) == SL_OK);
    const std::vector<float> values = y.get();
    for (int64_t i = 0; i < 12; ++i) CHECK((values[static_cast<size_t>(i)] == -1.0f) == (i >= n));
  }
}

TEST_CASE("sl_philox_uniform gives the same values at any address") {
  const Context context;
  const Buffer<float> y(context, 20), shifted(context, std::vector<float>(24, -1.0f));
  REQUIRE(sl_philox_uniform(context, 1, 2, 3, 4, 5, 19, y) == SL_OK);
  REQUIRE(sl_philox_uniform(context, 1, 2, 3, 4, 5, 19, shifted + 1) == SL_OK);
  const std::vector<float> values = y.get(), moved = shifted.get();
  for (size_t i = 0; i < 19; ++i) CHECK(moved[i + 1] == values[i]);
  CHECK(moved[0] == -1.0f);
  CHECK(moved[20] == -1.0f);
}

TEST_CASE("a block number beyond 32 bits wraps around") {
  const Context context;
  const Buffer<float> y(context, 8), start(context, 4);
  REQUIRE(sl_philox_uniform(context, 1, 2, 3, 4, 0xffffffffu, 8, y) == SL_OK);
  REQUIRE(sl_philox_uniform(context, 1, 2, 3, 4, 0, 4, start) == SL_OK);
  for (size_t i = 0; i < 4; ++i) CHECK(y.get()[4 + i] == start.get()[i]);
}

TEST_CASE("sl_philox_uniform refuses a negative count and null pointers") {
  const Context context;
  const Buffer<float> y(context, 4);
  CHECK(sl_philox_uniform(context, 0, 0, 0, 0, 0, -1, y) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(last_error_mentions("-1"));
  CHECK(sl_philox_uniform(context, 0, 0, 0, 0, 0, 4, nullptr) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_philox_uniform(nullptr, 0, 0, 0, 0, 0, 4, y) == SL_ERROR_INVALID_ARGUMENT);
}
