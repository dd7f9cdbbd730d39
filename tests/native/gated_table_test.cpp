// The tables of gated convolutions: which are computed, which are empty, which are refused.
#include "gated_case.h"

using namespace sluice_test;

static int32_t supports(sl_context* context, const Table& table) {
  const sl_gated_shape shape{1, 5, 5, 4, static_cast<int32_t>(table.size()), SL_F32};
  int32_t supported = -1;
  REQUIRE(sl_gated_supports(context, &shape, table.data(), &supported) == SL_OK);
  return supported;
}

TEST_CASE("basic blocks and bottlenecks are supported, whatever their channels and stride") {
  Context context(1);
  for (const int32_t channels : {0, 1, 7, 64}) {
    for (const int32_t stride : {1, 2, 3}) {
      CHECK(supports(context, basic(channels, stride)) == 1);
      CHECK(supports(context, bottleneck(channels, stride)) == 1);
    }
  }
}

TEST_CASE("a table is either computed as the masked computation or refused as unsupported") {
  const Table tables[] = {
      {{3, 1, 1, 8, 1}, {3, 1, 1, 8, 1}, {1, 1, 0, 8, 0}},                   // another order of kernels
      {{3, 2, 1, 8, 1}, {3, 2, 1, 8, 1}, {1, 1, 0, 12, 0}},                  // with strides
      {{1, 1, 0, 8, 1}, {1, 1, 0, 8, 0}},                                    // of 1x1 alone
      {{3, 1, 1, 8, 1}, {3, 1, 1, 8, 1}, {3, 1, 1, 8, 1}, {3, 1, 1, 8, 0}},  // four convolutions
      {{3, 1, 1, 8, 0}},                                                     // one convolution
      {{3, 1, 1, 8, 0}, {3, 1, 1, 8, 0}},                                    // without a mask
      {{1, 1, 0, 8, 1}, {3, 1, 1, 8, 0}, {1, 1, 0, 8, 0}},                   // with one mask
      {{5, 1, 2, 8, 1}, {3, 1, 1, 8, 0}},                                    // a kernel of 5x5
      {{3, 1, 0, 8, 1}, {3, 1, 1, 8, 0}},                                    // without padding
      {{3, 1, 1, 8, 1}, {3, 2, 1, 8, 0}},                                    // the stride in the last
      {{1, 2, 0, 8, 1}, {3, 1, 1, 8, 1}, {1, 1, 0, 8, 0}},                   // the stride in the first 1x1
      {{3, 1, 1, 8, 1}, {3, 1, 1, 12, 0}},                                   // more outputs than hidden channels
      {{1, 1, 0, 8, 1}, {3, 1, 1, 12, 1}, {1, 1, 0, 8, 0}},                  // two numbers of hidden channels
  };
  uint32_t seed = 100;
  for (const Table& table : tables) {
    CAPTURE(&table - tables);
    Context context(2);
    const Case made = make_case({3, 7, 6, 4}, table, {0.5f, 0.6f}, seed += 20);
    if (supports(context, table) == 1) {
      CHECK(relative_error(gated(made, 2), masked_block(made)) < 1e-5);
      continue;
    }
    const Buffer<float> buffer(context, 4096), y(context, std::vector<float>(4096, 7.0f));
    const std::vector<uint64_t> addresses(table.size() * SL_GATED_COLUMNS, reinterpret_cast<uint64_t>(buffer.data()));
    int64_t bytes = -1;
    CHECK(sl_gated_packed_bytes(context, &made.shape, table.data(), 0, &bytes) == SL_ERROR_UNSUPPORTED);
    CHECK(sl_gated_pack(context, &made.shape, table.data(), 0, buffer, y) == SL_ERROR_UNSUPPORTED);
    CHECK(sl_gated_forward(context, &made.shape, table.data(), SL_F32, addresses.data(), buffer, buffer, y, nullptr) ==
          SL_ERROR_UNSUPPORTED);
    CHECK(last_error_mentions("sl_gated_supports"));
    CHECK(bytes == -1);
    for (const float value : y.get()) CHECK(value == 7.0f);
  }
}

TEST_CASE("a gated block of no elements is a no-op") {
  Context context(1);
  for (const bool is_basic : {true, false}) {
    const auto table_of = [&](int32_t channels) { return is_basic ? basic(channels) : bottleneck(channels); };
    const struct {
      ImageSizes x;
      Table table;
    } empty[] = {{{0, 5, 5, 4}, table_of(4)},
                 {{1, 0, 5, 4}, table_of(4)},
                 {{1, 5, 0, 4}, table_of(4)},
                 {{1, 5, 5, 4}, table_of(0)}};
    for (const auto& [x, table] : empty) {
      const sl_gated_shape shape{x.batch, x.height, x.width, x.in_channels, static_cast<int32_t>(table.size()), SL_F32};
      CHECK(sl_gated_forward(context, &shape, table.data(), SL_F32, nullptr, nullptr, nullptr, nullptr, nullptr) ==
            SL_OK);
      int64_t bytes = -1;
      CHECK(sl_gated_packed_bytes(context, &shape, table.data(), 0, &bytes) == SL_OK);
      CHECK(bytes == 0);
      CHECK(sl_gated_pack(context, &shape, table.data(), 1, nullptr, nullptr) == SL_OK);
    }
  }
}

