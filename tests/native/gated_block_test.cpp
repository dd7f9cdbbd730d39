// The gated block at inference, against the masked computation in plain double loops.
#include "gated_block_case.h"

using namespace sluice_test;

TEST_CASE("a gated block equals the masked computation at every map size, stride and share of open channels") {
  uint32_t seed = 100;
  const int32_t maps[][2] = {{1, 1}, {1, 7}, {7, 1}, {2, 3}, {5, 5}, {5, 7}, {9, 9}, {8, 13}, {17, 17}};
  for (const auto& map : maps) {
    for (const int32_t stride : {1, 2}) {
      for (const float open_share : {0.0f, 0.3f, 1.0f}) {
        check_case({1, map[0], map[1], 12, 16, stride}, open_share, seed += 10);
      }
    }
  }
}

TEST_CASE("a gated block equals the masked computation for channel counts that no vector length divides") {
  uint32_t seed = 2000;
  for (const int32_t in_channels : {1, 3, 4, 8, 16, 20, 33}) {
    for (const int32_t channels : {1, 4, 12, 16, 32, 40, 65}) {
      check_case({1, 5, 6, in_channels, channels, 1}, 0.5f, seed += 10);
    }
  }
  for (const int32_t channels : {64, 76, 128, 132}) check_case({1, 4, 5, 8, channels, 2}, 0.4f, seed += 10);
}

TEST_CASE("a gated block equals the masked computation for batches below, at and above what threads take whole") {
  uint32_t seed = 4000;
  for (const int32_t batch : {2, 3, 4, 7}) {
    check_case({batch, 9, 9, 16, 20, 1}, 0.4f, seed += 10);
    check_case({batch, 9, 9, 8, 68, 2}, 0.4f, seed += 10);
  }
  check_case({1, 34, 34, 4, 8, 1}, 0.5f, 5000);
  check_case({1, 34, 34, 8, 16, 2}, 0.5f, 5010);
  check_case({1, 32, 32, 16, 16, 1}, 0.5f, 5020);
}

TEST_CASE("a gated block equals the masked computation where tiles are many, for every size of tile") {
  uint32_t seed = 5500;
  // Maps of whole tiles and of cut ones: by 2, by 3, by 4 outputs a side.
  const int32_t maps[][2] = {{2, 14}, {9, 9}, {12, 15}, {8, 8}, {17, 17}, {5, 31}};
  for (const auto& map : maps) {
    for (const float open_share : {0.0f, 0.1f, 0.5f, 1.0f}) {
      check_case({1, map[0], map[1], 32, 48, 1}, open_share, seed += 10);
      check_case({7, map[0], map[1], 48, 32, 1}, open_share, seed += 10);
    }
  }
  check_case({3, 34, 34, 32, 32, 2}, 0.5f, seed += 10);
  check_case({2, 34, 34, 64, 64, 1}, 0.5f, seed += 10);
  // Weights of one position that come in pieces of channels, for many images at once.
  check_case({12, 5, 5, 272, 512, 1}, 0.3f, seed += 10);
}

TEST_CASE("every number of open channels is computed where tiles are many") {
  for (int32_t count = 0; count <= 32; ++count) {
    Case made = make_case({1, 17, 9, 32, 32, 1}, 0.0f, 6400 + count);
    for (int32_t entry = 0; entry < count; ++entry) made.mask[(entry * 11 + 5) % 32] = 1.0f;
    CHECK(relative_error(gated_block(made, 2), masked_block(made)) < 1e-5);
  }
}

TEST_CASE("any single open channel is computed alone") {
  for (int32_t channel = 0; channel < 20; ++channel) {
    Case made = make_case({1, 5, 7, 4, 20, 1}, 0.0f, 6000);
    made.mask[channel] = 1.0f;
    CHECK(relative_error(gated_block(made, 2), masked_block(made)) < 1e-5);
  }
}

