// Gated convolutions whose masks open channels in groups, against the masked computation in plain double loops.
#include "gated_case.h"

using namespace sluice_test;

TEST_CASE("blocks with gates in groups equal the masked computation at every map size, stride and share") {
  uint32_t seed = 30000;
  const int32_t maps[][2] = {{1, 1}, {1, 7}, {7, 1}, {2, 3}, {5, 5}, {9, 9}, {8, 13}, {17, 17}};
  for (const auto& map : maps) {
    for (const float open_share : {0.0f, 0.4f, 1.0f}) {
      for (const int32_t stride : {1, 2, 3}) {
        check_case({1, map[0], map[1], 12}, basic(48, stride, 16), {open_share}, seed += 20);
        check_case({1, map[0], map[1], 12}, bottleneck(48, stride, 16), {open_share}, seed += 20);
      }
    }
  }
}

TEST_CASE("blocks with gates in groups equal the masked computation for every number of channels") {
  uint32_t seed = 31000;
  for (const int32_t in_channels : {1, 3, 16, 33, 64}) {
    // Groups of whole vectors and others.
    for (const auto& [channels, group] : {std::pair{16, 16}, {32, 16}, {64, 32}, {96, 48}, {8, 8}, {24, 8}, {15, 5}}) {
      check_case({3, 5, 6, in_channels}, basic(channels, 1, group), {0.5f}, seed += 20);
      check_case({3, 5, 6, in_channels}, basic(channels, 2, group), {0.5f}, seed += 20);
      check_case({3, 5, 6, in_channels}, bottleneck(channels, 1, group), {0.5f, 0.6f}, seed += 20);
    }
  }
}

TEST_CASE("blocks with gates in groups equal the masked computation in tiles of every size, few and many of them") {
  uint32_t seed = 32000;
  const int32_t maps[][2] = {{2, 14}, {9, 9}, {12, 15}, {8, 8}, {5, 31}, {4, 4}};
  for (const auto& map : maps) {
    for (const int32_t batch : {1, 10}) {
      check_case({batch, map[0], map[1], 32}, basic(64, 1, 16), {0.4f}, seed += 20);
    }
  }
  // Blocks of inputs that the last one does not fill, and weights in pieces for many images at once.
  check_case({12, 5, 5, 48}, basic(80, 1, 16), {0.4f}, seed += 20);
  check_case({8, 4, 4, 144}, basic(256, 1, 16), {0.3f}, seed += 20);
  check_case({8, 7, 7, 144}, basic(256, 2, 16), {0.3f}, seed += 20);
}

TEST_CASE("a mask that opens parts of groups is computed all the same") {
  uint32_t seed = 33000;
  for (const int32_t batch : {1, 6}) {
    for (const Table& table : {basic(64, 1, 16), basic(64, 2, 32), bottleneck(32, 1, 16)}) {
      for (const int32_t side : {5, 8, 17}) {
        // With many images of 8x8 pixels tiles of different images share weights.
        Case made = make_case({side == 8 ? 4 * batch : batch, side, side, 32}, table, {0.5f}, seed += 20);
        for (LayerValues& layer : made.layers) {
          if (!layer.mask.empty()) layer.mask = random_mask(static_cast<int64_t>(layer.mask.size()), 1, 0.3f, ++seed);
        }
        CHECK(relative_error(gated(made, 2), masked_block(made)) < 1e-5);
      }
    }
  }
}

// The same case with the masks of all images but the last inverted.
static Case with_other_neighbours(Case a) {
  for (LayerValues& layer : a.layers) {
    const size_t image = layer.mask.size() / static_cast<size_t>(a.shape.batch);
    for (size_t at = 0; at + image < layer.mask.size(); ++at) layer.mask[at] = 1.0f - layer.mask[at];
  }
  return a;
}

TEST_CASE("the bits depend neither on the thread count nor on the masks of other images") {
  uint32_t seed = 34000;
  const ImageSizes sizes[] = {{5, 17, 13, 20}, {3, 17, 17, 32}, {9, 8, 8, 64}, {30, 4, 4, 64}};
  for (const ImageSizes& x : sizes) {
    for (const int32_t group : {1, 16}) {
      for (const Table& table : {basic(96, 1, group), basic(64, 2, group), bottleneck(64, 1, group)}) {
        const Case made = make_case(x, table, {0.4f, 0.5f}, seed += 20);
        const std::vector<float> one = gated(made, 1);
        for (const int threads : more_threads()) {
          const std::vector<float> several = gated(made, threads);
          CHECK(std::memcmp(one.data(), several.data(), one.size() * sizeof(float)) == 0);
        }
        const std::vector<float> other = gated(with_other_neighbours(made), 2);
        const size_t image = one.size() / static_cast<size_t>(x.batch), last = one.size() - image;
        CHECK(std::memcmp(one.data() + last, other.data() + last, image * sizeof(float)) == 0);
      }
    }
  }
}

TEST_CASE("odd numbers of tiles, and of vectors of channels, stay within the memory of several images") {
  uint32_t seed = 35000;
  // Nine tiles of four images at a time, or of two; 25 tiles of two.
  for (const ImageSizes& x : {ImageSizes{4, 9, 9, 80}, {2, 20, 20, 80}, {2, 9, 9, 272}}) {
    for (const int32_t group : {1, 16}) {
      const Case made = make_case(x, basic(x.in_channels, 1, group), {1.0f}, seed += 20);
      const std::vector<float> one = gated(made, 1);
      CHECK(relative_error(one, masked_block(made)) < 1e-5);
      for (const int threads : more_threads()) {
        const std::vector<float> several = gated(made, threads);
        CHECK(std::memcmp(one.data(), several.data(), one.size() * sizeof(float)) == 0);
      }
    }
  }
}

TEST_CASE("a closed channel is 0 whatever its sums are, in parts of groups and in images computed in full") {
  for (const int32_t group : {1, 16}) {
    for (const int32_t stride : {1, 2}) {
      Case made = make_case({6, 17, 13, 32}, basic(32, stride, group), {1.0f}, 36000);
      for (size_t image = 0; image < 6; ++image) made.layers[0].mask[image * 32 + 5] = 0.0f;
      const std::vector<double> expected = masked_block(made);
      std::fill_n(made.layers[0].weights.begin() + 5 * 9 * 32, 9 * 32, nan_value);
      CHECK(relative_error(gated(made, 2), expected) < 1e-5);
    }
  }
}
