// Tests batch norm in both directions against plain double loops.
#include "norm_case.h"

using namespace sluice_test;

namespace {

const std::vector<NormShape> shapes = {{1, 1, 1},    {1, 5, 3},   {3, 7, 1},     {4, 9, 16},   {2, 33, 24},
                                       {2, 50, 100}, {3, 4, 300}, {2, 2100, 16}, {5, 700, 65}, {2, 3, 2056}};

struct Statistics {
  std::vector<double> mean, deviations;
};

Statistics statistics_of(const NormShape& shape, const std::vector<float>& x) {
  const size_t channels = static_cast<size_t>(shape.channels), rows = shape.size() / channels;
  Statistics result{std::vector<double>(channels), std::vector<double>(channels)};
  for (size_t i = 0; i < x.size(); ++i) result.mean[shape.channel(i)] += x[i];
  for (double& mean : result.mean) mean /= static_cast<double>(rows);
  for (size_t i = 0; i < x.size(); ++i) {
    const double distance = x[i] - result.mean[shape.channel(i)];
    result.deviations[shape.channel(i)] += distance * distance;
  }
  return result;
}

template <typename Body>
void for_each_case(const Body& body) {
  const Context context;
  for (const NormShape& shape : shapes) {
    for (const int32_t dtype : {SL_F32, SL_BF16}) {
      for (const bool relu : {false, true}) {
        for (const int extra : {0, 1, 2}) {
          CAPTURE(shape.batch);
          CAPTURE(shape.pixels);
          CAPTURE(shape.channels);
          CAPTURE(dtype);
          CAPTURE(relu);
          CAPTURE(extra);
          body(context, NormCase(context, shape, dtype, relu, extra == 1, extra == 2));
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("sl_norm_statistics gives means and squared deviations") {
  const Context context;
  for (const NormShape& shape : shapes) {
    for (const int32_t dtype : {SL_F32, SL_BF16}) {
      const TypedBuffer x(context, dtype, random_values(static_cast<int64_t>(shape.size()), 11, 4.0f, 6.0f));
      const Buffer<float> statistics(context, 2 * shape.channels);
      REQUIRE(sl_norm_statistics(context, dtype, shape.batch * shape.pixels, shape.channels, x, statistics) == SL_OK);
      Statistics expected = statistics_of(shape, x.values());
      const std::vector<float> actual = statistics.get();
      const std::vector<float> means(actual.begin(), actual.begin() + shape.channels);
      const std::vector<float> deviations(actual.begin() + shape.channels, actual.end());
      CHECK(relative_error(means, expected.mean) < 1e-6);
      CHECK(relative_error(deviations, expected.deviations) < 1e-5);
    }
  }
}

TEST_CASE("sl_norm_statistics stays accurate if the mean is a thousand deviations") {
  const Context context;
  const NormShape shape{64, 100, 16};
  std::vector<float> values = random_values(static_cast<int64_t>(shape.size()), 12);
  for (float& value : values) value += 1000.0f;
  const Buffer<float> x(context, values), statistics(context, 2 * shape.channels);
  REQUIRE(sl_norm_statistics(context, SL_F32, 6400, 16, x, statistics) == SL_OK);
  const Statistics expected = statistics_of(shape, values);
  const std::vector<float> actual = statistics.get();
  CHECK(relative_error(std::vector<float>(actual.begin() + 16, actual.end()), expected.deviations) < 1e-5);
}

TEST_CASE("sl_norm_statistics adds up many rows") {
  const Context context;
  const NormShape shape{1, 400000, 3};
  const std::vector<float> values = random_values(static_cast<int64_t>(shape.size()), 13, 4.0f, 6.0f);
  const Buffer<float> x(context, values), statistics(context, 6);
  REQUIRE(sl_norm_statistics(context, SL_F32, shape.pixels, 3, x, statistics) == SL_OK);
  const Statistics expected = statistics_of(shape, values);
  const std::vector<float> actual = statistics.get();
  CHECK(relative_error(std::vector<float>(actual.begin(), actual.begin() + 3), expected.mean) < 1e-6);
  CHECK(relative_error(std::vector<float>(actual.begin() + 3, actual.end()), expected.deviations) < 1e-5);
}

TEST_CASE("the norm takes rows that begin at any element") {
  const Context context;
  const NormShape shape{3, 40, 16};
  const NormCase c(context, shape, SL_F32, true, false, true);
  // All results of operands that begin `offset` elements into their buffers: statistics, output, sums, gradients of
  // mask and input.
  const auto results = [&](size_t offset) {
    const auto shifted = [&](std::vector<float> values) {
      values.insert(values.begin(), offset, nan_value);
      return values;
    };
    const int64_t size = static_cast<int64_t>(shape.size() + offset);
    const Buffer<float> x(context, shifted(c.x.values())), dy(context, shifted(c.dy.values())), y(context, size);
    const Buffer<float> dx(context, size), statistics(context, 32), sums(context, 32), dmask(context, 48);
    const float *mean = c.mean, *rstd = c.rstd, *gamma = c.gamma, *beta = c.beta, *mask = c.mask;
    REQUIRE(sl_norm_statistics(context, SL_F32, 120, 16, x + offset, statistics) == SL_OK);
    REQUIRE(sl_norm_apply(context, SL_F32, 3, 40, 16, x + offset, mean, rstd, gamma, beta, nullptr, 1, mask, y + offset,
                          nullptr) == SL_OK);
    REQUIRE(sl_norm_backward_statistics(context, SL_F32, 3, 40, 16, dy + offset, x + offset, nullptr, mean, rstd, gamma,
                                        beta, 1, mask, sums, dmask) == SL_OK);
    REQUIRE(sl_norm_backward_apply(context, SL_F32, 3, 40, 16, 120, dy + offset, x + offset, nullptr, mean, rstd, gamma,
                                   beta, 1, mask, sums, dx + offset, nullptr, 0) == SL_OK);
    const std::vector<float> ys = y.get(), dxs = dx.get();
    return std::vector<std::vector<float>>{statistics.get(), sums.get(), dmask.get(),
                                           std::vector<float>(ys.begin() + static_cast<int64_t>(offset), ys.end()),
                                           std::vector<float>(dxs.begin() + static_cast<int64_t>(offset), dxs.end())};
  };
  const auto actual = results(1), expected = results(0);
  for (size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CHECK(relative_error(actual[i], expected[i]) < 1e-5);
  }
}

TEST_CASE("the norm's backward finds relu open exactly where the forward finds it open") {
  const Context context;
  constexpr int64_t rows = 500, channels = 12;
  const std::vector<float> means = random_values(channels, 14), scales = random_values(channels, 15, 0.5f, 1.5f),
                           shifts = random_values(channels, 16);
  std::vector<float> xs = random_values(rows * channels, 17, -3e-7f, 3e-7f);  // v is about 0
  for (size_t i = 0; i < xs.size(); ++i) {
    const size_t c = i % channels;
    xs[i] += means[c] - shifts[c] / (scales[c] * scales[c]);
  }
  const Buffer<float> x(context, xs), y(context, rows * channels), dx(context, rows * channels);
  const Buffer<float> dy(context, std::vector<float>(xs.size(), 1.0f)), mean(context, means), rstd(context, scales),
      gamma(context, scales), beta(context, shifts), sums(context, std::vector<float>(2 * channels, 0.0f));
  REQUIRE(sl_norm_apply(context, SL_F32, 1, rows, channels, x, mean, rstd, gamma, beta, nullptr, 1, nullptr, y,
                        nullptr) == SL_OK);
  REQUIRE(sl_norm_backward_apply(context, SL_F32, 1, rows, channels, rows, dy, x, nullptr, mean, rstd, gamma, beta, 1,
                                 nullptr, sums, dx, nullptr, 0) == SL_OK);
  const std::vector<float> values = y.get(), gradients = dx.get();
  size_t open = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    REQUIRE((values[i] > 0.0f) == (gradients[i] > 0.0f));
    open += values[i] > 0.0f ? 1 : 0;
  }
  CHECK(open > values.size() / 10);
  CHECK(open < values.size() * 9 / 10);
}

TEST_CASE("the norm's sums do not depend on the number of threads") {
  const Context one(1), three(3);
  const NormShape shape{7, 3000, 20};
  const NormCase a(one, shape, SL_F32, true, false, true), b(three, shape, SL_F32, true, false, true);
  const Buffer<float> first(one, 40), second(three, 40), dmask_first(one, 140), dmask_second(three, 140);
  REQUIRE(sl_norm_statistics(one, SL_F32, 21000, 20, a.x, first) == SL_OK);
  REQUIRE(sl_norm_statistics(three, SL_F32, 21000, 20, b.x, second) == SL_OK);
  CHECK(first.get() == second.get());
  REQUIRE(sl_norm_backward_statistics(one, SL_F32, 7, 3000, 20, a.dy, a.x, nullptr, a.mean, a.rstd, a.gamma, a.beta, 1,
                                      a.mask, first, dmask_first) == SL_OK);
  REQUIRE(sl_norm_backward_statistics(three, SL_F32, 7, 3000, 20, b.dy, b.x, nullptr, b.mean, b.rstd, b.gamma, b.beta,
                                      1, b.mask, second, dmask_second) == SL_OK);
  CHECK(first.get() == second.get());
  CHECK(dmask_first.get() == dmask_second.get());
}

TEST_CASE("sl_norm_finalize gives mean, rstd and moves the running statistics") {
  const Context context;
  const Buffer<float> statistics(context, {0.5f, -2.0f, 12.0f, 0.0f}), mean(context, 2), rstd(context, 2);
  const Buffer<float> running_mean(context, {1.0f, 1.0f}), running_var(context, {2.0f, 2.0f});
  REQUIRE(sl_norm_finalize(context, 2, 4, statistics, 1e-5f, 0.1f, running_mean, running_var, mean, rstd) == SL_OK);
  CHECK(mean.get() == std::vector<float>{0.5f, -2.0f});
  CHECK(relative_error(rstd.get(), std::vector<double>{1.0 / std::sqrt(3.0 + 1e-5), 1.0 / std::sqrt(1e-5)}) < 1e-6);
  CHECK(relative_error(running_mean.get(), std::vector<double>{0.95, 0.7}) < 1e-6);
  CHECK(relative_error(running_var.get(), std::vector<double>{0.9 * 2 + 0.1 * 4, 1.8}) < 1e-6);
  REQUIRE(sl_norm_finalize(context, 2, 4, statistics, 1e-5f, 0.1f, nullptr, nullptr, mean, rstd) == SL_OK);
  CHECK(sl_norm_finalize(context, 2, 4, statistics, 1e-5f, 0.1f, running_mean, nullptr, mean, rstd) ==
        SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_norm_finalize(context, 2, 0, statistics, 1e-5f, 0.1f, nullptr, nullptr, mean, rstd) ==
        SL_ERROR_INVALID_ARGUMENT);
}

TEST_CASE("sl_norm_apply fuses the affine map, residual, relu and mask, and saves relu's signs") {
  for_each_case([](sl_context* context, const NormCase& c) {
    const TypedBuffer y(context, c.dtype, static_cast<int64_t>(c.shape.size()));
    const Buffer<uint8_t> signs(context, std::vector<uint8_t>(c.signs().size(), 0xff));
    const auto apply = [&](void* out) {
      return sl_norm_apply(context, c.dtype, c.shape.batch, c.shape.pixels, c.shape.channels, c.x, c.mean, c.rstd,
                           c.gamma, c.beta, c.with_residual ? static_cast<void*>(c.residual) : nullptr, c.relu,
                           c.with_mask ? c.mask.data() : nullptr, out, c.has_signs() ? signs.data() : nullptr);
    };
    REQUIRE(apply(y) == SL_OK);
    CHECK(relative_error(y.values(), c.y) < tolerance(c.dtype));
    if (c.has_signs()) CHECK(signs.get() == c.signs());
    REQUIRE(apply(c.x) == SL_OK);  // in place
    CHECK(c.x.values() == y.values());
  });
}

TEST_CASE("sl_norm_backward_statistics gives dbeta, dgamma and the mask's gradient") {
  for_each_case([](sl_context* context, const NormCase& c) {
    const int64_t channels = c.shape.channels;
    const Buffer<uint8_t> signs(context, c.signs());
    const Buffer<float> sums(context, std::vector<float>(static_cast<size_t>(2 * channels), nan_value));
    const Buffer<float> dmask(context, std::vector<float>(static_cast<size_t>(c.shape.batch * channels), nan_value));
    REQUIRE(sl_norm_backward_statistics(context, c.dtype, c.shape.batch, c.shape.pixels, channels, c.dy, c.x,
                                        c.has_signs() ? signs.data() : nullptr, c.mean, c.rstd, c.gamma, c.beta, c.relu,
                                        c.with_mask ? c.mask.data() : nullptr, sums, dmask) == SL_OK);
    std::vector<double> expected(static_cast<size_t>(2 * channels)),
        expected_dmask(static_cast<size_t>(c.shape.batch * channels));
    const std::vector<float> dy = c.dy.values();
    for (size_t i = 0; i < c.g.size(); ++i) {
      expected[c.shape.channel(i)] += c.g[i];
      expected[static_cast<size_t>(channels) + c.shape.channel(i)] += c.g[i] * c.xhat[i];
      expected_dmask[c.shape.mask_index(i)] += dy[i] * (c.relu ? std::max(c.v[i], 0.0) : c.v[i]);
    }
    CHECK(relative_error(sums.get(), expected) < 1e-5);
    if (c.with_mask) CHECK(relative_error(dmask.get(), expected_dmask) < 1e-5);
  });
}

TEST_CASE("sl_norm_backward_apply gives the input's and the residual's gradient") {
  for_each_case([](sl_context* context, const NormCase& c) {
    const int64_t channels = c.shape.channels, count = c.shape.batch * c.shape.pixels + 5;
    const size_t size = c.shape.size();
    const Buffer<uint8_t> signs(context, c.signs());
    const Buffer<float> sums(context, random_values(2 * channels, 21, -9.0f, 9.0f));
    const std::vector<float> start = random_values(static_cast<int64_t>(size), 22);
    const TypedBuffer dx(context, c.dtype, static_cast<int64_t>(size)),
        dresidual(context, c.dtype, static_cast<int64_t>(size));
    const TypedBuffer added(context, c.dtype, start);
    const auto apply = [&](void* out, void* dresidual_out, int32_t accumulate) {
      return sl_norm_backward_apply(context, c.dtype, c.shape.batch, c.shape.pixels, channels, count, c.dy, c.x,
                                    c.has_signs() ? signs.data() : nullptr, c.mean, c.rstd, c.gamma, c.beta, c.relu,
                                    c.with_mask ? c.mask.data() : nullptr, sums, out, dresidual_out, accumulate);
    };
    const auto rstd = c.rstd.get(), gamma = c.gamma.get(), s = sums.get(), before = added.values();
    std::vector<double> expected, expected_added;
    for (size_t i = 0; i < size; ++i) {
      const size_t channel = c.shape.channel(i);
      expected.push_back(gamma[channel] * rstd[channel] *
                         (c.g[i] - s[channel] / static_cast<double>(count) -
                          c.xhat[i] * s[static_cast<size_t>(channels) + channel] / static_cast<double>(count)));
      expected_added.push_back(before[i] + c.g[i]);
    }
    REQUIRE(apply(dx, c.with_residual ? static_cast<void*>(dresidual) : nullptr, 0) == SL_OK);
    CHECK(relative_error(dx.values(), expected) < tolerance(c.dtype));
    if (c.with_residual) {
      CHECK(relative_error(dresidual.values(), c.g) == 0.0);
      REQUIRE(apply(dx, added, 1) == SL_OK);
      CHECK(relative_error(added.values(), expected_added) < tolerance(c.dtype));
    }
    REQUIRE(apply(c.dy, nullptr, 0) == SL_OK);  // in place
    CHECK(c.dy.values() == dx.values());
  });
}

TEST_CASE("sl_norm_apply rounds bf16 to nearest even, and shows infinity and NaN") {
  const Context context;
  constexpr int64_t channels = 83;  // whole vectors and single elements
  std::vector<float> values = random_values(channels, 31, -300.0f, 300.0f);
  const float infinity = std::numeric_limits<float>::infinity();
  for (const size_t start : {size_t{0}, size_t{76}}) {
    values[start] = 1.00390625f;      // halfway between two bf16: rounds to the even 1
    values[start + 1] = 1.01171875f;  // halfway: rounds to the even 1.015625
    values[start + 2] = infinity;
    values[start + 3] = -infinity;
    values[start + 4] = 3.4e38f;  // rounds to infinity
    values[start + 5] = nan_value;
  }
  const std::vector<float> zeros(channels, 0.0f), ones(channels, 1.0f);
  const Buffer<float> mean(context, zeros), rstd(context, ones), gamma(context, ones), beta(context, values);
  const TypedBuffer x(context, SL_BF16, zeros), y(context, SL_BF16, zeros);
  for (const int32_t relu : {0, 1}) {
    REQUIRE(sl_norm_apply(context, SL_BF16, 1, 1, channels, x, mean, rstd, gamma, beta, nullptr, relu, nullptr, y,
                          nullptr) == SL_OK);
    const std::vector<float> actual = y.values();
    for (size_t i = 0; i < values.size(); ++i) {
      CAPTURE(i);
      if (std::isnan(values[i])) {
        CHECK(std::isnan(actual[i]));
      } else {
        CHECK(actual[i] == (relu != 0 ? std::max(0.0f, bf16_to_float(float_to_bf16(values[i])))
                                      : bf16_to_float(float_to_bf16(values[i]))));
      }
    }
  }
}

TEST_CASE("an empty and a full mask close and open everything") {
  const Context context;
  const NormShape shape{2, 6, 4};
  const NormCase c(context, shape, SL_F32, true, false, false);
  const TypedBuffer y(context, SL_F32, 48);
  const Buffer<float> closed(context, std::vector<float>(8, 0.0f)), open(context, std::vector<float>(8, 1.0f));
  REQUIRE(sl_norm_apply(context, SL_F32, 2, 6, 4, c.x, c.mean, c.rstd, c.gamma, c.beta, nullptr, 1, closed, y,
                        nullptr) == SL_OK);
  for (const float value : y.values()) CHECK(value == 0.0f);
  REQUIRE(sl_norm_apply(context, SL_F32, 2, 6, 4, c.x, c.mean, c.rstd, c.gamma, c.beta, nullptr, 1, open, y, nullptr) ==
          SL_OK);
  CHECK(relative_error(y.values(), c.y) < 2e-6);
}

TEST_CASE("sl_norm_rstd and sl_norm_fold use fixed statistics") {
  const Context context;
  const Buffer<float> mean(context, {1.0f, -2.0f}), variance(context, {4.0f, 0.0f}), gamma(context, {3.0f, 0.5f});
  const Buffer<float> beta(context, {0.25f, 1.0f}), scale(context, 2), shift(context, 2);
  const double r0 = 1.0 / std::sqrt(4.0 + 1e-3), r1 = 1.0 / std::sqrt(1e-3);
  REQUIRE(sl_norm_rstd(context, 2, variance, 1e-3f, scale) == SL_OK);
  CHECK(relative_error(scale.get(), std::vector<double>{r0, r1}) < 1e-6);
  REQUIRE(sl_norm_fold(context, 2, mean, variance, gamma, beta, 1e-3f, scale, shift) == SL_OK);
  CHECK(relative_error(scale.get(), std::vector<double>{3 * r0, 0.5 * r1}) < 1e-6);
  CHECK(relative_error(shift.get(), std::vector<double>{0.25 - 3 * r0, 1 + r1}) < 1e-6);
}
