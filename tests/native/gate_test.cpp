// Gates against the formulas in doubles.
#include "helpers.h"

using namespace sluice_test;

namespace {
const int32_t bad = SL_ERROR_INVALID_ARGUMENT;
constexpr float tau = 2.0f / 3.0f;
}  // namespace

TEST_CASE("sl_gate_sample draws Gumbel-sigmoid gates and their straight-through gradient") {
  const Context context;
  for (const int64_t n : {int64_t{1}, int64_t{77}, int64_t{20001}}) {
    const std::vector<float> logits = random_values(n, 1, -4.0f, 4.0f), draws = random_values(n, 2, 1e-6f, 0.999999f);
    const std::vector<float> dmasks = random_values(n, 3), before = random_values(n, 4);
    std::vector<double> softs;
    std::vector<float> masks;
    for (size_t i = 0; i < logits.size(); ++i) {
      const double u = draws[i];
      softs.push_back(1.0 / (1.0 + std::exp(-(logits[i] + std::log(u + 1e-8) - std::log(1.0 - u + 1e-8)) / tau)));
      masks.push_back(softs[i] >= 0.5 ? 1.0f : 0.0f);
    }
    const Buffer<float> x(context, logits), uniform(context, draws), mask(context, n), soft(context, n);
    REQUIRE(sl_gate_sample(context, n, x, uniform, tau, mask, soft) == SL_OK);
    CHECK(relative_error(soft.get(), softs) < 2e-6);
    CHECK(mask.get() == masks);
    const Buffer<float> dmask(context, dmasks), added(context, before);
    const Buffer<float> dx(context, std::vector<float>(static_cast<size_t>(n), nan_value));
    const std::vector<float> saved = soft.get();
    std::vector<double> gradients, sums;
    for (size_t i = 0; i < logits.size(); ++i) {
      gradients.push_back(dmasks[i] * static_cast<double>(saved[i]) * (1.0 - saved[i]) / tau);
      sums.push_back(before[i] + gradients[i]);
    }
    REQUIRE(sl_gate_sample_backward(context, n, soft, dmask, tau, dx, 0) == SL_OK);
    CHECK(relative_error(dx.get(), gradients) < 1e-6);
    REQUIRE(sl_gate_sample_backward(context, n, soft, dmask, tau, added, 1) == SL_OK);
    CHECK(relative_error(added.get(), sums) < 1e-6);
  }
}

TEST_CASE("sl_gate_sample stays finite at the ends of the uniform's range") {
  const Context context;
  const float low = 0x1p-25f, high = static_cast<float>(1.0 - 0x1p-25);  // the extreme draws: high rounds to 1
  const Buffer<float> x(context, {0.0f, 0.0f, 500.0f, -500.0f}), uniform(context, {low, high, low, high});
  const Buffer<float> mask(context, 4), soft(context, 4);
  REQUIRE(sl_gate_sample(context, 4, x, uniform, tau, mask, soft) == SL_OK);
  CHECK(mask.get() == std::vector<float>{0.0f, 1.0f, 1.0f, 0.0f});
  for (const float value : soft.get()) CHECK((value >= 0.0f && value <= 1.0f));
}

TEST_CASE("sl_gate_threshold opens at 0") {
  const Context context;
  const Buffer<float> x(context, {-1e-30f, 0.0f, -0.0f, 3.0f, -3.0f}), mask(context, 5);
  REQUIRE(sl_gate_threshold(context, 5, x, mask) == SL_OK);
  CHECK(mask.get() == std::vector<float>{0.0f, 1.0f, 1.0f, 1.0f, 0.0f});
}

TEST_CASE("gates refuse wrong arguments and accept empty ones") {
  const Context context;
  const Buffer<float> x(context, 4);
  CHECK(sl_gate_sample(context, 4, x, x, 0.0f, x, x) == bad);
  CHECK(last_error_mentions("tau"));
  CHECK(sl_gate_sample(context, -4, x, x, tau, x, x) == bad);
  CHECK(sl_gate_sample(context, 4, x, nullptr, tau, x, x) == bad);
  CHECK(sl_gate_sample_backward(context, 4, x, x, nan_value, x, 0) == bad);
  CHECK(sl_gate_sample_backward(nullptr, 4, x, x, tau, x, 0) == bad);
  CHECK(sl_gate_threshold(context, 4, nullptr, x) == bad);
  CHECK(sl_gate_sample(context, 0, nullptr, nullptr, tau, nullptr, nullptr) == SL_OK);
  CHECK(sl_gate_threshold(context, 0, nullptr, nullptr) == SL_OK);
}
