// Tests pooling in both directions against plain double loops.
#include "typed_buffer.h"

using namespace sluice_test;

namespace {

const int32_t bad = SL_ERROR_INVALID_ARGUMENT;

struct MaxShape {
  int64_t batch, height, width, channels;
  int32_t kernel, stride, padding;
  int64_t out_height() const { return (height + 2 * padding - kernel) / stride + 1; }
  int64_t out_width() const { return (width + 2 * padding - kernel) / stride + 1; }
  int64_t in() const { return batch * height * width * channels; }
  int64_t out() const { return batch * out_height() * out_width() * channels; }
};

// The maximum of each window, as an index into x and as a tap.
struct Winners {
  std::vector<size_t> source;
  std::vector<uint8_t> tap;
};

Winners winners_of(const MaxShape& s, const std::vector<float>& x) {
  Winners result;
  for (int64_t i = 0; i < s.out(); ++i) {
    const int64_t c = i % s.channels, ox = i / s.channels % s.out_width();
    const int64_t oy = i / s.channels / s.out_width() % s.out_height(),
                  n = i / s.channels / s.out_width() / s.out_height();
    bool found = false;
    for (int32_t ky = 0; ky < s.kernel; ++ky) {
      for (int32_t kx = 0; kx < s.kernel; ++kx) {
        const int64_t iy = oy * s.stride - s.padding + ky, ix = ox * s.stride - s.padding + kx;
        if (iy < 0 || iy >= s.height || ix < 0 || ix >= s.width) continue;
        const size_t source = static_cast<size_t>(((n * s.height + iy) * s.width + ix) * s.channels + c);
        if (found && !(x[source] > x[result.source.back()])) continue;
        if (found) {
          result.source.pop_back();
          result.tap.pop_back();
        }
        result.source.push_back(source);
        result.tap.push_back(static_cast<uint8_t>(ky * s.kernel + kx));
        found = true;
      }
    }
  }
  return result;
}

}  // namespace

TEST_CASE("sl_global_pool averages over pixels and spreads the gradient back") {
  const Context context;
  struct Shape {
    int64_t batch, pixels, channels;
  };
  for (const Shape s :
       {Shape{1, 1, 1}, Shape{1, 9, 5}, Shape{7, 5, 24}, Shape{3, 1156, 16}, Shape{2, 25, 512}, Shape{2, 5000, 24}}) {
    for (const int32_t dtype : {SL_F32, SL_BF16}) {
      const int64_t n = s.batch * s.pixels * s.channels, outputs = s.batch * s.channels;
      const TypedBuffer x(context, dtype, random_values(n, 1)), dx(context, dtype, n),
          added(context, dtype, random_values(n, 2));
      const std::vector<float> xs = x.values(), dys = random_values(outputs, 3), before = added.values();
      const Buffer<float> y(context, std::vector<float>(static_cast<size_t>(outputs), nan_value)), dy(context, dys);
      std::vector<double> expected(static_cast<size_t>(outputs)), gradients, sums;
      for (int64_t i = 0; i < n; ++i) {
        const size_t output = static_cast<size_t>(i / (s.pixels * s.channels) * s.channels + i % s.channels);
        expected[output] += xs[static_cast<size_t>(i)] / static_cast<double>(s.pixels);
        gradients.push_back(dys[output] / static_cast<double>(s.pixels));
        sums.push_back(before[static_cast<size_t>(i)] + gradients.back());
      }
      REQUIRE(sl_global_pool_forward(context, dtype, s.batch, s.pixels, s.channels, x, y) == SL_OK);
      CHECK(relative_error(y.get(), expected) < 1e-5);
      REQUIRE(sl_global_pool_backward(context, dtype, s.batch, s.pixels, s.channels, dy, dx, 0) == SL_OK);
      CHECK(relative_error(dx.values(), gradients) < tolerance(dtype));
      REQUIRE(sl_global_pool_backward(context, dtype, s.batch, s.pixels, s.channels, dy, added, 1) == SL_OK);
      CHECK(relative_error(added.values(), sums) < tolerance(dtype));
    }
  }
}

