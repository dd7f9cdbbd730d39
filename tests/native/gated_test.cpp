// Gated convolutions at inference, against the masked computation in plain double loops.
#include "gated_case.h"

using namespace sluice_test;

TEST_CASE("a basic block equals the masked computation at every map size, stride and share of open channels") {
  uint32_t seed = 100;
  const int32_t maps[][2] = {{1, 1}, {1, 7}, {7, 1}, {2, 3}, {5, 5}, {5, 7}, {9, 9}, {8, 13}, {17, 17}};
  for (const auto& map : maps) {
    for (const float open_share : {0.0f, 0.3f, 1.0f}) {
      for (const int32_t stride : {1, 2}) {
        check_case({1, map[0], map[1], 12}, basic(16, stride), {open_share}, seed += 20);
      }
    }
  }
}

TEST_CASE("a bottleneck equals the masked computation at every map size, stride and share of open channels") {
  uint32_t seed = 2000;
  const int32_t maps[][2] = {{1, 1}, {1, 7}, {7, 1}, {2, 3}, {5, 5}, {5, 7}, {9, 9}, {8, 13}, {17, 17}};
  for (const auto& map : maps) {
    for (const float open_share : {0.0f, 0.3f, 1.0f}) {
      for (const int32_t stride : {1, 2, 3}) {
        check_case({1, map[0], map[1], 12}, bottleneck(16, stride), {open_share}, seed += 20);
      }
    }
  }
}

TEST_CASE("gated blocks equal the masked computation for channel counts that no vector length divides") {
  uint32_t seed = 4000;
  for (const int32_t in_channels : {1, 3, 4, 8, 16, 20, 33}) {
    for (const int32_t channels : {1, 4, 7, 12, 16, 32, 40, 65}) {
      check_case({1, 5, 6, in_channels}, basic(channels), {0.5f}, seed += 20);
      check_case({1, 5, 6, in_channels}, bottleneck(channels), {0.5f, 0.6f}, seed += 20);
    }
  }
  for (const int32_t channels : {64, 76, 128, 132}) {
    check_case({1, 4, 5, 8}, basic(channels, 2), {0.4f}, seed += 20);
    check_case({1, 4, 5, 8}, bottleneck(channels, 2), {0.4f, 0.3f}, seed += 20);
  }
}

TEST_CASE("a bottleneck equals the masked computation if either mask is empty or full") {
  uint32_t seed = 7000;
  for (const float open_share1 : {0.0f, 0.5f, 1.0f}) {
    for (const float open_share2 : {0.0f, 0.5f, 1.0f}) {
      check_case({3, 6, 5, 20}, bottleneck(24), {open_share1, open_share2}, seed += 20);
      check_case({9, 6, 5, 20}, bottleneck(24, 2), {open_share1, open_share2}, seed += 20);
    }
  }
}

TEST_CASE("gated blocks equal the masked computation for batches below, at and above what threads take whole") {
  uint32_t seed = 8000;
  for (const int32_t batch : {2, 3, 4, 7, 20}) {
    check_case({batch, 9, 9, 16}, basic(20), {0.4f}, seed += 20);
    check_case({batch, 9, 9, 8}, basic(68, 2), {0.4f}, seed += 20);
    check_case({batch, 9, 9, 16}, bottleneck(20), {0.4f, 0.5f}, seed += 20);
    check_case({batch, 9, 9, 8}, bottleneck(68, 2), {0.4f, 0.5f}, seed += 20);
  }
  check_case({1, 34, 34, 4}, basic(8), {0.5f}, seed += 20);
  check_case({1, 34, 34, 8}, basic(16, 2), {0.5f}, seed += 20);
  check_case({1, 32, 32, 16}, basic(16), {0.5f}, seed += 20);
  // Pixels of a map in pieces, and weights in pieces for many images at once.
  check_case({1, 34, 34, 64}, bottleneck(8), {0.5f}, seed += 20);
  check_case({4, 24, 24, 300}, bottleneck(8, 2), {0.5f}, seed += 20);
  check_case({6, 3, 3, 900}, bottleneck(260), {0.3f}, seed += 20);
}

