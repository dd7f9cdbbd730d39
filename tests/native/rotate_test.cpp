// Rotation by quarter turns, against one quarter turn at a time.
#include "helpers.h"

using namespace sluice_test;

namespace {

const int32_t bad = SL_ERROR_INVALID_ARGUMENT;

// One image [side, side, channels] after a quarter turn counter-clockwise: its last column becomes its first row.
template <typename T>
std::vector<T> quarter_turn(const std::vector<T>& image, size_t side, size_t channels) {
  std::vector<T> turned(image.size());
  for (size_t y = 0; y < side; ++y) {
    for (size_t x = 0; x < side; ++x) {
      for (size_t c = 0; c < channels; ++c) {
        turned[((side - 1 - x) * side + y) * channels + c] = image[(y * side + x) * channels + c];
      }
    }
  }
  return turned;
}

template <typename T>
void check_rotations(int32_t dtype, size_t side, size_t channels) {
  CAPTURE(dtype);
  CAPTURE(side);
  CAPTURE(channels);
  const Context context;
  const std::vector<int32_t> turns = {0, 1, 2, 3, 4, -1, 2};
  const std::vector<int> quarters = {0, 1, 2, 3, 0, 3, 2};
  const size_t size = side * side * channels;
  std::vector<T> images(turns.size() * size), expected;
  for (size_t i = 0; i < images.size(); ++i) images[i] = static_cast<T>(1 + i % 251);
  for (size_t n = 0; n < turns.size(); ++n) {
    std::vector<T> image(images.begin() + static_cast<std::ptrdiff_t>(n * size),
                         images.begin() + static_cast<std::ptrdiff_t>((n + 1) * size));
    for (int quarter = 0; quarter < quarters[n]; ++quarter) image = quarter_turn(image, side, channels);
    expected.insert(expected.end(), image.begin(), image.end());
  }
  const Buffer<T> x(context, images), y(context, static_cast<int64_t>(images.size()));
  const Buffer<int32_t> t(context, turns);
  REQUIRE(sl_rotate(context, dtype, static_cast<int64_t>(turns.size()), static_cast<int64_t>(side),
                    static_cast<int64_t>(channels), x, t, y) == SL_OK);
  CHECK(y.get() == expected);
}

}  // namespace

TEST_CASE("sl_rotate turns each image by its own number of quarters, modulo 4, for every element type") {
  for (const size_t side : {1, 2, 5, 32, 97}) {
    for (const size_t channels : {1, 3}) {
      check_rotations<float>(SL_F32, side, channels);
      check_rotations<uint16_t>(SL_BF16, side, channels);
      check_rotations<uint8_t>(SL_U8, side, channels);
      check_rotations<int32_t>(SL_I32, side, channels);
    }
  }
}

TEST_CASE("sl_rotate refuses wrong arguments and accepts empty ones") {
  const Context context;
  const Buffer<float> x(context, 12), y(context, 12);
  const Buffer<int32_t> turns(context, {1});
  CHECK(sl_rotate(nullptr, SL_F32, 1, 2, 3, x, turns, y) == bad);
  CHECK(sl_rotate(context, 9, 1, 2, 3, x, turns, y) == bad);
  CHECK(sl_rotate(context, SL_F32, -1, 2, 3, x, turns, y) == bad);
  CHECK(sl_rotate(context, SL_F32, 1, 2, 3, x, nullptr, y) == bad);
  CHECK(sl_rotate(context, SL_F32, 1, 2, 3, nullptr, turns, y) == bad);
  CHECK(sl_rotate(context, SL_F32, 1, 2, 3, x, turns, x) == bad);
  CHECK(last_error_mentions("sl_rotate"));
  CHECK(sl_rotate(context, SL_F32, 0, 2, 3, nullptr, nullptr, nullptr) == SL_OK);
  CHECK(sl_rotate(context, SL_F32, 1, 0, 3, nullptr, nullptr, nullptr) == SL_OK);
}
