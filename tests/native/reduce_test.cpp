// Tests sums over axes, and their gradient, against plain double loops.
#include "typed_buffer.h"

using namespace sluice_test;

namespace {

const int32_t bad = SL_ERROR_INVALID_ARGUMENT;

struct Size {
  int64_t rows, columns;
};

const std::vector<Size> sizes = {{1, 1},     {1, 9},     {13, 1},   {300, 16}, {4097, 3},
                                 {70, 1500}, {2, 70001}, {3, 8200}, {9001, 33}};

int64_t outputs(int32_t axis, const Size& size) {
  return axis == SL_AXIS_ROWS ? size.columns : axis == SL_AXIS_COLUMNS ? size.rows : 1;
}

size_t output_index(int32_t axis, const Size& size, int64_t i) {
  return static_cast<size_t>(axis == SL_AXIS_ROWS ? i % size.columns : axis == SL_AXIS_COLUMNS ? i / size.columns : 0);
}

template <typename Body>
void for_each_case(const Body& body) {
  for (const Size& size : sizes) {
    for (const int32_t dtype : {SL_F32, SL_BF16}) {
      for (const int32_t axis : {SL_AXIS_ROWS, SL_AXIS_COLUMNS, SL_AXIS_ALL}) {
        CAPTURE(size.rows);
        CAPTURE(size.columns);
        CAPTURE(dtype);
        CAPTURE(axis);
        body(size, dtype, axis);
      }
    }
  }
}

}  // namespace

TEST_CASE("sl_reduce_sum sums over rows, columns or all") {
  const Context context;
  for_each_case([&](const Size& size, int32_t dtype, int32_t axis) {
    const int64_t n = size.rows * size.columns, sums = outputs(axis, size);
    const TypedBuffer x(context, dtype, random_values(n, 1, 0.0f, 1.0f));
    const std::vector<float> xs = x.values(), before = random_values(sums, 2);
    const Buffer<float> y(context, std::vector<float>(static_cast<size_t>(sums), nan_value)), added(context, before);
    std::vector<double> expected(static_cast<size_t>(sums)), expected_added(before.begin(), before.end());
    for (int64_t i = 0; i < n; ++i) expected[output_index(axis, size, i)] += 0.5 * xs[static_cast<size_t>(i)];
    for (size_t i = 0; i < expected.size(); ++i) expected_added[i] += expected[i];
    REQUIRE(sl_reduce_sum(context, axis, dtype, size.rows, size.columns, 0.5f, x, y, 0) == SL_OK);
    CHECK(relative_error(y.get(), expected) < 2e-7);  // accumulates in f64: only the final rounding remains
    REQUIRE(sl_reduce_sum(context, axis, dtype, size.rows, size.columns, 0.5f, x, added, 1) == SL_OK);
    CHECK(relative_error(added.get(), expected_added) < 2e-7);
  });
}

TEST_CASE("sl_reduce_sum gives the same bits on one and on three threads") {
  const Context one(1), three(3);
  for (const int32_t axis : {SL_AXIS_ROWS, SL_AXIS_COLUMNS, SL_AXIS_ALL}) {
    const Size size{5000, 70};
    const std::vector<float> values = random_values(size.rows * size.columns, 3);
    const Buffer<float> a(one, values), b(three, values), ya(one, outputs(axis, size)), yb(three, outputs(axis, size));
    REQUIRE(sl_reduce_sum(one, axis, SL_F32, size.rows, size.columns, 1.0f, a, ya, 0) == SL_OK);
    REQUIRE(sl_reduce_sum(three, axis, SL_F32, size.rows, size.columns, 1.0f, b, yb, 0) == SL_OK);
    CHECK(ya.get() == yb.get());
  }
}