TEST_CASE("a basic block of many tiles equals the masked computation, for every size of tile") {
  uint32_t seed = 10000;
  // Maps of whole tiles and of cut ones: by 2, by 3, by 4 outputs a side.
  const int32_t maps[][2] = {{2, 14}, {9, 9}, {12, 15}, {8, 8}, {17, 17}, {5, 31}};
  for (const auto& map : maps) {
    for (const float open_share : {0.0f, 0.1f, 0.5f, 1.0f}) {
      check_case({1, map[0], map[1], 32}, basic(48), {open_share}, seed += 20);
      check_case({7, map[0], map[1], 48}, basic(32), {open_share}, seed += 20);
    }
  }
  check_case({3, 34, 34, 32}, basic(32, 2), {0.5f}, seed += 20);
  check_case({2, 34, 34, 64}, basic(64), {0.5f}, seed += 20);
  // The weights of one position come in pieces of channels, for many images at once.
  check_case({12, 5, 5, 272}, basic(512), {0.3f}, seed += 20);
}

TEST_CASE("a bottleneck of many tiles equals the masked computation") {
  uint32_t seed = 12000;
  // Maps of whole tiles and of cut ones, by 3 and by 4 outputs a side.
  const int32_t maps[][2] = {{24, 24}, {27, 21}, {23, 26}};
  for (const auto& map : maps) {
    for (const float open_share : {0.0f, 0.1f, 0.5f, 1.0f}) {
      check_case({1, map[0], map[1], 12}, bottleneck(32), {open_share, 0.5f}, seed += 20);
      check_case({5, map[0], map[1], 8}, bottleneck(32), {0.5f, open_share}, seed += 20);
    }
  }
  check_case({1, 26, 26, 16}, bottleneck(144), {0.7f, 0.6f}, seed += 20);
}

TEST_CASE("hidden maps may differ in their number of channels, and from the output") {
  uint32_t seed = 13000;
  const Table tables[] = {{{3, 1, 1, 48, 1}, {3, 1, 1, 32, 0}},
                          {{3, 2, 1, 7, 1}, {3, 1, 1, 70, 0}},
                          {{1, 1, 0, 20, 1}, {3, 2, 1, 12, 1}, {1, 1, 0, 9, 0}},
                          {{1, 1, 0, 32, 1}, {3, 1, 1, 48, 1}, {1, 1, 0, 65, 0}}};
  for (const Table& table : tables) {
    for (const int32_t batch : {1, 7}) {
      const ImageSizes x{batch, 23, 24, 32};
      const Case made = make_case(x, table, {0.5f, 0.4f}, seed += 20);
      Context context(2);
      int32_t supported = -1;
      REQUIRE(sl_gated_supports(context, &made.shape, table.data(), &supported) == SL_OK);
      if (supported == 1) check_case(x, table, {0.5f, 0.4f}, seed);
    }
  }
}

TEST_CASE("every number of open channels is computed") {
  for (int32_t count = 0; count <= 36; ++count) {
    const auto open = [&](std::vector<float>& mask, int32_t channels) {
      std::fill(mask.begin(), mask.end(), 0.0f);
      for (int32_t entry = 0; entry < std::min(count, channels); ++entry) mask[(entry * 11 + 5) % channels] = 1.0f;
    };
    Case tiled = make_case({1, 17, 9, 32}, basic(32), {0.0f}, 14000 + count);
    open(tiled.layers[0].mask, 32);
    CHECK(relative_error(gated(tiled, 2), masked_block(tiled)) < 1e-5);
    for (const size_t which : {0, 1}) {
      Case made = make_case({1, 5, 7, 6}, bottleneck(36), {0.4f}, 14100 + count);
      open(made.layers[which].mask, 36);
      CHECK(relative_error(gated(made, 2), masked_block(made)) < 1e-5);
      if (count % 3 != 0) continue;
      Case large = make_case({1, 23, 23, 4}, bottleneck(32), {0.3f}, 14200 + count);
      open(large.layers[which].mask, 32);
      CHECK(relative_error(gated(large, 2), masked_block(large)) < 1e-5);
    }
  }
}