TEST_CASE("images of one batch each follow their own mask, an empty one among them") {
  Case made = make_case({6, 9, 9, 8, 24, 1}, 0.5f, 7000);
  std::fill_n(made.mask.begin() + 24 * 2, 24, 0.0f);
  std::fill_n(made.mask.begin() + 24 * 3, 24, 1.0f);
  const std::vector<double> expected = masked_block(made);
  CHECK(relative_error(gated_block(made, 2), expected) < 1e-5);
  for (size_t i = 0; i < 9 * 9 * 24; ++i) {
    const size_t at = 2 * 9 * 9 * 24 + i;
    CHECK(expected[at] == doctest::Approx(std::max(0.0, static_cast<double>(made.shift2[i % 24]) + made.residual[at])));
  }
}

TEST_CASE("closed channels are not looked at: their weights may be NaN") {
  for (const int32_t channels : {12, 32}) {
    Case made = make_case({2, 9, 14, 32, channels, 1}, 0.5f, 8000);
    for (int32_t entry = 0; entry < 2 * channels; ++entry) made.mask[entry] = entry % channels % 3 == 0 ? 1.0f : 0.0f;
    const std::vector<double> expected = masked_block(made);
    for (int32_t channel = 0; channel < channels; ++channel) {
      if (channel % 3 == 0) continue;
      for (int64_t k = 0; k < 9 * 32; ++k) made.weights1[channel * 9 * 32 + k] = nan_value;
      for (int64_t row = 0; row < channels * 9; ++row) made.weights2[row * channels + channel] = nan_value;
    }
    CHECK(relative_error(gated_block(made, 2), expected) < 1e-5);
  }
}

TEST_CASE("a NaN in the input reaches the output") {
  Case made = make_case({1, 5, 5, 8, 12, 1}, 1.0f, 8500);
  made.x[(2 * 5 + 2) * 8] = nan_value;
  for (const float value : gated_block(made, 2)) CHECK(std::isnan(value));
  Case tiled = make_case({6, 5, 5, 32, 32, 1}, 1.0f, 8600);
  for (size_t image = 0; image < 6; ++image) tiled.x[((image * 5 + 2) * 5 + 2) * 32] = nan_value;
  for (const float value : gated_block(tiled, 2)) CHECK(std::isnan(value));
}

TEST_CASE("an infinite input that every open channel's relu stops stays without effect") {
  Case made = make_case({1, 5, 5, 8, 12, 1}, 0.0f, 8700);
  for (const int32_t channel : {1, 4, 5, 8, 11}) made.mask[channel] = 1.0f;
  for (float& weight : made.weights1) weight = -std::fabs(weight) - 0.1f;
  made.x[(2 * 5 + 2) * 8] = std::numeric_limits<float>::infinity();
  CHECK(relative_error(gated_block(made, 2), masked_block(made)) < 1e-5);
}

TEST_CASE("the bits of a gated block depend neither on the thread count nor on the rest of the batch") {
  const sl_gated_block_shape shapes[] = {{5, 17, 13, 20, 68, 1}, {5, 17, 13, 20, 68, 2}, {5, 17, 17, 32, 64, 1}};
  for (const sl_gated_block_shape& shape : shapes) {
    const Case made = make_case(shape, 0.4f, 9000);
    const std::vector<float> one = gated_block(made, 1);
    for (const int threads : {2, 3, 8}) {
      const std::vector<float> several = gated_block(made, threads);
      CHECK(std::memcmp(one.data(), several.data(), one.size() * sizeof(float)) == 0);
    }
    const std::vector<float> alone = gated_block(image_of(made, shape.batch - 1), 2);
    CHECK(std::memcmp(one.data() + one.size() - alone.size(), alone.data(), alone.size() * sizeof(float)) == 0);
  }
}

