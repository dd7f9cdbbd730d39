// Tests the products of tiles: their order, rounding and denormals, and that both forms give the same bits.
#include "cpu/conv/tiled_products.h"
#include "helpers.h"

using namespace sluice;
using namespace sluice_test;

namespace {

using Halves = std::vector<uint16_t>;

// One element of the sum of `c` and a product of tiles whose first pairs are given and whose others are 0.
template <typename Tiles>
float product(const Halves& a, const Halves& b, float c) {
  Halves left(tile_elements), right(tile_elements);
  for (size_t i = 0; i < a.size(); ++i) {
    left[i] = a[i];
    right[i / 2 * static_cast<size_t>(tile_depth) + i % 2] = b[i];
  }
  std::vector<float> sums(tile_rows * tile_lanes);
  sums[0] = c;
  Tiles tiles;
  tiles.template load<0>(sums.data(), tile_row_bytes);
  tiles.template load<1>(left.data(), tile_row_bytes);
  tiles.template load<2>(right.data(), tile_row_bytes);
  tiles.template multiply_add<0, 1, 2>();
  tiles.template store<0>(sums.data(), tile_row_bytes);
  return sums[0];
}

template <typename Tiles>
void check_instruction() {
  const uint16_t one = float_to_bf16(1), large = float_to_bf16(0x1p24f), zero = 0;
  // The first members of all pairs are summed in order: 2^24 + 1 is a tie, and rounds to even.
  CHECK(product<Tiles>({large, zero, one, zero, one, zero}, {one, one, one, one, one, one}, 0) == 0x1p24f);
  // The second members have a sum of their own.
  CHECK(product<Tiles>({large, one, zero, one}, {one, one, one, one}, 0) == 0x1p24f + 2);
  // The two sums are added before they meet the tile.
  CHECK(product<Tiles>({large, one}, {one, one}, 1) == 0x1p24f);
  // Products are not rounded.
  CHECK(product<Tiles>({float_to_bf16(1 + 0x1p-7f), one}, {float_to_bf16(1 + 0x1p-7f), float_to_bf16(-1)}, 0) ==
        0x1p-6f + 0x1p-14f);
  // Denormals are 0: of operands, of the tile, of products, of sums.
  CHECK(product<Tiles>({0x0040, zero}, {float_to_bf16(0x1p100f), zero}, 0) == 0);
  CHECK(product<Tiles>({zero, zero}, {zero, zero}, 0x1p-130f) == 0);
  CHECK(product<Tiles>({float_to_bf16(0x1p-100f), zero}, {float_to_bf16(0x1p-30f), zero}, 0) == 0);
  CHECK(product<Tiles>({float_to_bf16(0x1p-126f * 1.5f), float_to_bf16(0x1p-126f)}, {one, float_to_bf16(-1)}, 0) == 0);
  CHECK(product<Tiles>({float_to_bf16(0x1p-126f * 1.5f), zero}, {one, zero}, -0x1p-126f) == 0);
  CHECK(product<Tiles>({float_to_bf16(0x1p-126f), zero}, {one, zero}, 0) == 0x1p-126f);
}

// Operands of `pixels` pixels for two columns each, in the layout of the products.
struct Columns {
  int64_t pixels;
  std::vector<float> w, v;  // [pixel][32]
  Halves w_tiles, v_tiles;

  Columns(int64_t pixels_, float scale)
      : pixels(pixels_), w(random_values(pixels * 32, 1)), v(random_values(pixels * 32, 2)) {
    for (float& value : w) value *= scale;
    for (float& value : v) value *= scale;
    w = from_bf16(to_bf16(w));
    v = from_bf16(to_bf16(v));
    w_tiles.resize(w.size());
    v_tiles.resize(v.size());
    for (int64_t pixel = 0; pixel < pixels; ++pixel)
      for (int64_t channel = 0; channel < 32; ++channel) {
        const int64_t tile = (pixel / 32 * 2 + channel / 16) * tile_elements;
        const size_t from = static_cast<size_t>(pixel * 32 + channel);
        w_tiles[static_cast<size_t>(tile + channel % 16 * 32 + pixel % 32)] = float_to_bf16(w[from]);
        v_tiles[static_cast<size_t>(tile + pixel % 32 / 2 * 32 + channel % 16 * 2 + pixel % 2)] =
            float_to_bf16(v[from]);
      }
  }
};

template <typename Tiles, int Rows, int Wide>
std::vector<float> products(const Columns& operands, const std::vector<float>& sums) {
  std::vector<float> result(sums);
  const int64_t next = 2 * tile_elements;
  Tiles tiles;
  multiply_tiles<Rows, Wide>(tiles, {reinterpret_cast<const bf16*>(operands.w_tiles.data()), next},
                             {reinterpret_cast<const bf16*>(operands.v_tiles.data()), next}, operands.pixels,
                             result.data(), 32);
  return result;
}

template <int Rows, int Wide>
void check_products(const Columns& operands) {
  CAPTURE(Rows);
  CAPTURE(Wide);
  const std::vector<float> sums = random_values(32 * 32, 3);
  const std::vector<float> result = products<PlainTiles, Rows, Wide>(operands, sums);
  for (size_t row = 0; row < 32; ++row)
    for (size_t column = 0; column < 32; ++column) {
      const float was = sums[row * 32 + column], is = result[row * 32 + column];
      if (row >= 16 * Rows || column >= 16 * Wide) {
        CHECK(is == was);
        continue;
      }
      double expected = was, size = std::abs(was);
      for (size_t pixel = 0; pixel < static_cast<size_t>(operands.pixels); ++pixel) {
        const double term = static_cast<double>(operands.w[pixel * 32 + row]) * operands.v[pixel * 32 + column];
        expected += term;
        size += std::abs(term);
      }
      CHECK(std::abs(is - expected) <= 1e-6 * size);
    }
}

}  // namespace

TEST_CASE("a product of plain tiles rounds as TDPBF16PS does, and leaves the thread's mode as it was") {
  const unsigned mode = _mm_getcsr();
  check_instruction<PlainTiles>();
  CHECK(_mm_getcsr() == mode);
}

TEST_CASE("columns of tiles are multiplied one or two at a time, and nothing beside their sums is written") {
  for (const int64_t pixels : {32, 96}) {
    const Columns operands(pixels, 1.0f);
    check_products<1, 1>(operands);
    check_products<1, 2>(operands);
    check_products<2, 1>(operands);
    check_products<2, 2>(operands);
  }
}

TEST_CASE("AMX gives the bits of plain tiles, also near denormals") {
  if (!has_tiles()) {
    MESSAGE("skipped: this processor, or its kernel, has no AMX tiles");
    return;
  }
  check_instruction<AmxTiles>();
  for (const float scale : {1.0f, 0x1p-62f, 0x1p-63f, 0x1p-64f}) {
    const Columns operands(160, scale);
    const std::vector<float> sums(32 * 32);
    CHECK(products<AmxTiles, 1, 1>(operands, sums) == products<PlainTiles, 1, 1>(operands, sums));
    CHECK(products<AmxTiles, 1, 2>(operands, sums) == products<PlainTiles, 1, 2>(operands, sums));
    CHECK(products<AmxTiles, 2, 1>(operands, sums) == products<PlainTiles, 2, 1>(operands, sums));
    CHECK(products<AmxTiles, 2, 2>(operands, sums) == products<PlainTiles, 2, 2>(operands, sums));
  }
}
