// Tests gathering rows by index, and its gradient, against plain loops.
#include "typed_buffer.h"

using namespace sluice_test;

namespace {

const int32_t bad = SL_ERROR_INVALID_ARGUMENT;

// The status of a call, or else of synchronising: a GPU notices wrong indices only while it computes.
int32_t told(sl_context* context, int32_t status) { return status != SL_OK ? status : sl_synchronize(context); }

}  // namespace

TEST_CASE("sl_gather_rows copies rows of every element type") {
  const Context context;
  const std::vector<int32_t> picks = {4, 0, 4, 2};
  const Buffer<int32_t> indices(context, picks);
  const Buffer<uint8_t> x8(context, {0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32, 40, 41, 42}), y8(context, 12);
  REQUIRE(sl_gather_rows(context, SL_U8, 5, 3, 4, x8, indices, y8) == SL_OK);
  CHECK(y8.get() == std::vector<uint8_t>{40, 41, 42, 0, 1, 2, 40, 41, 42, 20, 21, 22});
  const Buffer<int32_t> x32(context, {7, 8, 9, 10, 11}), y32(context, 4);
  REQUIRE(sl_gather_rows(context, SL_I32, 5, 1, 4, x32, indices, y32) == SL_OK);
  CHECK(y32.get() == std::vector<int32_t>{11, 7, 11, 9});
  for (const int32_t dtype : {SL_F32, SL_BF16}) {
    const int64_t columns = 20001;
    const TypedBuffer x(context, dtype, random_values(5 * columns, 1)), y(context, dtype, 4 * columns);
    REQUIRE(sl_gather_rows(context, dtype, 5, columns, 4, x, indices, y) == SL_OK);
    const std::vector<float> xs = x.values(), ys = y.values();
    bool same = true;
    for (size_t i = 0; i < ys.size(); ++i) {
      const size_t row = i / static_cast<size_t>(columns), column = i % static_cast<size_t>(columns);
      same = same && ys[i] == xs[static_cast<size_t>(picks[row]) * static_cast<size_t>(columns) + column];
    }
    CHECK(same);
  }
}

TEST_CASE("sl_gather_rows copies rows of any length from any address") {
  const Context context;
  const std::vector<int32_t> picks = {2, 0, 1, 2, 2};
  const Buffer<int32_t> indices(context, picks);
  std::vector<uint8_t> xs(3 * 48 + 4);
  for (size_t i = 0; i < xs.size(); ++i) xs[i] = static_cast<uint8_t>(7 * i + 1);
  const Buffer<uint8_t> x(context, xs);
  for (const int64_t columns : {1, 2, 4, 6, 8, 16, 24, 48}) {
    for (const int64_t offset : {0, 1, 2, 4}) {
      const Buffer<uint8_t> y(context, std::vector<uint8_t>(static_cast<size_t>(5 * columns + 4), 255));
      REQUIRE(sl_gather_rows(context, SL_U8, 3, columns, 5, x + offset, indices, y + offset) == SL_OK);
      std::vector<uint8_t> expected(static_cast<size_t>(5 * columns + 4), 255);
      for (int64_t i = 0; i < 5 * columns; ++i) {
        const int64_t from = offset + picks[static_cast<size_t>(i / columns)] * columns + i % columns;
        expected[static_cast<size_t>(offset + i)] = xs[static_cast<size_t>(from)];
      }
      CHECK(y.get() == expected);
    }
  }
}

