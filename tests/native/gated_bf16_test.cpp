// Gated blocks whose maps are bf16, against the masked computation in plain double loops.
#include "gated_case.h"

using namespace sluice_test;

namespace {

// Whether this library computes the case, or says that it has no kernels for it.
bool is_supported(const Case& made) {
  Context context(1);
  int32_t supported = -1;
  REQUIRE(sl_gated_supports(context, &made.shape, made.table.data(), &supported) == SL_OK);
  return supported == 1;
}

// Whether kernels of the CPU library may use bf16's instructions.
bool multiplies_bf16() { return on_cpu() && (device_is("avx512_core_bf16") || device_is("avx512_core_amx")); }

// Roundings of bf16, each at most 2^-9 of its value: of Winograd's tiles of both operands, of the hidden map and of the
// result. The largest value is several times the typical one, which leaves room for sums of errors.
constexpr double most_error = 0x1p-6;

void check_bf16(const ImageSizes& x, const Table& table, const std::vector<float>& open_shares, uint32_t seed) {
  CAPTURE(x.batch);
  CAPTURE(x.height);
  CAPTURE(x.width);
  CAPTURE(x.in_channels);
  CAPTURE(table.size());
  CAPTURE(table[0].outputs);
  CAPTURE(table[0].group);
  CAPTURE(table[0].stride);
  CAPTURE(table.back().outputs);
  CAPTURE(open_shares[0]);
  const Case made = in_bf16(make_case(x, table, open_shares, seed));
  if (is_supported(made)) CHECK(relative_error(gated(made, 2), masked_block(made)) < most_error);
}

Table block(int32_t channels, int32_t stride, int32_t group, int32_t outputs) {
  return {{3, stride, 1, channels, group}, {3, 1, 1, outputs, 0}};
}

// A case in bf16 whose image i opens i / (batch - 1) of the channels of every mask, more or less.
Case graded_case(const ImageSizes& x, const Table& table, uint32_t seed) {
  Case made = in_bf16(make_case(x, table, {0.5f}, seed));
  for (size_t index = 0; index < table.size(); ++index) {
    std::vector<float>& mask = made.layers[index].mask;
    if (mask.empty()) continue;
    mask.clear();
    for (int32_t image = 0; image < x.batch; ++image) {
      const float share = static_cast<float>(image) / static_cast<float>(x.batch - 1);
      for (const float bit : random_mask(table[index].outputs, table[index].group, share, ++seed)) mask.push_back(bit);
    }
  }
  return made;
}

}  // namespace

TEST_CASE("blocks in bf16 equal the masked computation at every map size, stride, share and number of channels") {
  uint32_t seed = 40000;
  const int32_t maps[][2] = {{1, 1}, {1, 7}, {2, 2}, {3, 3}, {4, 4}, {5, 5}, {8, 13}, {17, 17}};
  const float open_shares[] = {0.0f, 0.2f, 0.6f, 1.0f, 0.4f};
  size_t next = 0;
  for (const auto& map : maps) {
    for (const int32_t stride : {1, 2, 3}) {
      for (const int32_t group : {1, 16}) {
        const float open_share = open_shares[next++ % std::size(open_shares)];
        check_bf16({2, map[0], map[1], 32}, block(48, stride, group, 32), {open_share}, seed += 20);
        check_bf16({2, map[0], map[1], 32}, bottleneck(32, stride, group), {open_share, 0.5f}, seed += 20);
      }
    }
  }
  for (const int32_t in_channels : {16, 48, 64}) {
    for (const auto& [channels, group] : {std::pair{16, 16}, {32, 16}, {64, 32}, {96, 48}, {32, 1}, {48, 8}}) {
      for (const int32_t outputs : {16, 32, 96})
        check_bf16({3, 6, 5, in_channels}, block(channels, 1, group, outputs), {0.5f}, seed += 20);
      if (channels <= 48) check_bf16({3, 6, 5, in_channels}, bottleneck(channels, 1, group), {0.5f, 0.3f}, seed += 20);
    }
  }
  // A convolution between two masks that reads more channels than any other.
  check_bf16({2, 5, 5, 16}, {{1, 1, 0, 64, 16}, {3, 2, 1, 16, 16}, {1, 1, 0, 32, 0}}, {0.6f}, seed += 20);
  // Many images of few tiles, whose weights they share, and of many.
  for (const int32_t group : {1, 16}) {
    check_bf16({12, 4, 4, 64}, block(128, 1, group, 64), {0.4f}, seed += 20);
    check_bf16({9, 12, 12, 64}, block(64, 1, group, 64), {0.4f}, seed += 20);
    check_bf16({12, 4, 4, 64}, bottleneck(128, 1, group), {0.4f}, seed += 20);
    check_bf16({9, 12, 12, 64}, bottleneck(64, 1, group), {0.4f}, seed += 20);
  }
}

