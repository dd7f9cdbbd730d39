// Tests that batch norm refuses wrong arguments.
#include "norm_case.h"

using namespace sluice_test;

TEST_CASE("the norm refuses wrong arguments and accepts empty ones") {
  const Context context;
  const NormCase c(context, {1, 5, 3}, SL_F32, true, false, false);
  const Buffer<float> sums(context, 6), dmask(context, 3);
  const Buffer<uint8_t> signs(context, 15);
  const float *m = c.mean, *r = c.rstd, *g = c.gamma, *b = c.beta;
  void* const x = c.x;
  const int32_t bad = SL_ERROR_INVALID_ARGUMENT;
  CHECK(sl_norm_statistics(context, SL_U8, 5, 3, x, sums) == bad);
  CHECK(sl_norm_statistics(context, SL_F32, -1, 3, x, sums) == bad);
  CHECK(sl_norm_statistics(nullptr, SL_F32, 5, 3, x, sums) == bad);
  CHECK(sl_norm_statistics(context, SL_F32, 5, 3, nullptr, sums) == bad);
  CHECK(sl_norm_apply(context, SL_F32, 1, 5, 3, x, m, r, g, b, x, 1, c.mask, x, nullptr) == bad);
  CHECK(last_error_mentions("mask and residual"));
  CHECK(sl_norm_apply(context, SL_F32, 1, 5, 3, x, m, nullptr, g, b, nullptr, 1, nullptr, x, nullptr) == bad);
  CHECK(sl_norm_backward_statistics(context, SL_F32, 1, 5, 3, x, x, nullptr, m, r, g, b, 1, c.mask, sums, nullptr) ==
        bad);
  CHECK(sl_norm_backward_statistics(context, SL_F32, 1, 5, 3, x, x, signs, m, r, g, b, 1, c.mask, sums, dmask) == bad);
  CHECK(sl_norm_backward_apply(context, SL_F32, 1, 5, 3, 0, c.dy, x, nullptr, m, r, g, b, 1, nullptr, sums, x, nullptr,
                               0) == bad);
  CHECK(sl_norm_backward_apply(context, SL_F32, 1, 5, 3, 5, c.dy, x, nullptr, m, r, g, b, 1, nullptr, sums, x, c.dy,
                               0) == bad);
  const Buffer<float> dresidual(context, 15);
  CHECK(sl_norm_backward_apply(context, SL_F32, 1, 5, 3, 5, c.dy, x, nullptr, m, r, g, b, 1, nullptr, sums, x,
                               dresidual, 0) == bad);
  CHECK(last_error_mentions("signs are null"));
  CHECK(sl_norm_apply(context, SL_F32, 1, 5, 3, x, m, r, g, b, nullptr, 1, nullptr, x, signs) == bad);
  CHECK(last_error_mentions("signs are for relu after a residual"));
  CHECK(sl_norm_apply(context, SL_F32, 1, 5, 3, x, m, r, g, b, x, 0, nullptr, x, signs) == bad);
  CHECK(sl_norm_apply(context, SL_F32, 0, 5, 3, nullptr, m, r, g, b, nullptr, 1, nullptr, nullptr, nullptr) == SL_OK);
  REQUIRE(sl_norm_backward_statistics(context, SL_F32, 0, 5, 3, nullptr, nullptr, nullptr, m, r, g, b, 1, nullptr, sums,
                                      nullptr) == SL_OK);
  CHECK(sums.get() == std::vector<float>(6, 0.0f));
}

TEST_CASE("the norm refuses packed signs of arrays that vectors cannot read") {
  const Context context;
  const NormCase c(context, {1, 4, 16}, SL_F32, true, true, false);
  const Buffer<uint8_t> signs(context, 32);
  const Buffer<float> sums(context, 32), dx(context, 64);
  const float *m = c.mean, *r = c.rstd, *g = c.gamma, *b = c.beta;
  float* const x = static_cast<float*>(static_cast<void*>(c.x));
  const auto apply = [&](const float* in, uint8_t* into) {
    return sl_norm_apply(context, SL_F32, 1, 3, 16, in, m, r, g, b, c.residual, 1, nullptr, dx, into);
  };
  CHECK(apply(x, signs) == SL_OK);
  CHECK(apply(x, signs + 1) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(last_error_mentions("aligned to 2 bytes"));
  CHECK(apply(x + 1, signs) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(last_error_mentions("aligned to 16 bytes"));
  CHECK(sl_norm_backward_statistics(context, SL_F32, 1, 3, 16, c.dy, x + 1, signs, m, r, g, b, 1, nullptr, sums,
                                    nullptr) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_norm_backward_apply(context, SL_F32, 1, 3, 16, 3, c.dy, x + 1, signs, m, r, g, b, 1, nullptr, sums, dx,
                               nullptr, 0) == SL_ERROR_INVALID_ARGUMENT);
}
