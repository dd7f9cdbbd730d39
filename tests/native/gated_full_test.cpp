// Images whose masks open most channels, which may be computed in full.
#include "gated_case.h"

using namespace sluice_test;

// A case whose first image opens nothing, the last one everything, and the others open more and more.
static Case graded_case(const ImageSizes& x, const Table& table, uint32_t seed) {
  Case made = make_case(x, table, {0.5f}, seed);
  std::vector<float>& mask = made.layers[0].mask;
  mask.clear();
  for (int32_t image = 0; image < x.batch; ++image) {
    const float share = x.batch == 1 ? 1.0f : static_cast<float>(image) / static_cast<float>(x.batch - 1);
    for (const float bit : random_mask(table[0].outputs, table[0].group, share, ++seed)) mask.push_back(bit);
  }
  return made;
}

static int32_t full_from(const Case& a) {
  Context context(1);
  int32_t open = -1;
  REQUIRE(sl_gated_full_from(context, &a.shape, a.table.data(), &open) == SL_OK);
  return open;
}

TEST_CASE("images that open few and many channels equal the masked computation in one batch") {
  uint32_t seed = 40000;
  const int32_t maps[][2] = {{5, 31}, {12, 15}, {17, 17}};
  for (const auto& map : maps) {
    for (const int32_t channels : {16, 32, 48}) {
      for (const int32_t batch : {1, 7}) {
        CAPTURE(map[0]);
        CAPTURE(channels);
        CAPTURE(batch);
        const Case made = graded_case({batch, map[0], map[1], 32}, basic(channels), seed += 40);
        CHECK(relative_error(gated(made, 2), masked_block(made)) < 1e-5);
        const Case strided = graded_case({batch, map[0], map[1], 20}, basic(channels, 2), seed += 40);
        CHECK(relative_error(gated(strided, 2), masked_block(strided)) < 1e-5);
        const Case grouped = graded_case({batch, map[0], map[1], 16}, basic(channels, 1, 16), seed += 40);
        CHECK(relative_error(gated(grouped, 2), masked_block(grouped)) < 1e-5);
      }
    }
  }
}

TEST_CASE("an image has the same bits whatever the other images open, of few channels and of most") {
  for (const auto& [channels, stride] : {std::pair{16, 1}, {32, 1}, {64, 1}, {64, 2}}) {
    CAPTURE(channels);
    CAPTURE(stride);
    const Case graded = graded_case({12, 17, 13, 32}, basic(channels, stride), 41000);
    const std::vector<float> y = gated(graded, 2);
    for (const int threads : {1, 3, 16}) {
      const std::vector<float> again = gated(graded, threads);
      CHECK(std::memcmp(again.data(), y.data(), y.size() * sizeof(float)) == 0);
    }
    // The masks of images 4 to 8 stay, those of the others are inverted.
    Case other = graded;
    std::vector<float>& mask = other.layers[0].mask;
    for (int64_t at = 0; at < int64_t{12} * channels; ++at) {
      if (at / channels < 4 || at / channels > 8) mask[at] = 1.0f - mask[at];
    }
    const std::vector<float> changed = gated(other, 2);
    const size_t image = y.size() / 12;
    CHECK(std::memcmp(changed.data() + 4 * image, y.data() + 4 * image, 5 * image * sizeof(float)) == 0);
  }
}

TEST_CASE("from how many open channels on an image is computed in full depends on shape and table alone") {
  const Case block = graded_case({9, 17, 17, 32}, basic(32), 42000);
  const int32_t from = full_from(block);
  CHECK((from == 21 || from == 33));  // with AVX-512, and without
  CHECK(full_from(make_case({9, 17, 17, 32}, basic(32, 2), {0.5f}, 42050)) == from);
  Case closed = block;
  std::fill(closed.layers[0].mask.begin(), closed.layers[0].mask.end(), 0.0f);
  CHECK(full_from(closed) == from);
  CHECK(full_from(make_case({9, 17, 17, 32}, bottleneck(32), {0.5f}, 42100)) == 33);
  const sl_gated_shape empty{0, 17, 17, 32, 2, SL_F32};
  const Table table = basic(32);
  Context context(1);
  int32_t open = -1;
  CHECK(sl_gated_full_from(context, &empty, table.data(), &open) == SL_OK);
  CHECK(open == 33);
  CHECK(sl_gated_full_from(context, &empty, table.data(), nullptr) == SL_ERROR_INVALID_ARGUMENT);
  const Table unsupported(4, {3, 1, 1, 32, 1});
  const sl_gated_shape four{1, 17, 17, 32, 4, SL_F32};
  CHECK(sl_gated_full_from(context, &four, unsupported.data(), &open) != SL_OK);
}