TEST_CASE("missing operands of a gated forward are refused and nothing is written") {
  Context context(1);
  const Buffer<float> buffer(context, std::vector<float>(400, 0.5f)), y(context, std::vector<float>(400, 7.0f));
  const uint64_t address = reinterpret_cast<uint64_t>(buffer.data());
  for (const Table& table : {basic(4), bottleneck(4)}) {
    const sl_gated_shape shape{1, 5, 5, 4, static_cast<int32_t>(table.size()), SL_F32};
    std::vector<uint64_t> addresses(table.size() * SL_GATED_COLUMNS, address);
    addresses[(table.size() - 1) * SL_GATED_COLUMNS + SL_GATED_MASK] = 0;
    const auto call = [&](const uint64_t* operands, const float* x, const float* residual, float* to) {
      return sl_gated_forward(context, &shape, table.data(), SL_F32, operands, x, residual, to, nullptr);
    };
    CHECK(call(nullptr, buffer, buffer, y) == SL_ERROR_INVALID_ARGUMENT);
    CHECK(call(addresses.data(), nullptr, buffer, y) == SL_ERROR_INVALID_ARGUMENT);
    CHECK(call(addresses.data(), buffer, nullptr, y) == SL_ERROR_INVALID_ARGUMENT);
    CHECK(call(addresses.data(), buffer, buffer, nullptr) == SL_ERROR_INVALID_ARGUMENT);
    // A missing address, or the mask of a convolution that is not masked.
    for (uint64_t& operand : addresses) {
      const uint64_t before = operand;
      operand = before == 0 ? address : 0;
      CHECK(call(addresses.data(), buffer, buffer, y) == SL_ERROR_INVALID_ARGUMENT);
      CHECK(last_error_mentions("sl_gated_forward"));
      CHECK(last_error_mentions("[1,5,5,4]"));
      operand = before;
    }
  }
  for (const float value : y.get()) CHECK(value == 7.0f);
}

TEST_CASE("bad shapes and tables are refused and nothing is written") {
  Context context(1);
  const Buffer<float> buffer(context, std::vector<float>(400, 0.5f)), y(context, std::vector<float>(400, 7.0f));
  std::vector<uint64_t> addresses(9 * SL_GATED_COLUMNS, reinterpret_cast<uint64_t>(buffer.data()));
  const sl_gated_shape good{1, 5, 5, 4, 2, SL_F32};
  const Table nine(9, {3, 1, 1, 4, 1});
  const struct {
    sl_gated_shape shape;
    Table table;
  } bad[] = {{{-1, 5, 5, 4, 2, SL_F32}, basic(4)},
             {{1, -5, 5, 4, 2, SL_F32}, basic(4)},
             {{1, 5, -5, 4, 2, SL_F32}, basic(4)},
             {{1, 5, 5, -4, 2, SL_F32}, basic(4)},
             {{1, 5, 5, 4, 0, SL_F32}, basic(4)},
             {{1, 5, 5, 4, -1, SL_F32}, basic(4)},
             {{1, 5, 5, 4, SL_GATED_MOST_CONVOLUTIONS + 1, SL_F32}, nine},
             {{1, 5, 5, 4, 2, SL_U8}, basic(4)},
             {good, basic(-4)},
             {good, basic(4, 0)},
             {good, basic(4, -2)},
             {good, {{0, 1, 1, 4, 1}, {3, 1, 1, 4, 0}}},
             {good, {{3, 1, -1, 4, 1}, {3, 1, 1, 4, 0}}},
             {good, {{3, 1, 1, 4, 3}, {3, 1, 1, 4, 0}}},   // 3 does not divide 4
             {good, {{3, 1, 1, 4, 1}, {3, 1, 1, 4, 1}}},   // a mask behind the residual
             {good, {{9, 1, 1, 4, 1}, {3, 1, 1, 4, 0}}}};  // larger than the map
  int64_t bytes = -1;
  int32_t supported = -1;
  for (const auto& [shape, table] : bad) {
    const sl_gated_convolution* const rows = table.data();
    CHECK(sl_gated_supports(context, &shape, rows, &supported) == SL_ERROR_INVALID_ARGUMENT);
    CHECK(sl_gated_packed_bytes(context, &shape, rows, 0, &bytes) == SL_ERROR_INVALID_ARGUMENT);
    CHECK(sl_gated_pack(context, &shape, rows, 0, buffer, y) == SL_ERROR_INVALID_ARGUMENT);
    CHECK(sl_gated_forward(context, &shape, rows, SL_F32, addresses.data(), buffer, buffer, y, nullptr) ==
          SL_ERROR_INVALID_ARGUMENT);
  }
  const Table table = basic(4);
  const sl_gated_convolution* const rows = table.data();
  for (const int32_t index : {-1, 2}) {
    CHECK(sl_gated_packed_bytes(context, &good, rows, index, &bytes) == SL_ERROR_INVALID_ARGUMENT);
    CHECK(sl_gated_pack(context, &good, rows, index, buffer, y) == SL_ERROR_INVALID_ARGUMENT);
  }
  CHECK(sl_gated_supports(nullptr, &good, rows, &supported) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_supports(context, nullptr, rows, &supported) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_supports(context, &good, nullptr, &supported) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_supports(context, &good, rows, nullptr) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_packed_bytes(nullptr, &good, rows, 0, &bytes) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_packed_bytes(context, &good, rows, 0, nullptr) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_pack(context, &good, rows, 0, nullptr, y) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_pack(context, &good, rows, 1, buffer, nullptr) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_pack(nullptr, &good, rows, 0, buffer, y) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_gated_forward(nullptr, &good, rows, SL_F32, addresses.data(), buffer, buffer, y, nullptr) ==
        SL_ERROR_INVALID_ARGUMENT);
  CHECK(bytes == -1);
  CHECK(supported == -1);
  for (const float value : y.get()) CHECK(value == 7.0f);
}