TEST_CASE("any single open channel is computed alone") {
  for (int32_t channel = 0; channel < 20; ++channel) {
    Case made = make_case({1, 5, 7, 4}, basic(20), {0.0f}, 15000);
    made.layers[0].mask[channel] = 1.0f;
    CHECK(relative_error(gated(made, 2), masked_block(made)) < 1e-5);
  }
}

TEST_CASE("images of one batch each follow their own masks, empty ones among them") {
  for (const Table& table : {basic(24), bottleneck(24)}) {
    Case made = make_case({6, 9, 9, 8}, table, {0.5f}, 15100);
    for (size_t index = 0; index + 1 < table.size(); ++index) {
      std::vector<float>& mask = made.layers[index].mask;
      std::fill_n(mask.begin() + 24 * (2 - index), 24, 0.0f);
      std::fill_n(mask.begin() + 24 * (3 + index), 24, 1.0f);
    }
    // Image 2 opens nothing in front of the last convolution.
    std::fill_n(made.layers[table.size() - 2].mask.begin() + 24 * 2, 24, 0.0f);
    const std::vector<double> expected = masked_block(made);
    CHECK(relative_error(gated(made, 2), expected) < 1e-5);
    const size_t outputs = static_cast<size_t>(made.output().count()), channels = table.back().outputs;
    for (size_t i = 0; i < outputs; ++i) {
      const size_t at = 2 * outputs + i;
      const double shift = made.layers.back().shift[i % channels];
      CHECK(expected[at] == doctest::Approx(std::max(0.0, shift + made.residual[at])));
    }
  }
}

// NaN in place of all weights that no open channel reads.
static void spoil_closed(Case& a) {
  for (size_t index = 0; index < a.table.size(); ++index) {
    const int64_t inputs = a.input_of(index).channels, taps = int64_t{a.table[index].kernel} * a.table[index].kernel;
    std::vector<float>& weights = a.layers[index].weights;
    for (int64_t at = 0; at < static_cast<int64_t>(weights.size()); ++at) {
      const bool wanted = is_open_output(a, index, 0, at / (inputs * taps)) && is_open_input(a, index, 0, at % inputs);
      if (!wanted) weights[at] = nan_value;
    }
  }
}

TEST_CASE("the weights of closed channels are not read: they may be NaN") {
  const Table tables[] = {basic(12), basic(32), bottleneck(12), bottleneck(40, 2), bottleneck(48)};
  for (const Table& table : tables) {
    for (const int32_t side : {9, 24}) {
      Case made = make_case({2, side, 14, 32}, table, {0.5f}, 16000);
      for (size_t index = 0; index + 1 < table.size(); ++index) {
        const int64_t channels = table[index].outputs;
        for (int64_t entry = 0; entry < 2 * channels; ++entry) {
          const int64_t channel = entry % channels;
          made.layers[index].mask[entry] = (index == 0 ? channel % 3 == 0 : channel % 4 == 1) ? 1.0f : 0.0f;
        }
      }
      const std::vector<double> expected = masked_block(made);
      spoil_closed(made);
      CHECK(relative_error(gated(made, 2), expected) < 1e-5);
    }
  }
}

TEST_CASE("a NaN in the input reaches every output whose sums read it") {
  for (const int32_t batch : {1, 6}) {
    for (const Table& table : {basic(12), basic(32), bottleneck(12)}) {
      Case made = make_case({batch, 5, 5, 32}, table, {1.0f}, 17000);
      for (int64_t image = 0; image < batch; ++image) made.x[((image * 5 + 2) * 5 + 2) * 32] = nan_value;
      const std::vector<float> y = gated(made, 2);
      // Two kernels of 3x3 reach all of the map, one reaches the pixels around.
      const bool all = table.size() == 2;
      const size_t channels = table.back().outputs;
      for (size_t at = 0; at < y.size(); ++at) {
        const size_t row = at / channels / 5 % 5, column = at / channels % 5;
        CHECK(std::isnan(y[at]) == (all || (row >= 1 && row <= 3 && column >= 1 && column <= 3)));
      }
    }
  }
}

