// The gated bottleneck at inference, against the masked computation in plain double loops.
#include "gated_bottleneck_case.h"

using namespace sluice_test;

TEST_CASE("a gated bottleneck equals the masked computation at every map size, stride and share of open channels") {
  uint32_t seed = 100;
  const int32_t maps[][2] = {{1, 1}, {1, 7}, {7, 1}, {2, 3}, {5, 5}, {5, 7}, {9, 9}, {8, 13}, {17, 17}};
  for (const auto& map : maps) {
    for (const int32_t stride : {1, 2, 3}) {
      for (const float open_share : {0.0f, 0.3f, 1.0f}) {
        check_bottleneck({1, map[0], map[1], 12, 16, stride}, open_share, open_share, seed += 20);
      }
    }
  }
}

TEST_CASE("a gated bottleneck equals the masked computation for channel counts that no vector length divides") {
  uint32_t seed = 3000;
  for (const int32_t in_channels : {1, 3, 4, 8, 16, 20, 33}) {
    for (const int32_t channels : {1, 4, 7, 12, 16, 32, 40, 65}) {
      check_bottleneck({1, 5, 6, in_channels, channels, 1}, 0.5f, 0.6f, seed += 20);
    }
  }
  for (const int32_t channels : {64, 76, 128, 132}) {
    check_bottleneck({1, 4, 5, 8, channels, 2}, 0.4f, 0.3f, seed += 20);
  }
}

TEST_CASE("a gated bottleneck equals the masked computation where either mask is empty or full") {
  uint32_t seed = 6000;
  for (const float open_share1 : {0.0f, 0.5f, 1.0f}) {
    for (const float open_share2 : {0.0f, 0.5f, 1.0f}) {
      check_bottleneck({3, 6, 5, 20, 24, 1}, open_share1, open_share2, seed += 20);
      check_bottleneck({9, 6, 5, 20, 24, 2}, open_share1, open_share2, seed += 20);
    }
  }
}

TEST_CASE("a gated bottleneck equals the masked computation for batches below, at and above what threads take whole") {
  uint32_t seed = 7000;
  for (const int32_t batch : {2, 3, 4, 7, 20}) {
    check_bottleneck({batch, 9, 9, 16, 20, 1}, 0.4f, 0.5f, seed += 20);
    check_bottleneck({batch, 9, 9, 8, 68, 2}, 0.4f, 0.5f, seed += 20);
  }
  // Maps whose pixels come in pieces, and weights that do, for many images at once.
  check_bottleneck({1, 34, 34, 64, 8, 1}, 0.5f, 0.5f, seed += 20);
  check_bottleneck({4, 24, 24, 300, 8, 2}, 0.5f, 0.5f, seed += 20);
  check_bottleneck({6, 3, 3, 900, 260, 1}, 0.3f, 0.3f, seed += 20);
}

TEST_CASE("every number of open channels of either convolution is computed") {
  for (int32_t count = 0; count <= 36; ++count) {
    for (const bool first : {false, true}) {
      const float open_share1 = first ? 0.0f : 0.4f, open_share2 = first ? 0.4f : 0.0f;
      BottleneckCase made = make_bottleneck({1, 5, 7, 6, 36, 1}, open_share1, open_share2, 8000 + count);
      std::vector<float>& mask = first ? made.mask1 : made.mask2;
      for (int32_t entry = 0; entry < count; ++entry) mask[(entry * 11 + 5) % 36] = 1.0f;
      CHECK(relative_error(gated_bottleneck(made, 2), masked_bottleneck(made)) < 1e-5);
    }
  }
}