TEST_CASE("images that share a mask with others, near or far in the batch, give the same bits as each alone") {
  uint32_t seed = 9100;
  // Maps of less than a GPU's tile of 64 pixels, of whole tiles and of several with a rest; few and many channels.
  const sl_gated_block_shape shapes[] = {{9, 5, 5, 8, 20, 1},   {9, 9, 9, 12, 70, 1},  {9, 8, 8, 8, 24, 1},
                                         {9, 17, 15, 6, 16, 2}, {9, 16, 17, 8, 12, 1}, {9, 3, 2, 5, 132, 1}};
  const int32_t same_as[] = {0, 1, 0, 3, 1, 0, 6, 6, 1};
  for (const sl_gated_block_shape& shape : shapes) {
    CAPTURE(shape.height);
    CAPTURE(shape.channels);
    Case made = make_case(shape, 0.5f, seed += 10);
    // One group opens nothing, an image by itself everything.
    std::fill_n(made.mask.begin() + 6 * shape.channels, shape.channels, 0.0f);
    std::fill_n(made.mask.begin() + 3 * shape.channels, shape.channels, 1.0f);
    for (int32_t image = 0; image < shape.batch; ++image) {
      const auto from = made.mask.begin() + same_as[image] * shape.channels;
      if (same_as[image] != image) std::copy_n(from, shape.channels, made.mask.begin() + image * shape.channels);
    }
    const std::vector<float> together = gated_block(made, 2);
    CHECK(relative_error(together, masked_block(made)) < 1e-5);
    for (int32_t image = 0; image < shape.batch; ++image) {
      const std::vector<float> alone = gated_block(image_of(made, image), 2);
      CHECK(std::memcmp(together.data() + image * alone.size(), alone.data(), alone.size() * sizeof(float)) == 0);
    }
  }
}

TEST_CASE("masks that differ in one channel alone are told apart") {
  // One mask of every channel, and for each of some channels one without it.
  Case made = make_case({7, 3, 3, 4, 68, 1}, 1.0f, 9200);
  const int32_t closed[] = {0, 31, 32, 63, 64, 67};
  for (int32_t image = 0; image < 6; ++image) made.mask[(image + 1) * 68 + closed[image]] = 0.0f;
  CHECK(relative_error(gated_block(made, 2), masked_block(made)) < 1e-5);
}

TEST_CASE("batches of more images than are compared with each other are computed") {
  const Case made = make_case({4100, 1, 1, 2, 3, 1}, 0.5f, 9250);
  CHECK(relative_error(gated_block(made, 2), masked_block(made)) < 1e-5);
}

TEST_CASE("activations need not begin where vectors do") {
  const Case made = make_case({3, 5, 6, 8, 12, 1}, 0.5f, 9270);
  Context context(2);
  Operands b(context, made);
  const std::vector<float> aligned = gated_block(made, 2);
  const auto later = [](std::vector<float> values) {
    values.insert(values.begin(), 7.0f);
    return values;
  };
  const Buffer<float> x(context, later(made.x)), residual(context, later(made.residual));
  const Buffer<float> y(context, std::vector<float>(aligned.size() + 2, 7.0f));
  REQUIRE(sl_gated_block_forward(context, &made.shape, x + 1, b.mask, b.packed1, b.scale1, b.shift1, b.packed2,
                                 b.scale2, b.shift2, residual + 1, y + 1) == SL_OK);
  const std::vector<float> got = y.get();
  CHECK(std::memcmp(got.data() + 1, aligned.data(), aligned.size() * sizeof(float)) == 0);
  CHECK(got.front() == 7.0f);
  CHECK(got.back() == 7.0f);
}

TEST_CASE("weights that outgrow the cache are read in pieces for several images, to the same bits") {
  const Case made = make_case({5, 3, 3, 130, 200, 1}, 0.4f, 9300);
  const std::vector<float> together = gated_block(made, 1);
  CHECK(relative_error(together, masked_block(made)) < 1e-5);
  // Two threads take three and two whole images together, three share each image.
  for (const int threads : {2, 3}) {
    const std::vector<float> shared = gated_block(made, threads);
    CHECK(std::memcmp(together.data(), shared.data(), shared.size() * sizeof(float)) == 0);
  }
}

TEST_CASE("without input channels what remains is shifts and the second convolution") {
  const Case made = make_case({4, 3, 4, 0, 150, 1}, 0.5f, 9400);
  CHECK(relative_error(gated_block(made, 2), masked_block(made)) < 1e-5);
}

TEST_CASE("a gated block leaves no memory behind") {
  for (const int32_t channels : {12, 32}) {
    Context context(2);
    const Case a = make_case({6, 9, 9, 32, channels, 1}, 0.5f, 9500);
    Operands b(context, a);
    int64_t before[4], after[4];
    REQUIRE(sl_memory_stats(context, before) == SL_OK);
    REQUIRE(b.forward(context, a) == SL_OK);
    REQUIRE(sl_memory_stats(context, after) == SL_OK);
    CHECK(after[0] == before[0]);
    CHECK(after[3] == before[3]);
  }
}

