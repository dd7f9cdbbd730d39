// Tests that products and convolutions round their operands to TF32 only if that is allowed.
#include "helpers.h"

using namespace sluice_test;

namespace {

constexpr int64_t size = 64;
constexpr double ten_bits = 0x1p-9;  // two operands of ten bits, each rounded by up to half a unit in the last place

std::vector<float> product(sl_context* context) {
  const Buffer<float> a(context, random_values(size * size, 1)), b(context, random_values(size * size, 2)),
      c(context, size * size);
  REQUIRE(sl_matmul(context, SL_F32, SL_F32, size, size, size, 0, 0, 1.0f, a, b, 0.0f, c, nullptr) == SL_OK);
  return c.get();
}

std::vector<float> convolution(sl_context* context) {
  const sl_conv_shape shape{2, 8, 8, 16, 16, 3, 3, 1, 1, SL_F32};
  const Buffer<float> x(context, random_values(2 * 8 * 8 * 16, 3)), weights(context, random_values(16 * 9 * 16, 4)),
      y(context, 2 * 8 * 8 * 16);
  int64_t bytes = 0;
  REQUIRE(sl_conv_packed_bytes(context, &shape, SL_CONV_FORWARD, &bytes) == SL_OK);
  const Buffer<uint8_t> packed(context, bytes);
  REQUIRE(sl_conv_pack(context, &shape, SL_CONV_FORWARD, weights, packed) == SL_OK);
  REQUIRE(sl_conv_forward(context, &shape, x, packed, y) == SL_OK);
  return y.get();
}

}  // namespace

TEST_CASE("f32 is exact unless TF32 is allowed, and exact again when TF32 is switched off") {
  const Context context;
  const std::vector<float> products = product(context), convolved = convolution(context);
  if (sl_context_allow_tf32(context, 1) == SL_ERROR_UNSUPPORTED) {
    CHECK(on_cpu());
    CHECK(last_error_mentions("take f32"));
  } else {
    CHECK(!on_cpu());
    for (const auto& [rounded, exact] :
         {std::pair(product(context), products), std::pair(convolution(context), convolved)}) {
      const double error = relative_error(rounded, exact);
      CHECK(error > 1e-5);
      CHECK(error < ten_bits);
    }
  }
  CHECK(sl_context_allow_tf32(context, 0) == SL_OK);
  CHECK(product(context) == products);
  CHECK(convolution(context) == convolved);
  CHECK(sl_context_allow_tf32(nullptr, 0) == SL_ERROR_INVALID_ARGUMENT);
}
