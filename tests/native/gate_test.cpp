// Tests gates against their formulas in doubles.
#include "helpers.h"

using namespace sluice_test;

namespace {
const int32_t bad = SL_ERROR_INVALID_ARGUMENT;
constexpr float factor = 1.25f, tau = 2.0f / 3.0f;
const std::vector<float> settings = {factor, tau};
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
      softs.push_back(1.0 /
                      (1.0 + std::exp(-(factor * logits[i] + std::log(u + 1e-8) - std::log(1.0 - u + 1e-8)) / tau)));
      masks.push_back(softs[i] >= 0.5 ? 1.0f : 0.0f);
    }
    const Buffer<float> x(context, logits), uniform(context, draws), mask(context, n), soft(context, n);
    const Buffer<float> setting(context, settings);
    REQUIRE(sl_gate_sample(context, n, x, uniform, setting, mask, soft) == SL_OK);
    CHECK(relative_error(soft.get(), softs) < 2e-6);
    CHECK(mask.get() == masks);
    const Buffer<float> dmask(context, dmasks), added(context, before);
    const Buffer<float> dx(context, std::vector<float>(static_cast<size_t>(n), nan_value));
    const std::vector<float> saved = soft.get();
    std::vector<double> gradients, sums;
    for (size_t i = 0; i < logits.size(); ++i) {
      gradients.push_back(factor * dmasks[i] * static_cast<double>(saved[i]) * (1.0 - saved[i]) / tau);
      sums.push_back(before[i] + gradients[i]);
    }
    REQUIRE(sl_gate_sample_backward(context, n, soft, dmask, setting, dx, 0) == SL_OK);
    CHECK(relative_error(dx.get(), gradients) < 1e-6);
    REQUIRE(sl_gate_sample_backward(context, n, soft, dmask, setting, added, 1) == SL_OK);
    CHECK(relative_error(added.get(), sums) < 1e-6);
  }
}

TEST_CASE("sl_gate_sample stays finite at the ends of the uniform's range") {
  const Context context;
  const float low = 0x1p-25f, high = static_cast<float>(1.0 - 0x1p-25);  // the extreme draws: high rounds to 1
  const Buffer<float> x(context, {0.0f, 0.0f, 500.0f, -500.0f}), uniform(context, {low, high, low, high});
  const Buffer<float> mask(context, 4), soft(context, 4), setting(context, settings);
  REQUIRE(sl_gate_sample(context, 4, x, uniform, setting, mask, soft) == SL_OK);
  CHECK(mask.get() == std::vector<float>{0.0f, 1.0f, 1.0f, 0.0f});
  for (const float value : soft.get()) CHECK((value >= 0.0f && value <= 1.0f));
}

TEST_CASE("sl_gate_threshold opens at 0") {
  const Context context;
  const Buffer<float> x(context, {-1e-30f, 0.0f, -0.0f, 3.0f, -3.0f}), mask(context, 5);
  REQUIRE(sl_gate_threshold(context, 5, x, mask) == SL_OK);
  CHECK(mask.get() == std::vector<float>{0.0f, 1.0f, 1.0f, 1.0f, 0.0f});
}

