// Gated convolutions whose operands may be rounded, and whose sums processors may share.
#include "gated_case.h"

using namespace sluice_test;

TEST_CASE("operands in bf16 or TF32 change a gated block by rounding alone") {
  uint32_t seed = 23000;
  const ImageSizes maps[] = {{1, 1, 1, 1}, {3, 5, 7, 12}, {2, 9, 9, 16}, {20, 2, 2, 33}, {1, 16, 16, 64}};
  for (const ImageSizes& map : maps) {
    for (const Table& table : {basic(7), basic(48), basic(16, 2), bottleneck(20), bottleneck(33, 2)}) {
      for (const float open_share : {0.0f, 0.4f, 1.0f}) {
        const Case made = make_case(map, table, {open_share}, seed += 20);
        const std::vector<double> expected = masked_block(made);
        Context context(1);
        const Operands operands(context, made);
        REQUIRE(operands.forward(context, made, SL_BF16) == SL_OK);
        // Two operands of a product are each off by 2^-9, and errors of one layer pass through those behind it.
        CHECK(relative_error(operands.y.values(), expected) < 0x1p-7);
        if (sl_context_allow_tf32(context, 1) == SL_ERROR_UNSUPPORTED) continue;
        const Operands again(context, made);
        REQUIRE(again.forward(context, made) == SL_OK);
        CHECK(relative_error(again.y.values(), expected) < 0x1p-10);
      }
    }
  }
}

TEST_CASE("a GPU rounds the operands of a gated block only if it may") {
  const Case made = make_case({2, 9, 9, 16}, basic(48), {0.5f}, 24000);
  Context context(1);
  const auto run = [&](int32_t dtype) {
    const Operands operands(context, made);
    REQUIRE(operands.forward(context, made, dtype) == SL_OK);
    return operands.y.values();
  };
  const std::vector<float> exact = run(SL_F32), narrow = run(SL_BF16);
  CHECK((narrow != exact) == !on_cpu());
  const Operands refused(context, made);
  CHECK(refused.forward(context, made, SL_U8) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(last_error_mentions("neither f32 nor bf16"));
  CHECK(run(SL_BF16) == narrow);
  if (on_cpu()) return;
  REQUIRE(sl_context_allow_tf32(context, 1) == SL_OK);
  const std::vector<float> rounded = run(SL_F32);
  CHECK(rounded != exact);
  CHECK(rounded != narrow);
  REQUIRE(sl_context_allow_tf32(context, 0) == SL_OK);
  CHECK(run(SL_F32) == exact);
}

TEST_CASE(
    "blocks of several segments, which processors share if there are few tiles, give the same bits in any batch") {
  uint32_t seed = 25000;
  for (const Table& table : {basic(60), bottleneck(60), basic(120, 2)}) {
    for (const int32_t in_channels : {64, 150, 513}) {
      for (const float open_share : {0.3f, 1.0f}) {
        const Case made = make_case({3, 5, 5, in_channels}, table, {open_share}, seed += 20);
        for (const int32_t dtype : {SL_F32, SL_BF16}) {
          const auto run = [&](const Case& a) {
            Context context(1);
            const Operands operands(context, a);
            REQUIRE(operands.forward(context, a, dtype) == SL_OK);
            return operands.y.values();
          };
          const std::vector<float> together = run(made);
          CHECK(relative_error(together, masked_block(made)) < (dtype == SL_F32 ? 1e-5 : 0x1p-7));
          for (int64_t image = 0; image < 3; ++image) {
            const std::vector<float> alone = run(image_of(made, image));
            CHECK(std::memcmp(together.data() + image * alone.size(), alone.data(), alone.size() * sizeof(float)) == 0);
          }
        }
      }
    }
  }
}
