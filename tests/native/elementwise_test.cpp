// Tests element-wise operations against plain loops in doubles.
#include <functional>

#include "typed_buffer.h"

using namespace sluice_test;

namespace {

const int32_t bad = SL_ERROR_INVALID_ARGUMENT;

struct Unary {
  int32_t op;
  float low, high;
  std::function<double(double)> value, slope;
};

const std::vector<Unary> unaries = {
    {SL_UNARY_RELU, -2, 2, [](double x) { return std::max(x, 0.0); }, [](double x) { return x > 0 ? 1.0 : 0.0; }},
    {SL_UNARY_SQUARE, -2, 2, [](double x) { return x * x; }, [](double x) { return 2 * x; }},
    {SL_UNARY_SQRT, 0.1f, 3, [](double x) { return std::sqrt(x); }, [](double x) { return 0.5 / std::sqrt(x); }},
    {SL_UNARY_EXP, -3, 3, [](double x) { return std::exp(x); }, [](double x) { return std::exp(x); }},
    {SL_UNARY_LOG, 0.1f, 3, [](double x) { return std::log(x); }, [](double x) { return 1 / x; }},
};

}  // namespace

TEST_CASE("sl_fill writes one value everywhere") {
  const Context context;
  for (const int32_t dtype : {SL_F32, SL_BF16}) {
    const TypedBuffer x(context, dtype, 70001);
    REQUIRE(sl_fill(context, dtype, 70001, -0.75f, x) == SL_OK);
    CHECK(x.values() == std::vector<float>(70001, -0.75f));
  }
}

TEST_CASE("sl_cast converts between the element types and rounds to nearest even") {
  const Context context;
  std::vector<float> values = random_values(40000, 1, -300.0f, 300.0f);
  values[0] = 1.00390625f;  // halfway between two bf16: rounds to the even 1
  values[1] = 1.01171875f;  // halfway: rounds to the even 1.015625
  values[2] = std::numeric_limits<float>::infinity();
  values[3] = -0.0f;
  const Buffer<float> x(context, values), back(context, 40000);
  const Buffer<uint16_t> narrow(context, 40000), copy(context, 40000);
  REQUIRE(sl_cast(context, SL_F32, SL_BF16, 40000, x, narrow) == SL_OK);
  CHECK(narrow.get() == to_bf16(values));
  CHECK(bf16_to_float(narrow.get()[0]) == 1.0f);
  CHECK(bf16_to_float(narrow.get()[1]) == 1.015625f);
  REQUIRE(sl_cast(context, SL_BF16, SL_F32, 40000, narrow, back) == SL_OK);
  CHECK(back.get() == from_bf16(to_bf16(values)));
  REQUIRE(sl_cast(context, SL_BF16, SL_BF16, 40000, narrow, copy) == SL_OK);
  CHECK(copy.get() == narrow.get());
  REQUIRE(sl_cast(context, SL_F32, SL_F32, 40000, x, back) == SL_OK);
  CHECK(back.get() == values);
  const Buffer<uint8_t> bytes(context, {0, 1, 128, 255});
  const Buffer<int32_t> integers(context, {-7, 0, 65537, 1 << 24});
  const Buffer<float> four(context, 4);
  REQUIRE(sl_cast(context, SL_U8, SL_F32, 4, bytes, four) == SL_OK);
  CHECK(four.get() == std::vector<float>{0, 1, 128, 255});
  REQUIRE(sl_cast(context, SL_I32, SL_F32, 4, integers, four) == SL_OK);
  CHECK(four.get() == std::vector<float>{-7, 0, 65537, 16777216});
  CHECK(sl_cast(context, SL_F32, SL_U8, 4, four, bytes) == bad);
  CHECK(sl_cast(context, SL_U8, SL_BF16, 4, bytes, narrow) == bad);
}

TEST_CASE("sl_cast keeps NaN a NaN") {
  const Context context;
  uint32_t bits = 0x7f800001u;  // a NaN whose upper 16 bits alone would be infinity
  float value;
  std::memcpy(&value, &bits, sizeof value);
  const Buffer<float> x(context, std::vector<float>{value});
  const Buffer<uint16_t> y(context, 1);
  REQUIRE(sl_cast(context, SL_F32, SL_BF16, 1, x, y) == SL_OK);
  CHECK(std::isnan(bf16_to_float(y.get()[0])));
}