TEST_CASE("a gated bottleneck equals the masked computation where tiles of the second convolution are many") {
  uint32_t seed = 8500;
  // Maps of whole tiles and of cut ones, by 3 and by 4 outputs a side.
  const int32_t maps[][2] = {{24, 24}, {27, 21}, {23, 26}};
  for (const auto& map : maps) {
    for (const float open_share : {0.0f, 0.1f, 0.5f, 1.0f}) {
      check_bottleneck({1, map[0], map[1], 12, 32, 1}, open_share, 0.5f, seed += 20);
      check_bottleneck({5, map[0], map[1], 8, 32, 1}, 0.5f, open_share, seed += 20);
    }
  }
  check_bottleneck({1, 26, 26, 16, 144, 1}, 0.7f, 0.6f, seed += 20);
  for (int32_t count = 0; count <= 32; count += 3) {
    for (const bool first : {false, true}) {
      BottleneckCase made = make_bottleneck({1, 23, 23, 4, 32, 1}, 0.0f, 0.0f, seed += 20);
      for (int32_t entry = 0; entry < 9; ++entry) (first ? made.mask2 : made.mask1)[entry * 3 + 1] = 1.0f;
      for (int32_t entry = 0; entry < count; ++entry) (first ? made.mask1 : made.mask2)[(entry * 11 + 5) % 32] = 1.0f;
      CHECK(relative_error(gated_bottleneck(made, 2), masked_bottleneck(made)) < 1e-5);
    }
  }
}

TEST_CASE("images of one batch each follow their own masks, empty ones among them") {
  BottleneckCase made = make_bottleneck({6, 9, 9, 8, 24, 1}, 0.5f, 0.5f, 9000);
  std::fill_n(made.mask1.begin() + 24 * 1, 24, 0.0f);
  std::fill_n(made.mask2.begin() + 24 * 2, 24, 0.0f);
  std::fill_n(made.mask1.begin() + 24 * 3, 24, 1.0f);
  std::fill_n(made.mask2.begin() + 24 * 4, 24, 1.0f);
  const std::vector<double> expected = masked_bottleneck(made);
  CHECK(relative_error(gated_bottleneck(made, 2), expected) < 1e-5);
  const size_t outputs = 9 * 9 * 96;
  for (size_t i = 0; i < outputs; ++i) {
    const size_t at = 2 * outputs + i;
    CHECK(expected[at] == doctest::Approx(std::max(0.0, static_cast<double>(made.shift3[i % 96]) + made.residual[at])));
  }
}

TEST_CASE("closed channels of a bottleneck are not looked at: their weights may be NaN") {
  const sl_gated_bottleneck_shape shapes[] = {{2, 9, 14, 32, 12, 1}, {2, 9, 14, 32, 40, 2}, {2, 24, 24, 32, 48, 1}};
  for (const sl_gated_bottleneck_shape& shape : shapes) {
    const int64_t channels = shape.channels;
    BottleneckCase made = make_bottleneck(shape, 0.5f, 0.5f, 9100);
    const auto open1 = [](int64_t channel) { return channel % 3 == 0; };
    const auto open2 = [](int64_t channel) { return channel % 4 == 1; };
    for (int64_t entry = 0; entry < 2 * channels; ++entry) {
      made.mask1[entry] = open1(entry % channels) ? 1.0f : 0.0f;
      made.mask2[entry] = open2(entry % channels) ? 1.0f : 0.0f;
    }
    const std::vector<double> expected = masked_bottleneck(made);
    const auto spoil = [&](std::vector<float>& weights, int64_t inputs, int64_t taps, const auto& wanted) {
      for (int64_t at = 0; at < static_cast<int64_t>(weights.size()); ++at) {
        if (!wanted(at / (inputs * taps), at % inputs)) weights[at] = nan_value;
      }
    };
    spoil(made.weights1, 32, 1, [&](int64_t output, int64_t) { return open1(output); });
    spoil(made.weights2, channels, 9, [&](int64_t output, int64_t input) { return open2(output) && open1(input); });
    spoil(made.weights3, channels, 1, [&](int64_t, int64_t input) { return open2(input); });
    CHECK(relative_error(gated_bottleneck(made, 2), expected) < 1e-5);
  }
}

