// Tests the k largest entries against a sort of whole rows.
#include <algorithm>
#include <numeric>

#include "helpers.h"

using namespace sluice_test;

namespace {

const int32_t bad = SL_ERROR_INVALID_ARGUMENT;

// The columns of a row in the specified order: descending, ties by the lower column, NaN last.
std::vector<int32_t> sorted_columns(const float* row, int64_t columns) {
  std::vector<int32_t> order(static_cast<size_t>(columns));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [row](int32_t a, int32_t b) {
    if (std::isnan(row[a]) || std::isnan(row[b])) return !std::isnan(row[a]) && std::isnan(row[b]);
    return row[a] > row[b];
  });
  return order;
}

void check_topk(const std::vector<float>& values, int64_t rows, int64_t columns, int32_t k) {
  CAPTURE(rows);
  CAPTURE(columns);
  CAPTURE(k);
  const Context context;
  const Buffer<float> x(context, values), top(context, rows * k);
  const Buffer<int32_t> indices(context, rows * k);
  REQUIRE(sl_topk(context, rows, columns, k, x, top, indices) == SL_OK);
  const std::vector<float> tops = top.get();
  std::vector<int32_t> expected;
  for (int64_t row = 0; row < rows; ++row) {
    const std::vector<int32_t> order = sorted_columns(values.data() + row * columns, columns);
    expected.insert(expected.end(), order.begin(), order.begin() + k);
  }
  const std::vector<int32_t> actual = indices.get();
  CHECK(actual == expected);
  for (size_t i = 0; i < tops.size(); ++i) {
    const float value =
        values[i / static_cast<size_t>(k) * static_cast<size_t>(columns) + static_cast<size_t>(actual[i])];
    CHECK((tops[i] == value || (std::isnan(tops[i]) && std::isnan(value))));
  }
}

}  // namespace

TEST_CASE("sl_topk finds the k largest of each row") {
  for (const int32_t k : {1, 5, 20, 32, 33, 64, 65, 256, 257, 300}) check_topk(random_values(7 * 3001, 1), 7, 3001, k);
  check_topk(random_values(3, 2), 3, 1, 1);
  check_topk(random_values(150 * 12, 7), 150, 12, 3);
  std::vector<float> rising = random_values(2500, 8);
  std::sort(rising.begin(), rising.end());
  for (const int32_t k : {3, 200, 2500}) check_topk(rising, 1, 2500, k);  // each value is larger than all before it
  check_topk(random_values(40, 3), 4, 10, 10);
  check_topk(random_values(2 * 70, 4), 2, 70, 70);
}

TEST_CASE("sl_topk breaks ties by the lower column") {
  std::vector<float> values = random_values(5 * 900, 5, -8.0f, 8.0f);
  for (float& value : values) value = std::round(value);
  for (const int32_t k : {1, 20, 64, 100, 900}) check_topk(values, 5, 900, k);
  check_topk(std::vector<float>(200, 1.5f), 1, 200, 30);
  check_topk({-0.0f, 0.0f, -0.0f, 0.0f}, 1, 4, 3);
}

TEST_CASE("sl_topk sorts NaN after minus infinity") {
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> values = random_values(3 * 200, 6);
  for (size_t i = 0; i < values.size(); i += 3) values[i] = nan_value;
  for (size_t i = 1; i < values.size(); i += 9) values[i] = -infinity;
  values[100] = infinity;
  for (const int32_t k : {1, 40, 150, 200}) check_topk(values, 3, 200, k);
  for (const int32_t k : {300, 600}) check_topk(values, 1, 600, k);
  check_topk({nan_value, -nan_value, -infinity}, 1, 3, 3);
}

TEST_CASE("sl_topk refuses wrong arguments") {
  const Context context;
  const Buffer<float> x(context, 6), values(context, 6);
  const Buffer<int32_t> indices(context, 6);
  CHECK(sl_topk(context, 2, 3, 0, x, values, indices) == bad);
  CHECK(sl_topk(context, 2, 3, 4, x, values, indices) == bad);
  CHECK(last_error_mentions("1..3"));
  CHECK(sl_topk(context, -2, 3, 1, x, values, indices) == bad);
  CHECK(sl_topk(context, 2, 3, 1, x, nullptr, indices) == bad);
  CHECK(sl_topk(nullptr, 2, 3, 1, x, values, indices) == bad);
  CHECK(sl_topk(context, 0, 3, 1, nullptr, nullptr, nullptr) == SL_OK);
}
