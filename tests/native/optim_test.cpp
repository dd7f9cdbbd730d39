// Tests optimiser steps against plain double loops.
#include <memory>

#include "helpers.h"

using namespace sluice_test;

namespace {

const int32_t bad = SL_ERROR_INVALID_ARGUMENT;

// Parameters, gradients and velocities of several tensors, on the device and as doubles.
struct Model {
  std::vector<int64_t> sizes = {1, 40000, 0, 33, 100, 16385};
  std::vector<float> rates = {0.1f, 0.05f, 0.1f, 0.2f, 0.1f, 0.3f};
  std::vector<float> decays = {0.0f, 1e-2f, 1e-2f, 0.5f, 1e-2f, 1e-4f};
  std::vector<std::unique_ptr<Buffer<float>>> buffers[3];
  std::vector<uint64_t> addresses[3];
  std::vector<std::vector<double>> values[3];

  explicit Model(sl_context* context, bool zero_gradient = false, bool zero_parameter = false) {
    for (size_t t = 0; t < sizes.size(); ++t) {
      for (uint32_t kind = 0; kind < 3; ++kind) {
        std::vector<float> start = random_values(sizes[t], static_cast<uint32_t>(3 * t) + kind);
        const bool zero = (kind == 1 && zero_gradient && t == 3) || (kind == 0 && zero_parameter && t == 4);
        if (zero) start.assign(start.size(), 0.0f);
        buffers[kind].push_back(std::make_unique<Buffer<float>>(context, start));
        addresses[kind].push_back(reinterpret_cast<uintptr_t>(buffers[kind].back()->data()));
        values[kind].emplace_back(start.begin(), start.end());
      }
    }
  }

  int32_t count() const { return static_cast<int32_t>(sizes.size()); }

  void step(size_t t, double decay, double trust, double momentum) {
    for (size_t i = 0; i < values[0][t].size(); ++i) {
      double& w = values[0][t][i];
      double& v = values[2][t][i];
      v = momentum * v + trust * (values[1][t][i] + decay * w);
      w -= rates[t] * v;
    }
  }

  double norm(int kind, size_t t) const {
    double sum = 0.0;
    for (const double value : values[kind][t]) sum += value * value;
    return std::sqrt(sum);
  }

  void check() const {
    for (size_t t = 0; t < sizes.size(); ++t) {
      CAPTURE(t);
      for (const int kind : {0, 1, 2}) CHECK(relative_error(buffers[kind][t]->get(), values[kind][t]) < 2e-6);
    }
  }
};

int32_t sgd(sl_context* context, const Model& m) {
  return sl_sgd_step(context, m.count(), m.addresses[0].data(), m.addresses[1].data(), m.addresses[2].data(),
                     m.sizes.data(), m.rates.data(), m.decays.data(), 0.9f);
}

int32_t lars(sl_context* context, const Model& m, const std::vector<int32_t>& adapt, float coefficient) {
  return sl_lars_step(context, m.count(), m.addresses[0].data(), m.addresses[1].data(), m.addresses[2].data(),
                      m.sizes.data(), m.rates.data(), m.decays.data(), adapt.data(), 0.9f, coefficient, 1e-8f);
}

}  // namespace

TEST_CASE("sl_sgd_step equals PyTorch's SGD over several steps and does not change the gradients") {
  const Context context;
  Model model(context);
  for (int step = 0; step < 3; ++step) {
    REQUIRE(sgd(context, model) == SL_OK);
    for (size_t t = 0; t < model.sizes.size(); ++t) model.step(t, model.decays[t], 1.0, 0.9f);
  }
  model.check();
}

TEST_CASE("sl_lars_step adapts, clips, and leaves tensors without adapt to plain SGD") {
  const Context context;
  // The small coefficient adapts every tensor; the large coefficient clips to the base rate.
  for (const float coefficient : {0.02f, 50.0f}) {
    Model model(context);
    const std::vector<int32_t> adapt = {0, 1, 1, 1, 0, 1};
    for (int step = 0; step < 2; ++step) {
      REQUIRE(lars(context, model, adapt, coefficient) == SL_OK);
      for (size_t t = 0; t < model.sizes.size(); ++t) {
        double trust = 1.0;
        if (adapt[t] != 0 && model.sizes[t] > 0) {
          const double w = model.norm(0, t), g = model.norm(1, t);
          trust = std::min(coefficient * w / (g + model.decays[t] * w + 1e-8) / model.rates[t], 1.0);
          CHECK((trust == 1.0) == (coefficient == 50.0f));
        }
        model.step(t, model.decays[t], trust, 0.9f);
      }
    }
    model.check();
  }
}

TEST_CASE("sl_lars_step does not scale the gradient if a norm is 0") {
  const Context context;
  Model model(context, true, true);
  REQUIRE(lars(context, model, {1, 1, 1, 1, 1, 1}, 0.02f) == SL_OK);
  model.step(3, 0.0, 1.0, 0.9f);  // no gradient
  model.step(4, 0.0, 1.0, 0.9f);  // no parameters
  for (const size_t t : {size_t{3}, size_t{4}})
    CHECK(relative_error(model.buffers[0][t]->get(), model.values[0][t]) < 2e-6);
}