TEST_CASE("a gated block of no elements is a no-op") {
  Context context(1);
  const sl_gated_block_shape empty[] = {{0, 5, 5, 4, 4, 1}, {1, 0, 5, 4, 4, 1}, {1, 5, 0, 4, 4, 1}, {1, 5, 5, 4, 0, 1}};
  for (const sl_gated_block_shape& shape : empty) {
    CHECK(sl_gated_block_forward(context, &shape, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                                 nullptr, nullptr, nullptr) == SL_OK);
  }
  for (const sl_gated_block_shape& shape : empty) {
    int64_t bytes = -1;
    CHECK(sl_gated_block_packed_bytes(context, &shape, SL_GATED_BLOCK_FIRST, &bytes) == SL_OK);
    CHECK(bytes == 0);
    CHECK(sl_gated_block_pack(context, &shape, SL_GATED_BLOCK_SECOND, nullptr, nullptr) == SL_OK);
  }
}

TEST_CASE("bad arguments of a gated block are refused and nothing is written") {
  Context context(1);
  const Buffer<float> buffer(context, std::vector<float>(400, 0.5f)), y(context, std::vector<float>(100, 7.0f));
  const auto call = [&](sl_context* with, const sl_gated_block_shape* shape, int missing) {
    const auto operand = [&](int index) -> const float* { return index == missing ? nullptr : buffer.data(); };
    return sl_gated_block_forward(with, shape, operand(0), operand(1), operand(2), operand(3), operand(4), operand(5),
                                  operand(6), operand(7), operand(8), missing == 9 ? nullptr : y.data());
  };
  const sl_gated_block_shape good{1, 5, 5, 4, 4, 1};
  for (int missing = 0; missing <= 9; ++missing) {
    CHECK(call(context, &good, missing) == SL_ERROR_INVALID_ARGUMENT);
    CHECK(last_error_mentions("sl_gated_block_forward"));
    CHECK(last_error_mentions("[1,5,5,4]"));
  }
  CHECK(call(nullptr, &good, -1) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(call(context, nullptr, -1) == SL_ERROR_INVALID_ARGUMENT);
  const sl_gated_block_shape bad[] = {{-1, 5, 5, 4, 4, 1}, {1, -5, 5, 4, 4, 1}, {1, 5, -5, 4, 4, 1},
                                      {1, 5, 5, -4, 4, 1}, {1, 5, 5, 4, -4, 1}, {1, 5, 5, 4, 4, 0},
                                      {1, 5, 5, 4, 4, -2}};
  for (const sl_gated_block_shape& shape : bad) {
    CHECK(call(context, &shape, -1) == SL_ERROR_INVALID_ARGUMENT);
  }
  for (const float value : y.get()) CHECK(value == 7.0f);
  int64_t bytes = -1;
  for (const sl_gated_block_shape& shape : bad) {
    CHECK(sl_gated_block_packed_bytes(context, &shape, SL_GATED_BLOCK_FIRST, &bytes) == SL_ERROR_INVALID_ARGUMENT);
    CHECK(sl_gated_block_pack(context, &shape, SL_GATED_BLOCK_FIRST, buffer, y) == SL_ERROR_INVALID_ARGUMENT);
  }
  for (const int32_t convolution : {-1, 2}) {
    CHECK(sl_gated_block_packed_bytes(context, &good, convolution, &bytes) == SL_ERROR_INVALID_ARGUMENT);
    CHECK(sl_gated_block_pack(context, &good, convolution, buffer, y) == SL_ERROR_INVALID_ARGUMENT);
  }
  CHECK(sl_gated_block_packed_bytes(context, &good, SL_GATED_BLOCK_FIRST, nullptr) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_block_packed_bytes(nullptr, &good, SL_GATED_BLOCK_FIRST, &bytes) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_block_pack(context, &good, SL_GATED_BLOCK_FIRST, nullptr, y) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_block_pack(context, &good, SL_GATED_BLOCK_SECOND, buffer, nullptr) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_block_pack(nullptr, &good, SL_GATED_BLOCK_FIRST, buffer, y) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(bytes == -1);
  for (const float value : y.get()) CHECK(value == 7.0f);
}