TEST_CASE("sl_broadcast spreads a sum's gradient") {
  const Context context;
  for_each_case([&](const Size& size, int32_t dtype, int32_t axis) {
    const int64_t n = size.rows * size.columns;
    const std::vector<float> dys = random_values(outputs(axis, size), 4);
    const Buffer<float> dy(context, dys);
    const TypedBuffer dx(context, dtype, n), added(context, dtype, random_values(n, 5));
    const std::vector<float> before = added.values();
    std::vector<double> expected, expected_added;
    for (int64_t i = 0; i < n; ++i) {
      expected.push_back(-1.25 * dys[output_index(axis, size, i)]);
      expected_added.push_back(before[static_cast<size_t>(i)] + expected.back());
    }
    REQUIRE(sl_broadcast(context, axis, dtype, size.rows, size.columns, -1.25f, dy, dx, 0) == SL_OK);
    CHECK(relative_error(dx.values(), expected) < tolerance(dtype));
    REQUIRE(sl_broadcast(context, axis, dtype, size.rows, size.columns, -1.25f, dy, added, 1) == SL_OK);
    CHECK(relative_error(added.values(), expected_added) < tolerance(dtype));
  });
}

TEST_CASE("reductions take rows that begin at any element") {
  const Context context;
  const Size size{3, 2048};
  const int64_t n = size.rows * size.columns;
  const std::vector<float> values = random_values(n + 1, 6, 0.0f, 1.0f);
  const Buffer<float> x(context, values), dx(context, n + 1);
  for (const int32_t axis : {SL_AXIS_ROWS, SL_AXIS_COLUMNS, SL_AXIS_ALL}) {
    CAPTURE(axis);
    const int64_t sums = outputs(axis, size);
    std::vector<double> expected(static_cast<size_t>(sums));
    for (int64_t i = 0; i < n; ++i) expected[output_index(axis, size, i)] += values[static_cast<size_t>(i + 1)];
    const Buffer<float> y(context, sums + 1);
    REQUIRE(sl_reduce_sum(context, axis, SL_F32, size.rows, size.columns, 1.0f, x + 1, y + 1, 0) == SL_OK);
    const std::vector<float> actual = y.get();
    CHECK(relative_error(std::vector<float>(actual.begin() + 1, actual.end()), expected) < 2e-7);
    REQUIRE(sl_broadcast(context, axis, SL_F32, size.rows, size.columns, 1.0f, y + 1, dx + 1, 0) == SL_OK);
    const std::vector<float> spread = dx.get();
    for (int64_t i = 0; i < n; ++i) {
      REQUIRE(spread[static_cast<size_t>(i + 1)] == actual[output_index(axis, size, i) + 1]);
    }
  }
}

TEST_CASE("an empty sum is 0, and accumulating it adds nothing") {
  const Context context;
  Buffer<float> y(context, {nan_value, nan_value});
  REQUIRE(sl_reduce_sum(context, SL_AXIS_ROWS, SL_F32, 0, 2, 1.0f, nullptr, y, 0) == SL_OK);
  CHECK(y.get() == std::vector<float>{0.0f, 0.0f});
  y.set({3.0f, 4.0f});
  REQUIRE(sl_reduce_sum(context, SL_AXIS_ROWS, SL_F32, 0, 2, 1.0f, nullptr, y, 1) == SL_OK);
  CHECK(y.get() == std::vector<float>{3.0f, 4.0f});
  CHECK(sl_broadcast(context, SL_AXIS_ALL, SL_F32, 0, 2, 1.0f, y, nullptr, 0) == SL_OK);
}

TEST_CASE("reductions refuse wrong arguments") {
  const Context context;
  const Buffer<float> x(context, 4), y(context, 4);
  CHECK(sl_reduce_sum(nullptr, SL_AXIS_ALL, SL_F32, 2, 2, 1.0f, x, y, 0) == bad);
  CHECK(sl_reduce_sum(context, 3, SL_F32, 2, 2, 1.0f, x, y, 0) == bad);
  CHECK(last_error_mentions("axis 3"));
  CHECK(sl_reduce_sum(context, SL_AXIS_ALL, SL_I32, 2, 2, 1.0f, x, y, 0) == bad);
  CHECK(sl_reduce_sum(context, SL_AXIS_ALL, SL_F32, -2, 2, 1.0f, x, y, 0) == bad);
  CHECK(sl_reduce_sum(context, SL_AXIS_ALL, SL_F32, 2, 2, 1.0f, nullptr, y, 0) == bad);
  CHECK(sl_broadcast(context, SL_AXIS_ALL, SL_F32, 2, 2, 1.0f, nullptr, x, 0) == bad);
  CHECK(sl_broadcast(context, -1, SL_F32, 2, 2, 1.0f, y, x, 0) == bad);
}