TEST_CASE("an infinite input that the relu of every open channel stops has no effect") {
  for (const Table& table : {basic(12), bottleneck(12)}) {
    Case made = make_case({1, 5, 5, 8}, table, {0.0f, 0.5f}, 17500);
    for (const int32_t channel : {1, 4, 5, 8, 11}) made.layers[0].mask[channel] = 1.0f;
    for (float& weight : made.layers[0].weights) weight = -std::fabs(weight) - 0.1f;
    made.x[(2 * 5 + 2) * 8] = std::numeric_limits<float>::infinity();
    CHECK(relative_error(gated(made, 2), masked_block(made)) < 1e-5);
  }
}

TEST_CASE("the bits depend neither on the thread count nor on the rest of the batch") {
  const struct {
    ImageSizes x;
    Table table;
  } blocks[] = {{{5, 17, 13, 20}, basic(68)},         {{5, 17, 13, 20}, basic(68, 2)},
                {{5, 17, 17, 32}, basic(64)},         {{5, 17, 13, 20}, bottleneck(68)},
                {{5, 17, 13, 20}, bottleneck(68, 2)}, {{5, 25, 23, 32}, bottleneck(48)}};
  for (const auto& block : blocks) {
    const Case made = make_case(block.x, block.table, {0.4f, 0.5f}, 18000);
    const std::vector<float> one = gated(made, 1);
    for (const int threads : {2, 3, 8}) {
      const std::vector<float> several = gated(made, threads);
      CHECK(std::memcmp(one.data(), several.data(), one.size() * sizeof(float)) == 0);
    }
    const std::vector<float> alone = gated(image_of(made, block.x.batch - 1), 2);
    CHECK(std::memcmp(one.data() + one.size() - alone.size(), alone.data(), alone.size() * sizeof(float)) == 0);
  }
}

TEST_CASE("images that share one mask or all with others give the same bits as each alone") {
  uint32_t seed = 19000;
  // Maps of less than a GPU's tile of 64 pixels, of whole tiles and of several with a rest; few and many channels.
  const struct {
    int32_t height, width, in_channels, channels, stride;
  } blocks[] = {{5, 5, 8, 20, 1},   {9, 9, 12, 70, 1},  {8, 8, 8, 24, 1},
                {17, 15, 6, 16, 2}, {16, 17, 8, 12, 1}, {3, 2, 5, 132, 1}};
  // The image whose mask each of nine images has, for either mask.
  const int32_t same_as[][9] = {{0, 1, 0, 3, 1, 0, 6, 6, 1}, {0, 1, 0, 1, 1, 5, 0, 6, 8}};
  for (const auto& block : blocks) {
    CAPTURE(block.height);
    CAPTURE(block.channels);
    const int32_t channels = block.channels;
    for (const Table& table : {basic(channels, block.stride), bottleneck(channels, block.stride)}) {
      Case made = make_case({9, block.height, block.width, block.in_channels}, table, {0.5f}, seed += 20);
      // One group opens nothing, an image by itself everything.
      std::fill_n(made.layers[0].mask.begin() + 6 * channels, channels, 0.0f);
      std::fill_n(made.layers[0].mask.begin() + 3 * channels, channels, 1.0f);
      for (size_t index = 0; index + 1 < table.size(); ++index) {
        std::vector<float>& mask = made.layers[index].mask;
        for (int64_t image = 0; image < 9; ++image) {
          const int64_t other = same_as[index][image];
          if (other != image) std::copy_n(mask.begin() + other * channels, channels, mask.begin() + image * channels);
        }
      }
      const std::vector<float> together = gated(made, 2);
      CHECK(relative_error(together, masked_block(made)) < 1e-5);
      for (int64_t image = 0; image < 9; ++image) {
        const std::vector<float> alone = gated(image_of(made, image), 2);
        CHECK(std::memcmp(together.data() + image * alone.size(), alone.data(), alone.size() * sizeof(float)) == 0);
      }
    }
  }
}

