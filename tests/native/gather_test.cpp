// Gathering rows by index, and its backward, against plain loops.
#include "typed_buffer.h"

using namespace sluice_test;

namespace {
const int32_t bad = SL_ERROR_INVALID_ARGUMENT;
}

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
  CHECK(dx.get() == expected);  // the order is promised, so the bits are
  REQUIRE(sl_scatter_add_rows(context, SL_F32, rows, columns, count, dy, indices, added, 1) == SL_OK);
  CHECK(added.get() == expected_added);
}

TEST_CASE("gathers refuse indices outside the rows before anything is written") {
  const Context context;
  const Buffer<float> x(context, {1, 2, 3, 4}), y(context, {9, 9, 9, 9});
  for (const int32_t wrong : {-1, 2}) {
    const Buffer<int32_t> indices(context, {0, wrong});
    CHECK(sl_gather_rows(context, SL_F32, 2, 2, 2, x, indices, y) == bad);
    CHECK(last_error_mentions("position 1"));
    CHECK(sl_scatter_add_rows(context, SL_F32, 2, 2, 2, x, indices, y, 0) == bad);
  }
  CHECK(y.get() == std::vector<float>{9, 9, 9, 9});
  const Buffer<int32_t> indices(context, {0, 1});
  CHECK(sl_gather_rows(context, 4, 2, 2, 2, x, indices, y) == bad);
  CHECK(sl_gather_rows(context, SL_F32, 2, 2, -2, x, indices, y) == bad);
  CHECK(sl_gather_rows(context, SL_F32, 2, 2, 2, x, nullptr, y) == bad);
  CHECK(sl_scatter_add_rows(context, SL_BF16, 2, 2, 2, x, indices, y, 0) == bad);
  CHECK(sl_gather_rows(context, SL_F32, 2, 2, 0, x, nullptr, nullptr) == SL_OK);
  REQUIRE(sl_scatter_add_rows(context, SL_F32, 2, 2, 0, nullptr, nullptr, y, 0) == SL_OK);
  CHECK(y.get() == std::vector<float>{0, 0, 0, 0});
}