TEST_CASE("in bf16 neither threads nor other images change an image's bits, and closed channels are 0") {
  uint32_t seed = 41000;
  for (const ImageSizes& x : {ImageSizes{5, 17, 13, 32}, {9, 8, 8, 64}, {30, 4, 4, 64}}) {
    for (const Table& table : {block(64, 1, 16, 32), block(64, 2, 16, 32), block(64, 1, 1, 32), block(64, 2, 1, 32),
                               bottleneck(64, 1, 16), bottleneck(32, 2, 16), bottleneck(64, 1, 1)}) {
      Case made = graded_case(x, table, seed += 200);
      if (!is_supported(made)) continue;
      // A part of a group.
      made.layers[0].mask[0] = 1.0f;
      made.layers[0].mask[5] = 0.0f;
      const std::vector<float> one = gated(made, 1);
      CHECK(relative_error(one, masked_block(made)) < most_error);
      for (const int threads : more_threads()) {
        const std::vector<float> several = gated(made, threads);
        CHECK(std::memcmp(one.data(), several.data(), one.size() * sizeof(float)) == 0);
      }
      const int64_t last = x.batch - 1;
      Case alone = in_bf16(image_of(made, last));
      const std::vector<float> single = gated(alone, 2);
      CHECK(std::memcmp(one.data() + last * static_cast<int64_t>(single.size()), single.data(),
                        single.size() * sizeof(float)) == 0);
    }
  }
}

TEST_CASE("in bf16 an image has the same bits whatever the other images open") {
  for (const Table& table : {block(64, 1, 16, 32), block(64, 1, 1, 32), bottleneck(64, 1, 16), bottleneck(64, 2, 1)}) {
    const Case graded = graded_case({12, 9, 8, 32}, table, 41800);
    if (!is_supported(graded)) continue;
    const std::vector<float> y = gated(graded, 2);
    // The masks of images 4 to 8 stay, those of the others are inverted.
    Case other = graded;
    for (size_t index = 0; index < table.size(); ++index) {
      std::vector<float>& mask = other.layers[index].mask;
      for (size_t at = 0; at < mask.size(); ++at) {
        const size_t image = at / static_cast<size_t>(table[index].outputs);
        if (image < 4 || image > 8) mask[at] = 1.0f - mask[at];
      }
    }
    const std::vector<float> changed = gated(other, 2);
    const size_t image = y.size() / 12;
    CHECK(std::memcmp(changed.data() + 4 * image, y.data() + 4 * image, 5 * image * sizeof(float)) == 0);
  }
}

TEST_CASE("in bf16 images are computed in full only if masks open single channels") {
  const auto full_from = [](const Table& table) {
    const Case made = in_bf16(make_case({2, 5, 5, 32}, table, {0.5f}, 41900));
    if (!is_supported(made)) return 0;
    Context context(1);
    int32_t open = -1;
    REQUIRE(sl_gated_full_from(context, &made.shape, made.table.data(), &open) == SL_OK);
    return open;
  };
  const bool supported = multiplies_bf16();
  CHECK(full_from(block(64, 1, 1, 32)) == (supported ? 24 : 0));
  CHECK(full_from(block(64, 1, 8, 32)) == (supported ? 24 : 0));
  CHECK(full_from(block(64, 1, 32, 32)) == (supported ? 65 : 0));
  CHECK(full_from(bottleneck(64, 1, 16)) == (supported ? 65 : 0));
}

TEST_CASE("in bf16 only blocks whose inputs and outputs are whole vectors of channels are supported") {
  const auto supports = [](int32_t in_channels, const Table& table) {
    return is_supported(in_bf16(make_case({1, 5, 5, in_channels}, table, {0.5f}, 42000)));
  };
  CHECK_FALSE(supports(12, basic(32, 1, 16)));
  CHECK_FALSE(supports(16, block(32, 1, 16, 24)));
  CHECK_FALSE(supports(16, block(24, 1, 1, 32)));
  CHECK_FALSE(supports(16, bottleneck(40, 1, 8)));
  CHECK(supports(16, basic(32, 1, 1)) == multiplies_bf16());
  CHECK(supports(16, basic(32, 1, 8)) == multiplies_bf16());
  CHECK(supports(16, block(32, 2, 32, 16)) == multiplies_bf16());
  CHECK(supports(16, bottleneck(32, 1, 16)) == multiplies_bf16());
  CHECK(supports(16, bottleneck(32, 2, 1)) == multiplies_bf16());
  const Case made = in_bf16(make_case({1, 5, 5, 12}, basic(32), {0.5f}, 42100));
  Context context(1);
  int64_t bytes = 0;
  CHECK(sl_gated_packed_bytes(context, &made.shape, made.table.data(), 0, &bytes) == SL_ERROR_UNSUPPORTED);
}