TEST_CASE("sl_scatter_add_rows adds rows longer than a block of threads, and single elements") {
  const Context context;
  struct Size {
    int64_t rows, columns, count;
  };
  for (const Size size : {Size{3, 2500, 6}, Size{1000, 1, 700}, Size{1, 300, 2}}) {
    std::vector<int32_t> picks;
    for (int64_t i = 0; i < size.count; ++i) picks.push_back(static_cast<int32_t>(i * 7 % (size.rows - size.rows / 4)));
    const std::vector<float> dys = random_values(size.count * size.columns, 4);
    std::vector<float> expected(static_cast<size_t>(size.rows * size.columns), 0.0f);
    for (size_t i = 0; i < dys.size(); ++i) {
      const size_t columns = static_cast<size_t>(size.columns);
      expected[static_cast<size_t>(picks[i / columns]) * columns + i % columns] += dys[i];
    }
    const Buffer<int32_t> indices(context, picks);
    const Buffer<float> dy(context, dys), dx(context, std::vector<float>(expected.size(), nan_value));
    REQUIRE(sl_scatter_add_rows(context, SL_F32, size.rows, size.columns, size.count, dy, indices, dx, 0) == SL_OK);
    CHECK(dx.get() == expected);
  }
}

TEST_CASE("sl_scatter_add_rows sums repeated rows in order and clears the others") {
  const Context context;
  const int64_t rows = 40, columns = 7, count = 500;
  std::vector<int32_t> picks;
  for (int32_t i = 0; i < count; ++i) picks.push_back((i * 17) % 37);
  const std::vector<float> dys = random_values(count * columns, 2), before = random_values(rows * columns, 3);
  const Buffer<int32_t> indices(context, picks);
  const Buffer<float> dy(context, dys), dx(context, std::vector<float>(rows * columns, nan_value)),
      added(context, before);
  std::vector<float> expected(rows * columns, 0.0f), expected_added = before;
  for (size_t i = 0; i < dys.size(); ++i) {
    const size_t target = static_cast<size_t>(picks[i / columns]) * columns + i % columns;
    expected[target] += dys[i];
    expected_added[target] += dys[i];
  }
  REQUIRE(sl_scatter_add_rows(context, SL_F32, rows, columns, count, dy, indices, dx, 0) == SL_OK);
  CHECK(dx.get() == expected);  // the order of the sum is specified, so the bits are exact
  REQUIRE(sl_scatter_add_rows(context, SL_F32, rows, columns, count, dy, indices, added, 1) == SL_OK);
  CHECK(added.get() == expected_added);
}

TEST_CASE("gathers refuse indices outside the rows and other wrong arguments") {
  const Context context;
  const Buffer<float> x(context, {1, 2, 3, 4}), y(context, {9, 9, 9, 9});
  for (const int32_t wrong : {-1, 2}) {
    const Buffer<int32_t> indices(context, {0, wrong});
    const int32_t at_once = sl_gather_rows(context, SL_F32, 2, 2, 2, x, indices, y);
    CHECK(told(context, at_once) == bad);
    CHECK(last_error_mentions("index"));
    // Either nothing is written, or the missing row is zeros.
    const std::vector<float> left = at_once == bad ? std::vector<float>{9, 9, 9, 9} : std::vector<float>{1, 2, 0, 0};
    CHECK(y.get() == left);
    CHECK(told(context, sl_scatter_add_rows(context, SL_F32, 2, 2, 2, x, indices, y, 0)) == bad);
    CHECK(last_error_mentions("index"));
    CHECK(y.get() == left);
    CHECK(told(context, sl_gather_rows(context, SL_F32, 2, 0, 2, nullptr, indices, nullptr)) == bad);
    CHECK(sl_synchronize(context) == SL_OK);  // reported once
  }
  const Buffer<int32_t> indices(context, {0, 1});
  CHECK(sl_gather_rows(context, 4, 2, 2, 2, x, indices, y) == bad);
  CHECK(sl_gather_rows(context, SL_F32, 2, 2, -2, x, indices, y) == bad);
  CHECK(sl_gather_rows(context, SL_F32, 2, 2, 2, x, nullptr, y) == bad);
  CHECK(sl_scatter_add_rows(context, SL_BF16, 2, 2, 2, x, indices, y, 0) == bad);
  CHECK(sl_gather_rows(context, SL_F32, 2, 2, 0, x, nullptr, nullptr) == SL_OK);
  REQUIRE(sl_scatter_add_rows(context, SL_F32, 2, 2, 0, nullptr, nullptr, y, 0) == SL_OK);
  CHECK(y.get() == std::vector<float>{0, 0, 0, 0});
}
