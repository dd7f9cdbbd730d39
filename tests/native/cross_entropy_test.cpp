// Tests softmax cross-entropy against doubles.
#include "helpers.h"

using namespace sluice_test;

namespace {

const int32_t bad = SL_ERROR_INVALID_ARGUMENT;

// The status of a call, or else of synchronising: a GPU notices wrong labels only while it computes.
int32_t told(sl_context* context, int32_t status) { return status != SL_OK ? status : sl_synchronize(context); }

}  // namespace

TEST_CASE("sl_cross_entropy gives losses, probabilities and their gradient") {
  const Context context;
  struct Size {
    int64_t rows, classes;
  };
  for (const Size size : {Size{1, 1}, Size{1, 7}, Size{300, 10}, Size{33, 1000}}) {
    const int64_t n = size.rows * size.classes;
    const size_t classes = static_cast<size_t>(size.classes);
    const std::vector<float> values = random_values(n, 1, -20.0f, 20.0f), dvalues = random_values(size.rows, 2);
    const std::vector<float> before = random_values(n, 3);
    std::vector<int32_t> label_values;
    for (int64_t row = 0; row < size.rows; ++row)
      label_values.push_back(static_cast<int32_t>((row * 7 + 3) % size.classes));
    std::vector<double> losses, probabilities, gradients, sums;
    for (size_t row = 0; row < label_values.size(); ++row) {
      double total = 0.0;
      for (size_t j = 0; j < classes; ++j) total += std::exp(static_cast<double>(values[row * classes + j]));
      for (size_t j = 0; j < classes; ++j) {
        const bool is_label = static_cast<size_t>(label_values[row]) == j;
        probabilities.push_back(std::exp(static_cast<double>(values[row * classes + j])) / total);
        if (is_label) losses.push_back(-std::log(probabilities.back()));
        gradients.push_back(dvalues[row] * (probabilities.back() - (is_label ? 1.0 : 0.0)));
        sums.push_back(before[row * classes + j] + gradients.back());
      }
    }
    const Buffer<float> logits(context, values), loss(context, size.rows), probability(context, n),
        dloss(context, dvalues);
    const Buffer<float> dlogits(context, std::vector<float>(static_cast<size_t>(n), nan_value)), added(context, before);
    const Buffer<int32_t> labels(context, label_values);
    REQUIRE(sl_cross_entropy(context, size.rows, size.classes, logits, labels, loss, probability) == SL_OK);
    CHECK(relative_error(loss.get(), losses) < 1e-6);
    CHECK(relative_error(probability.get(), probabilities) < 1e-6);
    REQUIRE(sl_cross_entropy_backward(context, size.rows, size.classes, probability, labels, dloss, dlogits, 0) ==
            SL_OK);
    CHECK(relative_error(dlogits.get(), gradients) < 2e-6);
    REQUIRE(sl_cross_entropy_backward(context, size.rows, size.classes, probability, labels, dloss, added, 1) == SL_OK);
    CHECK(relative_error(added.get(), sums) < 2e-6);
  }
}

TEST_CASE("sl_cross_entropy may store the probabilities over the logits") {
  const Context context;
  const int64_t rows = 5, classes = 700;
  const std::vector<float> values = random_values(rows * classes, 4, -5.0f, 5.0f);
  const Buffer<float> logits(context, values), probabilities(context, rows * classes), losses(context, rows),
      losses_in_place(context, rows);
  const Buffer<int32_t> labels(context, {0, 1, 255, 256, 699});
  REQUIRE(sl_cross_entropy(context, rows, classes, logits, labels, losses, probabilities) == SL_OK);
  REQUIRE(sl_cross_entropy(context, rows, classes, logits, labels, losses_in_place, logits) == SL_OK);
  CHECK(logits.get() == probabilities.get());
  CHECK(losses_in_place.get() == losses.get());
}

TEST_CASE("sl_cross_entropy keeps the tiny loss of a confident correct answer") {
  const Context context;
  const Buffer<float> logits(context, {25.0f, 0.0f, 0.0f}), losses(context, 1), probabilities(context, 3);
  const Buffer<int32_t> labels(context, std::vector<int32_t>{0});
  REQUIRE(sl_cross_entropy(context, 1, 3, logits, labels, losses, probabilities) == SL_OK);
  CHECK(losses.get()[0] == doctest::Approx(2.0 * std::exp(-25.0)).epsilon(1e-4));
}

TEST_CASE("sl_cross_entropy survives logits beyond exp's range") {
  const Context context;
  const Buffer<float> logits(context, {1000.0f, -1000.0f}), losses(context, 1), probabilities(context, 2);
  const Buffer<int32_t> labels(context, std::vector<int32_t>{1});
  REQUIRE(sl_cross_entropy(context, 1, 2, logits, labels, losses, probabilities) == SL_OK);
  CHECK(losses.get()[0] == 2000.0f);
  CHECK(probabilities.get() == std::vector<float>{1.0f, 0.0f});
}

TEST_CASE("sl_cross_entropy refuses labels outside the classes and other wrong arguments") {
  const Context context;
  const Buffer<float> x(context, {1, 2, 3, 4}), losses(context, {9, 9}), y(context, 4);
  for (const int32_t wrong : {-1, 2}) {
    const Buffer<int32_t> labels(context, {0, wrong});
    CHECK(told(context, sl_cross_entropy(context, 2, 2, x, labels, losses, y)) == bad);
    CHECK(last_error_mentions("label"));
    CHECK(told(context, sl_cross_entropy_backward(context, 2, 2, x, labels, losses, y, 0)) == bad);
    CHECK(last_error_mentions("label"));
    CHECK(sl_synchronize(context) == SL_OK);  // reported once
  }
  CHECK(losses.get()[1] == 9.0f);
  const Buffer<int32_t> labels(context, {0, 1});
  CHECK(sl_cross_entropy(context, -2, 2, x, labels, losses, y) == bad);
  CHECK(sl_cross_entropy(context, 2, 2, nullptr, labels, losses, y) == bad);
  CHECK(sl_cross_entropy_backward(nullptr, 2, 2, x, labels, losses, y, 0) == bad);
  CHECK(sl_cross_entropy(context, 0, 2, nullptr, nullptr, nullptr, nullptr) == SL_OK);
}