TEST_CASE("a NaN in the input of a bottleneck reaches the outputs around it") {
  for (const int32_t batch : {1, 6}) {
    BottleneckCase made = make_bottleneck({batch, 5, 5, 8, 12, 1}, 1.0f, 1.0f, 9200);
    for (int64_t image = 0; image < batch; ++image) made.x[((image * 5 + 2) * 5 + 2) * 8] = nan_value;
    const std::vector<float> y = gated_bottleneck(made, 2);
    for (size_t at = 0; at < y.size(); ++at) {
      const size_t row = at / 48 / 5 % 5, column = at / 48 % 5;
      CHECK(std::isnan(y[at]) == (row >= 1 && row <= 3 && column >= 1 && column <= 3));
    }
  }
}

TEST_CASE("an infinite input that every open channel's relu stops stays without effect on a bottleneck") {
  BottleneckCase made = make_bottleneck({1, 5, 5, 8, 12, 1}, 0.0f, 0.5f, 9300);
  for (const int32_t channel : {1, 4, 5, 8, 11}) made.mask1[channel] = 1.0f;
  for (float& weight : made.weights1) weight = -std::fabs(weight) - 0.1f;
  made.x[(2 * 5 + 2) * 8] = std::numeric_limits<float>::infinity();
  CHECK(relative_error(gated_bottleneck(made, 2), masked_bottleneck(made)) < 1e-5);
}

TEST_CASE("the bits of a gated bottleneck depend neither on the thread count nor on the rest of the batch") {
  const sl_gated_bottleneck_shape shapes[] = {{5, 17, 13, 20, 68, 1}, {5, 17, 13, 20, 68, 2}, {5, 25, 23, 32, 48, 1}};
  for (const sl_gated_bottleneck_shape& shape : shapes) {
    const BottleneckCase made = make_bottleneck(shape, 0.4f, 0.5f, 9400);
    const std::vector<float> one = gated_bottleneck(made, 1);
    for (const int threads : {2, 3, 8}) {
      const std::vector<float> several = gated_bottleneck(made, threads);
      CHECK(std::memcmp(one.data(), several.data(), one.size() * sizeof(float)) == 0);
    }
    const std::vector<float> alone = gated_bottleneck(bottleneck_image(made, shape.batch - 1), 2);
    CHECK(std::memcmp(one.data() + one.size() - alone.size(), alone.data(), alone.size() * sizeof(float)) == 0);
  }
}

TEST_CASE("images that share one mask or both with others give the same bits as each alone") {
  uint32_t seed = 9500;
  const sl_gated_bottleneck_shape shapes[] = {{9, 5, 5, 8, 20, 1},   {9, 9, 9, 12, 70, 1},  {9, 8, 8, 8, 24, 1},
                                              {9, 17, 15, 6, 16, 2}, {9, 16, 17, 8, 12, 1}, {9, 3, 2, 5, 132, 1}};
  const int32_t same_first[] = {0, 1, 0, 3, 1, 0, 6, 6, 1};
  const int32_t same_second[] = {0, 1, 0, 1, 1, 5, 0, 6, 8};
  for (const sl_gated_bottleneck_shape& shape : shapes) {
    CAPTURE(shape.height);
    CAPTURE(shape.channels);
    const int64_t channels = shape.channels;
    BottleneckCase made = make_bottleneck(shape, 0.5f, 0.5f, seed += 20);
    std::fill_n(made.mask1.begin() + 6 * channels, channels, 0.0f);
    std::fill_n(made.mask1.begin() + 3 * channels, channels, 1.0f);
    for (int64_t image = 0; image < shape.batch; ++image) {
      const auto share = [&](std::vector<float>& mask, int64_t other) {
        if (other != image) std::copy_n(mask.begin() + other * channels, channels, mask.begin() + image * channels);
      };
      share(made.mask1, same_first[image]);
      share(made.mask2, same_second[image]);
    }
    const std::vector<float> together = gated_bottleneck(made, 2);
    CHECK(relative_error(together, masked_bottleneck(made)) < 1e-5);
    for (int64_t image = 0; image < shape.batch; ++image) {
      const std::vector<float> alone = gated_bottleneck(bottleneck_image(made, image), 2);
      CHECK(std::memcmp(together.data() + image * alone.size(), alone.data(), alone.size() * sizeof(float)) == 0);
    }
  }
}