TEST_CASE("sl_axpby adds multiples and does not read y if beta is 0") {
  const Context context;
  for (const int32_t dtype : {SL_F32, SL_BF16}) {
    const TypedBuffer x(context, dtype, random_values(50000, 2)), y(context, dtype, random_values(50000, 3));
    const TypedBuffer fresh(context, dtype, 50000);
    const std::vector<float> xs = x.values(), ys = y.values();
    std::vector<double> sums, multiples;
    for (size_t i = 0; i < xs.size(); ++i) {
      sums.push_back(1.5 * xs[i] - 0.25 * ys[i]);
      multiples.push_back(1.5 * xs[i]);
    }
    REQUIRE(sl_axpby(context, dtype, 50000, 1.5f, x, -0.25f, y) == SL_OK);
    CHECK(relative_error(y.values(), sums) < tolerance(dtype));
    REQUIRE(sl_axpby(context, dtype, 50000, 1.5f, x, 0.0f, fresh) == SL_OK);
    CHECK(relative_error(fresh.values(), multiples) < tolerance(dtype));
  }
}

TEST_CASE("sl_unary and sl_unary_backward compute each function and its derivative") {
  const Context context;
  for (const Unary& unary : unaries) {
    for (const int32_t dtype : {SL_F32, SL_BF16}) {
      CAPTURE(unary.op);
      CAPTURE(dtype);
      const int64_t n = 33001;
      const TypedBuffer x(context, dtype, random_values(n, 4, unary.low, unary.high)), y(context, dtype, n);
      const TypedBuffer dy(context, dtype, random_values(n, 5)), dx(context, dtype, n),
          added(context, dtype, random_values(n, 6));
      const std::vector<float> xs = x.values(), dys = dy.values(), before = added.values();
      std::vector<double> values, gradients, sums;
      for (size_t i = 0; i < xs.size(); ++i) {
        values.push_back(unary.value(xs[i]));
        gradients.push_back(dys[i] * unary.slope(xs[i]));
        sums.push_back(before[i] + gradients[i]);
      }
      REQUIRE(sl_unary(context, unary.op, dtype, n, x, y) == SL_OK);
      CHECK(relative_error(y.values(), values) < tolerance(dtype));
      REQUIRE(sl_unary_backward(context, unary.op, dtype, n, x, y, dy, dx, 0) == SL_OK);
      // Derivatives computed from y use the rounded y.
      CHECK(relative_error(dx.values(), gradients) < 3 * tolerance(dtype));
      REQUIRE(sl_unary_backward(context, unary.op, dtype, n, x, y, dy, added, 1) == SL_OK);
      CHECK(relative_error(added.values(), sums) < 3 * tolerance(dtype));
    }
  }
}

TEST_CASE("relu and sqrt have no slope at 0, and relu lets NaN pass") {
  const Context context;
  const Buffer<float> x(context, {0.0f, nan_value}), y(context, 2), dx(context, 2), dy(context, {1.0f, 1.0f});
  REQUIRE(sl_unary(context, SL_UNARY_RELU, SL_F32, 2, x, y) == SL_OK);
  CHECK(std::isnan(y.get()[1]));
  REQUIRE(sl_unary_backward(context, SL_UNARY_RELU, SL_F32, 1, x, y, dy, dx, 0) == SL_OK);
  CHECK(dx.get()[0] == 0.0f);
  REQUIRE(sl_unary_backward(context, SL_UNARY_SQRT, SL_F32, 1, x, y, dy, dx, 0) == SL_OK);
  CHECK(dx.get()[0] == 0.0f);
}