TEST_CASE("sl_gate_decide is both layers, the norm between them and the threshold") {
  const float epsilon = 1e-5f;
  struct Sizes {
    int64_t batch, in_channels, hidden, channels;
  };
  for (const Sizes& s : {Sizes{1, 1, 1, 1}, Sizes{1, 4, 1, 4}, Sizes{3, 18, 5, 7}, Sizes{1, 64, 16, 128},
                         Sizes{9, 43, 10, 33}, Sizes{70, 512, 128, 512}}) {
    CAPTURE(s.batch);
    CAPTURE(s.in_channels);
    const std::vector<float> pooled = random_values(s.batch * s.in_channels, 1, 0.0f, 2.0f);
    const std::vector<float> weight1 = random_values(s.hidden * s.in_channels, 2);
    const std::vector<float> mean = random_values(s.hidden, 3), variance = random_values(s.hidden, 4, 0.5f, 2.0f);
    const std::vector<float> gamma = random_values(s.hidden, 5, 0.5f, 2.0f), beta = random_values(s.hidden, 6);
    const std::vector<float> weight2 = random_values(s.channels * s.hidden, 7), bias = random_values(s.channels, 8);
    for (const bool biased : {false, true}) {
      CAPTURE(biased);
      std::vector<double> logits;
      for (int64_t image = 0; image < s.batch; ++image) {
        std::vector<double> units;
        for (int64_t unit = 0; unit < s.hidden; ++unit) {
          const auto u = static_cast<size_t>(unit);
          double value = 0.0;
          for (int64_t i = 0; i < s.in_channels; ++i) {
            value += static_cast<double>(weight1[static_cast<size_t>(unit * s.in_channels + i)]) *
                     pooled[static_cast<size_t>(image * s.in_channels + i)];
          }
          const double deviation = std::sqrt(static_cast<double>(variance[u]) + epsilon);
          units.push_back(std::max(0.0, (value - mean[u]) / deviation * gamma[u] + beta[u]));
        }
        for (int64_t channel = 0; channel < s.channels; ++channel) {
          double logit = biased ? bias[static_cast<size_t>(channel)] : 0.0;
          for (int64_t unit = 0; unit < s.hidden; ++unit) {
            logit += weight2[static_cast<size_t>(channel * s.hidden + unit)] * units[static_cast<size_t>(unit)];
          }
          logits.push_back(logit);
        }
      }
      const Context context;
      const Buffer<float> x(context, pooled), w1(context, weight1), w2(context, weight2), offsets(context, bias);
      const Buffer<float> m(context, mean), v(context, variance), g(context, gamma), b(context, beta);
      const Buffer<float> mask(context, std::vector<float>(logits.size(), nan_value));
      REQUIRE(sl_gate_decide(context, s.batch, s.in_channels, s.hidden, s.channels, x, w1, m, v, g, b, epsilon, w2,
                             biased ? offsets.data() : nullptr, mask) == SL_OK);
      const std::vector<float> masks = mask.get();
      int64_t wrong = 0;
      for (size_t i = 0; i < logits.size(); ++i) {
        // Within rounding error of 0, either decision is right.
        wrong += masks[i] != (logits[i] >= 0.0 ? 1.0f : 0.0f) && (std::abs(logits[i]) > 1e-4 || masks[i] != masks[i]);
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("sl_gate_decide opens at a logit of exactly 0, and closes on NaN") {
  const Context context;
  const Buffer<float> one(context, {1.0f}), zero(context, {0.0f}), nan(context, {nan_value});
  const Buffer<float> two(context, {1.0f, -1.0f}), mask(context, 2);
  // relu sets the unit to 0, and both logits are 0.
  REQUIRE(sl_gate_decide(context, 1, 1, 1, 2, zero, one, one, one, one, zero, 1e-5f, two, nullptr, mask) == SL_OK);
  CHECK(mask.get() == std::vector<float>{1.0f, 1.0f});
  REQUIRE(sl_gate_decide(context, 1, 1, 1, 2, nan, one, zero, one, one, zero, 1e-5f, two, nullptr, mask) == SL_OK);
  CHECK(mask.get() == std::vector<float>{0.0f, 0.0f});
  REQUIRE(sl_gate_decide(context, 1, 1, 0, 2, one, nullptr, nullptr, nullptr, nullptr, nullptr, 1e-5f, nullptr, two,
                         mask) == SL_OK);
  CHECK(mask.get() == std::vector<float>{1.0f, 0.0f});
}

TEST_CASE("gates refuse wrong arguments and accept empty ones") {
  const Context context;
  const Buffer<float> x(context, 4);
  CHECK(sl_gate_sample(context, -4, x, x, x, x, x) == bad);
  CHECK(sl_gate_sample(context, 4, x, nullptr, x, x, x) == bad);
  CHECK(sl_gate_sample(context, 4, x, x, nullptr, x, x) == bad);
  CHECK(last_error_mentions("setting"));
  CHECK(sl_gate_sample_backward(context, 4, x, x, nullptr, x, 0) == bad);
  CHECK(sl_gate_sample_backward(nullptr, 4, x, x, x, x, 0) == bad);
  CHECK(sl_gate_threshold(context, 4, nullptr, x) == bad);
  CHECK(sl_gate_decide(context, 1, 2, 2, 2, x, x, x, x, x, x, 1e-5f, x, nullptr, nullptr) == bad);
  CHECK(last_error_mentions("mask"));
  CHECK(sl_gate_decide(context, 1, 2, 2, 2, nullptr, x, x, x, x, x, 1e-5f, x, nullptr, x) == bad);
  CHECK(sl_gate_decide(context, 1, 2, 2, 2, x, x, x, nullptr, x, x, 1e-5f, x, nullptr, x) == bad);
  CHECK(sl_gate_decide(context, 1, 2, -2, 2, x, x, x, x, x, x, 1e-5f, x, nullptr, x) == bad);
  CHECK(sl_gate_decide(context, 0, 2, 2, 2, nullptr, x, x, x, x, x, 1e-5f, x, nullptr, nullptr) == SL_OK);
  CHECK(sl_gate_sample(context, 0, nullptr, nullptr, nullptr, nullptr, nullptr) == SL_OK);
  CHECK(sl_gate_threshold(context, 0, nullptr, nullptr) == SL_OK);
}

TEST_CASE("gates refuse a temperature that is not positive, a GPU in the next call that waits") {
  const Context context;
  const Buffer<float> x(context, {0.5f, 0.5f}), y(context, 2), soft(context, 2);
  for (const float wrong : {0.0f, -1.0f, nan_value}) {
    const Buffer<float> setting(context, {1.0f, wrong});
    const int32_t sampled = sl_gate_sample(context, 2, x, x, setting, y, soft);
    const int32_t waited = sl_synchronize(context);
    CHECK((sampled == bad || waited == bad));
    CHECK(last_error_mentions("tau"));
    const int32_t swept = sl_gate_sample_backward(context, 2, x, x, setting, y, 0);
    const int32_t ended = sl_synchronize(context);
    CHECK((swept == bad || ended == bad));
  }
}