TEST_CASE("masks that differ in one channel alone are told apart") {
  // Every channel is open, except one channel of one mask in each image but the first.
  const int32_t closed[] = {0, 31, 32, 63, 64, 67};
  for (const Table& table : {basic(68), bottleneck(68)}) {
    const int32_t masks = static_cast<int32_t>(table.size()) - 1;
    Case made = make_case({1 + 6 * masks, 3, 3, 4}, table, {1.0f}, 21000);
    for (int32_t image = 0; image < 6 * masks; ++image) {
      made.layers[image / 6].mask[(image + 1) * 68 + closed[image % 6]] = 0.0f;
    }
    CHECK(relative_error(gated(made, 2), masked_block(made)) < 1e-5);
  }
}

TEST_CASE("batches of more images than are compared with each other are computed") {
  check_case({4100, 1, 1, 2}, basic(3), {0.5f}, 21100);
  check_case({4100, 1, 1, 2}, bottleneck(3), {0.5f}, 21120);
}

TEST_CASE("activations need not begin where vectors do") {
  for (const Table& table : {basic(12), bottleneck(12), basic(32), basic(32, 1, 16)}) {
    // All channels open, so that images may be computed in full.
    const Case made = make_case({3, 17, 13, 32}, table, {1.0f}, 21200);
    Context context(2);
    const Operands b(context, made);
    const std::vector<float> aligned = gated(made, 2);
    const auto later = [](std::vector<float> values) {
      values.insert(values.begin(), 7.0f);
      return values;
    };
    const Buffer<float> x(context, later(made.x)), residual(context, later(made.residual));
    const Buffer<float> y(context, std::vector<float>(aligned.size() + 2, 7.0f));
    REQUIRE(sl_gated_forward(context, &made.shape, table.data(), SL_F32, b.addresses.data(), x + 1, residual + 1, y + 1,
                             nullptr) == SL_OK);
    const std::vector<float> got = y.get();
    CHECK(std::memcmp(got.data() + 1, aligned.data(), aligned.size() * sizeof(float)) == 0);
    CHECK(got.front() == 7.0f);
    CHECK(got.back() == 7.0f);
  }
}

TEST_CASE("weights that outgrow the cache are read in pieces for several images, to the same bits") {
  const Case made = make_case({5, 3, 3, 130}, basic(200), {0.4f}, 21300);
  const std::vector<float> together = gated(made, 1);
  CHECK(relative_error(together, masked_block(made)) < 1e-5);
  // Two threads take three and two whole images together, three share each image.
  for (const int threads : {2, 3}) {
    const std::vector<float> shared = gated(made, threads);
    CHECK(std::memcmp(together.data(), shared.data(), shared.size() * sizeof(float)) == 0);
  }
}

TEST_CASE("without input channels the first convolution's norm gives its shifts alone") {
  check_case({4, 3, 4, 0}, basic(150), {0.5f}, 21400);
  check_case({2, 3, 4, 0}, bottleneck(5), {0.5f}, 21420);
}

TEST_CASE("a gated forward leaves no memory behind") {
  for (const Table& table : {basic(12), basic(32), bottleneck(32)}) {
    for (const int32_t batch : {1, 6}) {
      Context context(2);
      const Case a = make_case({batch, 9, 9, 32}, table, {0.5f}, 21500);
      const Operands b(context, a);
      int64_t before[4], after[4];
      REQUIRE(sl_memory_stats(context, before) == SL_OK);
      REQUIRE(b.forward(context, a) == SL_OK);
      REQUIRE(sl_memory_stats(context, after) == SL_OK);
      CHECK(after[0] == before[0]);
      CHECK(after[3] == before[3]);
    }
  }
}

TEST_CASE("channels that open in groups of neighbours are computed like any others") {
  uint32_t seed = 27000;
  for (const Table& table : {basic(64), bottleneck(64, 2), bottleneck(72)}) {
    for (const size_t group : {size_t{4}, size_t{8}, size_t{16}}) {
      Case made = make_case({3, 5, 6, 24}, table, {0.5f}, seed += 20);
      for (LayerValues& layer : made.layers) {
        // Every group takes the bit of its first channel; a group may end with its image.
        for (size_t i = 0; i < layer.mask.size(); ++i) {
          const size_t channel = i % static_cast<size_t>(table[0].outputs);
          layer.mask[i] = layer.mask[i - channel % group];
        }
      }
      CHECK(relative_error(gated(made, 2), masked_block(made)) < 1e-5);
    }
  }
}