TEST_CASE("masks of a bottleneck that differ in one channel alone are told apart") {
  // Masks of every channel, and for each of some channels of either convolution one without it.
  BottleneckCase made = make_bottleneck({13, 3, 3, 4, 68, 1}, 1.0f, 1.0f, 9700);
  const int32_t closed[] = {0, 31, 32, 63, 64, 67};
  for (int32_t image = 0; image < 12; ++image) {
    (image < 6 ? made.mask1 : made.mask2)[(image + 1) * 68 + closed[image % 6]] = 0.0f;
  }
  CHECK(relative_error(gated_bottleneck(made, 2), masked_bottleneck(made)) < 1e-5);
}

TEST_CASE("batches of more images than are compared with each other are computed in a bottleneck too") {
  const BottleneckCase made = make_bottleneck({4100, 1, 1, 2, 3, 1}, 0.5f, 0.5f, 9750);
  CHECK(relative_error(gated_bottleneck(made, 2), masked_bottleneck(made)) < 1e-5);
}

TEST_CASE("a bottleneck's activations need not begin where vectors do") {
  const BottleneckCase made = make_bottleneck({3, 5, 6, 8, 12, 1}, 0.5f, 0.5f, 9800);
  Context context(2);
  BottleneckBuffers b(context, made);
  const std::vector<float> aligned = gated_bottleneck(made, 2);
  const auto later = [](std::vector<float> values) {
    values.insert(values.begin(), 7.0f);
    return values;
  };
  const Buffer<float> x(context, later(made.x)), residual(context, later(made.residual)), y(context, later(aligned));
  REQUIRE(sl_gated_bottleneck_forward(context, &made.shape, x.data() + 1, b.mask1, b.mask2, b.packed1, b.scale1,
                                      b.shift1, b.packed2, b.scale2, b.shift2, b.packed3, b.scale3, b.shift3,
                                      residual.data() + 1, y.data() + 1) == SL_OK);
  const std::vector<float> result = y.get();
  CHECK(result[0] == 7.0f);
  CHECK(std::memcmp(result.data() + 1, aligned.data(), aligned.size() * sizeof(float)) == 0);
}

TEST_CASE("a gated bottleneck leaves no memory behind") {
  for (const int32_t batch : {1, 6}) {
    Context context(2);
    const BottleneckCase a = make_bottleneck({batch, 9, 9, 32, 32, 1}, 0.5f, 0.5f, 9850);
    BottleneckBuffers b(context, a);
    int64_t before[4], after[4];
    REQUIRE(sl_memory_stats(context, before) == SL_OK);
    REQUIRE(b.forward(context, a) == SL_OK);
    REQUIRE(sl_memory_stats(context, after) == SL_OK);
    CHECK(after[0] == before[0]);
    CHECK(after[3] == before[3]);
  }
}

TEST_CASE("a gated bottleneck of no elements is a no-op") {
  Context context(1);
  const sl_gated_bottleneck_shape empty[] = {
      {0, 5, 5, 4, 4, 1}, {1, 0, 5, 4, 4, 1}, {1, 5, 0, 4, 4, 1}, {1, 5, 5, 4, 0, 1}};
  for (const sl_gated_bottleneck_shape& shape : empty) {
    CHECK(sl_gated_bottleneck_forward(context, &shape, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                                      nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr) == SL_OK);
    int64_t bytes = -1;
    CHECK(sl_gated_bottleneck_packed_bytes(context, &shape, SL_GATED_BOTTLENECK_FIRST, &bytes) == SL_OK);
    CHECK(bytes == 0);
    CHECK(sl_gated_bottleneck_pack(context, &shape, SL_GATED_BOTTLENECK_THIRD, nullptr, nullptr) == SL_OK);
  }
}