TEST_CASE("optimiser steps update every one of many tensors, at any address") {
  const Context context;
  const int32_t count = 150;
  const int64_t offset = 5, room = 45;  // some tensors start at multiples of 16 bytes, most do not
  const std::vector<float> ws = random_values(count * room, 1), gs = random_values(count * room, 2),
                           vs = random_values(count * room, 3);
  const Buffer<float> w(context, ws), g(context, gs), v(context, vs);
  std::vector<uint64_t> addresses[3];
  std::vector<int64_t> sizes;
  std::vector<int32_t> adapt;
  std::vector<double> expected_w(ws.begin(), ws.end()), expected_v(vs.begin(), vs.end());
  for (int32_t t = 0; t < count; ++t) {
    const int64_t begin = t * room + offset, size = t % 10 == 9 ? 0 : 1 + t % 40;
    addresses[0].push_back(reinterpret_cast<uintptr_t>(w + begin));
    addresses[1].push_back(reinterpret_cast<uintptr_t>(g + begin));
    addresses[2].push_back(reinterpret_cast<uintptr_t>(v + begin));
    sizes.push_back(size);
    adapt.push_back(t % 3 == 0 ? 1 : 0);
    double squares_w = 0.0, squares_g = 0.0;
    for (int64_t i = begin; i < begin + size; ++i) {
      squares_w += ws[static_cast<size_t>(i)] * static_cast<double>(ws[static_cast<size_t>(i)]);
      squares_g += gs[static_cast<size_t>(i)] * static_cast<double>(gs[static_cast<size_t>(i)]);
    }
    const double norm_w = std::sqrt(squares_w), norm_g = std::sqrt(squares_g), rate = 0.1 + 0.001 * t, decay = 0.01;
    const double adapted = std::min(0.02 * norm_w / (norm_g + decay * norm_w + 1e-8) / rate, 1.0);
    const double trust = adapt.back() == 0 ? 1.0 : adapted;
    for (int64_t i = begin; i < begin + size; ++i) {
      const size_t at = static_cast<size_t>(i);
      expected_v[at] = 0.9 * expected_v[at] + trust * (gs[at] + decay * expected_w[at]);
      expected_w[at] -= rate * expected_v[at];
    }
  }
  std::vector<float> rates, decays(static_cast<size_t>(count), 0.01f);
  for (int32_t t = 0; t < count; ++t) rates.push_back(static_cast<float>(0.1 + 0.001 * t));
  REQUIRE(sl_lars_step(context, count, addresses[0].data(), addresses[1].data(), addresses[2].data(), sizes.data(),
                       rates.data(), decays.data(), adapt.data(), 0.9f, 0.02f, 1e-8f) == SL_OK);
  CHECK(relative_error(w.get(), expected_w) < 2e-6);
  CHECK(relative_error(v.get(), expected_v) < 2e-6);
  CHECK(g.get() == gs);
}

TEST_CASE("sl_lars_step measures gradients whose squares underflow in f32") {
  const Context context;
  const Buffer<float> w(context, {3.0f, 4.0f}), g(context, {3e-30f, 4e-30f}), v(context, {0.0f, 0.0f});
  const uint64_t addresses[] = {reinterpret_cast<uintptr_t>(w.data()), reinterpret_cast<uintptr_t>(g.data()),
                                reinterpret_cast<uintptr_t>(v.data())};
  const int64_t size = 2;
  const float rate = 0.5f, decay = 0.5f;
  const int32_t adapt = 1;
  REQUIRE(sl_lars_step(context, 1, &addresses[0], &addresses[1], &addresses[2], &size, &rate, &decay, &adapt, 0.9f,
                       0.125f, 0.0f) == SL_OK);
  // trust = 0.125 * 5 / (0.5 * 5) / 0.5 = 0.5
  CHECK(relative_error(v.get(), std::vector<double>{0.75, 1.0}) < 1e-6);
}

TEST_CASE("optimiser steps give the same bits on one and on three threads") {
  const Context one(1), three(3);
  const Model a(one), b(three);
  REQUIRE(lars(one, a, {1, 1, 1, 1, 1, 1}, 0.02f) == SL_OK);
  REQUIRE(lars(three, b, {1, 1, 1, 1, 1, 1}, 0.02f) == SL_OK);
  for (size_t t = 0; t < a.sizes.size(); ++t) CHECK(a.buffers[0][t]->get() == b.buffers[0][t]->get());
}

TEST_CASE("optimiser steps refuse wrong arguments before any tensor is changed") {
  const Context context;
  Model model(context);
  const std::vector<uint64_t> addresses = model.addresses[1];
  model.addresses[1][4] = 0;
  CHECK(sgd(context, model) == bad);
  CHECK(last_error_mentions("tensor 4"));
  model.addresses[1] = addresses;
  model.sizes[5] = -1;
  CHECK(lars(context, model, {1, 1, 1, 1, 1, 1}, 0.02f) == bad);
  CHECK(sgd(nullptr, model) == bad);
  model.sizes[5] = 16385;
  model.check();
  CHECK(sl_sgd_step(context, -1, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 0.9f) == bad);
  CHECK(sl_sgd_step(context, 1, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 0.9f) == bad);
  CHECK(sl_sgd_step(context, 0, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 0.9f) == SL_OK);
}