TEST_CASE("sl_max_pool takes the first maximum of each window and sends its gradient back") {
  const Context context;
  for (const MaxShape s :
       {MaxShape{1, 1, 1, 1, 1, 1, 0}, MaxShape{2, 9, 7, 5, 3, 2, 1}, MaxShape{1, 8, 8, 300, 2, 2, 0},
        MaxShape{2, 5, 6, 3, 3, 1, 2}, MaxShape{2, 9, 8, 16, 3, 2, 1}, MaxShape{1, 20, 17, 4, 15, 3, 14},
        MaxShape{1, 7, 7, 2, 2, 3, 1}}) {
    for (const int32_t dtype : {SL_F32, SL_BF16}) {
      CAPTURE(s.kernel);
      CAPTURE(s.stride);
      CAPTURE(s.padding);
      std::vector<float> values = random_values(s.in(), 4, -6.0f, 2.0f);
      for (float& value : values) value = std::round(value);  // ties
      const TypedBuffer x(context, dtype, values), y(context, dtype, s.out()),
          dy(context, dtype, random_values(s.out(), 5));
      const TypedBuffer dx(context, dtype, s.in()), added(context, dtype, random_values(s.in(), 6));
      const Buffer<uint8_t> winners(context, s.out());
      const Winners expected = winners_of(s, values);
      const std::vector<float> dys = dy.values(), before = added.values();
      std::vector<double> maxima, gradients(values.size()), sums(before.begin(), before.end());
      for (size_t i = 0; i < dys.size(); ++i) {
        maxima.push_back(values[expected.source[i]]);
        gradients[expected.source[i]] += dys[i];
        sums[expected.source[i]] += dys[i];
      }
      REQUIRE(sl_max_pool_forward(context, dtype, s.batch, s.height, s.width, s.channels, s.kernel, s.stride, s.padding,
                                  x, y, winners) == SL_OK);
      CHECK(relative_error(y.values(), maxima) == 0.0);
      CHECK(winners.get() == expected.tap);
      REQUIRE(sl_max_pool_backward(context, dtype, s.batch, s.height, s.width, s.channels, s.kernel, s.stride,
                                   s.padding, dy, winners, dx, 0) == SL_OK);
      CHECK(relative_error(dx.values(), gradients) < tolerance(dtype));
      REQUIRE(sl_max_pool_backward(context, dtype, s.batch, s.height, s.width, s.channels, s.kernel, s.stride,
                                   s.padding, dy, winners, added, 1) == SL_OK);
      CHECK(relative_error(added.values(), sums) < tolerance(dtype));
    }
  }
}

TEST_CASE("sl_max_pool works if all values are minus infinity, and passes NaN on") {
  const Context context;
  const float low = -std::numeric_limits<float>::infinity();
  Buffer<float> x(context, {low, low, low, low});
  const Buffer<float> y(context, 1);
  const Buffer<uint8_t> winner(context, 1);
  REQUIRE(sl_max_pool_forward(context, SL_F32, 1, 2, 2, 1, 2, 2, 0, x, y, winner) == SL_OK);
  CHECK(y.get()[0] == low);
  CHECK(winner.get()[0] == 0);
  x.set({1.0f, nan_value, 2.0f, 3.0f});
  REQUIRE(sl_max_pool_forward(context, SL_F32, 1, 2, 2, 1, 2, 2, 0, x, y, winner) == SL_OK);
  CHECK(std::isnan(y.get()[0]));
  CHECK(winner.get()[0] == 1);
}

TEST_CASE("pooling refuses wrong arguments and accepts empty ones") {
  const Context context;
  const Buffer<float> x(context, 16), y(context, 16);
  const Buffer<uint8_t> winners(context, 16);
  CHECK(sl_global_pool_forward(context, SL_U8, 2, 2, 2, x, y) == bad);
  CHECK(sl_global_pool_forward(context, SL_F32, 2, -2, 2, x, y) == bad);
  CHECK(sl_global_pool_forward(context, SL_F32, 2, 2, 2, nullptr, y) == bad);
  CHECK(sl_global_pool_backward(nullptr, SL_F32, 2, 2, 2, x, y, 0) == bad);
  CHECK(sl_max_pool_forward(context, SL_F32, 1, 4, 4, 1, 16, 1, 0, x, y, winners) == bad);
  CHECK(sl_max_pool_forward(context, SL_F32, 1, 4, 4, 1, 2, 0, 0, x, y, winners) == bad);
  CHECK(sl_max_pool_forward(context, SL_F32, 1, 4, 4, 1, 2, 1, 2, x, y, winners) == bad);
  CHECK(sl_max_pool_forward(context, SL_F32, 1, 4, 4, 1, 5, 1, 0, x, y, winners) == bad);
  CHECK(last_error_mentions("does not fit"));
  CHECK(sl_max_pool_backward(context, SL_F32, 1, 4, 4, 1, 2, 1, 0, x, nullptr, y, 0) == bad);
  CHECK(sl_global_pool_forward(context, SL_F32, 0, 2, 2, nullptr, nullptr) == SL_OK);
  CHECK(sl_max_pool_forward(context, SL_F32, 0, 4, 4, 1, 2, 2, 0, nullptr, nullptr, nullptr) == SL_OK);
}