TEST_CASE("sl_binary combines with every broadcast, also in place") {
  const Context context;
  struct Size {
    int64_t rows, columns;
  };
  for (const Size size : {Size{1, 1}, Size{5, 1}, Size{1, 7}, Size{37, 19}, Size{9, 40001}}) {
    for (const int32_t dtype : {SL_F32, SL_BF16}) {
      for (int32_t op = SL_BINARY_ADD; op <= SL_BINARY_DIVIDE; ++op) {
        for (int32_t broadcast = SL_BROADCAST_NONE; broadcast <= SL_BROADCAST_SCALAR; ++broadcast) {
          CAPTURE(op);
          CAPTURE(broadcast);
          const int64_t n = size.rows * size.columns;
          const int64_t others[] = {n, size.columns, size.rows, 1};
          const TypedBuffer a(context, dtype, random_values(n, 7)), y(context, dtype, n);
          const TypedBuffer b(context, dtype, random_values(others[broadcast], 8, 0.5f, 2.0f));
          const std::vector<float> as = a.values(), bs = b.values();
          std::vector<double> expected;
          for (int64_t i = 0; i < n; ++i) {
            const int64_t indices[] = {i, i % size.columns, i / size.columns, 0};
            const double left = as[static_cast<size_t>(i)], right = bs[static_cast<size_t>(indices[broadcast])];
            const double results[] = {left + right, left - right, left * right, left / right};
            expected.push_back(results[op]);
          }
          REQUIRE(sl_binary(context, op, broadcast, dtype, size.rows, size.columns, a, b, y) == SL_OK);
          CHECK(relative_error(y.values(), expected) < tolerance(dtype));
          REQUIRE(sl_binary(context, op, broadcast, dtype, size.rows, size.columns, a, b, a) == SL_OK);
          CHECK(a.values() == y.values());
        }
      }
    }
  }
}

TEST_CASE("element-wise operations refuse wrong arguments and accept empty ones") {
  const Context context;
  const Buffer<float> x(context, 4);
  CHECK(sl_fill(nullptr, SL_F32, 4, 0.0f, x) == bad);
  CHECK(sl_fill(context, SL_F32, -1, 0.0f, x) == bad);
  CHECK(sl_fill(context, SL_F32, 4, 0.0f, nullptr) == bad);
  CHECK(sl_fill(context, SL_U8, 4, 0.0f, x) == bad);
  CHECK(last_error_mentions("sl_fill"));
  CHECK(sl_axpby(context, 9, 4, 1.0f, x, 0.0f, x) == bad);
  CHECK(sl_axpby(context, SL_F32, 4, 1.0f, nullptr, 0.0f, x) == bad);
  CHECK(sl_unary(context, SL_UNARY_LOG + 1, SL_F32, 4, x, x) == bad);
  CHECK(sl_unary(context, -1, SL_F32, 4, x, x) == bad);
  CHECK(sl_unary_backward(context, SL_UNARY_EXP, SL_F32, 4, x, nullptr, x, x, 0) == bad);
  CHECK(sl_binary(context, 4, SL_BROADCAST_NONE, SL_F32, 2, 2, x, x, x) == bad);
  CHECK(sl_binary(context, SL_BINARY_ADD, 4, SL_F32, 2, 2, x, x, x) == bad);
  CHECK(sl_binary(context, SL_BINARY_ADD, SL_BROADCAST_ROW, SL_F32, 2, -2, x, x, x) == bad);
  CHECK(sl_fill(context, SL_F32, 0, 1.0f, nullptr) == SL_OK);
  CHECK(sl_cast(context, SL_F32, SL_BF16, 0, nullptr, nullptr) == SL_OK);
  CHECK(sl_binary(context, SL_BINARY_ADD, SL_BROADCAST_ROW, SL_F32, 0, 4, nullptr, x, nullptr) == SL_OK);
}

TEST_CASE("a null pointer is refused by the name of the first argument that is null") {
  const Context context;
  const Buffer<float> x(context, 4);
  const auto sentence = [] { return std::string(sl_last_error()); };
  CHECK(sl_fill(nullptr, SL_F32, 4, 0.0f, nullptr) == bad);
  CHECK(sentence() == "sl_fill: context is null");
  CHECK(sl_fill(context, SL_F32, 4, 0.0f, nullptr) == bad);
  CHECK(sentence() == "sl_fill: x is null");
  CHECK(sl_unary_backward(context, SL_UNARY_EXP, SL_F32, 4, x, nullptr, x, nullptr, 0) == bad);
  CHECK(sentence() == "sl_unary_backward: y is null");
  CHECK(sl_unary_backward(context, SL_UNARY_EXP, SL_F32, 4, x, x, x, nullptr, 0) == bad);
  CHECK(sentence() == "sl_unary_backward: dx is null");
}