TEST_CASE("a gated bottleneck without input channels adds its shifts alone") {
  check_bottleneck({2, 3, 4, 0, 5, 1}, 0.5f, 0.5f, 9900);
}

TEST_CASE("bad arguments of a gated bottleneck are refused and nothing is written") {
  Context context(1);
  const Buffer<float> buffer(context, std::vector<float>(400, 0.5f)), y(context, std::vector<float>(400, 7.0f));
  const auto call = [&](sl_context* with, const sl_gated_bottleneck_shape* shape, int missing) {
    const auto operand = [&](int index) -> const float* { return index == missing ? nullptr : buffer.data(); };
    return sl_gated_bottleneck_forward(with, shape, operand(0), operand(1), operand(2), operand(3), operand(4),
                                       operand(5), operand(6), operand(7), operand(8), operand(9), operand(10),
                                       operand(11), operand(12), missing == 13 ? nullptr : y.data());
  };
  const sl_gated_bottleneck_shape good{1, 5, 5, 4, 4, 1};
  for (int missing = 0; missing <= 13; ++missing) {
    CHECK(call(context, &good, missing) == SL_ERROR_INVALID_ARGUMENT);
    CHECK(last_error_mentions("sl_gated_bottleneck_forward"));
    CHECK(last_error_mentions("[1,5,5,4]"));
  }
  CHECK(call(nullptr, &good, -1) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(call(context, nullptr, -1) == SL_ERROR_INVALID_ARGUMENT);
  const sl_gated_bottleneck_shape bad[] = {{-1, 5, 5, 4, 4, 1}, {1, -5, 5, 4, 4, 1}, {1, 5, -5, 4, 4, 1},
                                           {1, 5, 5, -4, 4, 1}, {1, 5, 5, 4, -4, 1}, {1, 5, 5, 4, 4, 0},
                                           {1, 5, 5, 4, 4, -2}, {1, 5, 5, 4, 1 << 29, 1}};
  int64_t bytes = -1;
  for (const sl_gated_bottleneck_shape& shape : bad) {
    CHECK(call(context, &shape, -1) == SL_ERROR_INVALID_ARGUMENT);
    CHECK(sl_gated_bottleneck_packed_bytes(context, &shape, SL_GATED_BOTTLENECK_FIRST, &bytes) ==
          SL_ERROR_INVALID_ARGUMENT);
    CHECK(sl_gated_bottleneck_pack(context, &shape, SL_GATED_BOTTLENECK_FIRST, buffer, y) == SL_ERROR_INVALID_ARGUMENT);
  }
  for (const int32_t convolution : {-1, 3}) {
    CHECK(sl_gated_bottleneck_packed_bytes(context, &good, convolution, &bytes) == SL_ERROR_INVALID_ARGUMENT);
    CHECK(sl_gated_bottleneck_pack(context, &good, convolution, buffer, y) == SL_ERROR_INVALID_ARGUMENT);
  }
  const int32_t first = SL_GATED_BOTTLENECK_FIRST, third = SL_GATED_BOTTLENECK_THIRD;
  CHECK(sl_gated_bottleneck_packed_bytes(context, &good, first, nullptr) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_bottleneck_packed_bytes(nullptr, &good, first, &bytes) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_bottleneck_pack(context, &good, first, nullptr, y) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_bottleneck_pack(context, &good, third, buffer, nullptr) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_bottleneck_pack(nullptr, &good, first, buffer, y) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(bytes == -1);
  for (const float value : y.get()) CHECK(value == 7.0f);
}
