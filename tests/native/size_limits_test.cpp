// Tests that every call refuses sizes whose products overflow, whichever dimension is too large.
#include "helpers.h"

using namespace sluice_test;

namespace {

constexpr int64_t huge = INT64_MAX, root = int64_t{1} << 32;  // root * root overflows

// Sizes [a, b] and [a, b, c] to refuse: too large by themselves, by their product, or beside a zero.
const std::vector<std::vector<int64_t>> absurd_pairs = {
    {huge, 1}, {1, huge}, {huge, huge}, {root, root}, {int64_t{1} << 24, (int64_t{1} << 24) + 1}, {0, huge}, {huge, 0}};
const std::vector<std::vector<int64_t>> absurd_triples = {
    {huge, 1, 1},    {1, huge, 1}, {1, 1, huge},    {root, root, 1}, {1, root, root},
    {root, 1, root}, {0, 1, huge}, {huge, huge, 0}, {huge, 0, huge}, {1 << 20, 1 << 20, 1 << 20}};

// Whether a call was refused for its sizes, with an error that names the call.
bool refused(const std::string& name, int32_t status) {
  const std::string sentence = sl_last_error();
  return status == SL_ERROR_INVALID_ARGUMENT && sentence.find(name + ":") == 0 &&
         sentence.find("more elements than can be counted") != std::string::npos;
}

struct Case {
  Context context;
  Buffer<float> buffer{context, 64};
  Buffer<int32_t> indices{context, std::vector<int32_t>(64, 0)};
  Buffer<uint8_t> bytes{context, 64};
};

}  // namespace

TEST_CASE("operations on arrays refuse sizes whose product overflows") {
  const Case c;
  float* const b = c.buffer;
  for (const int64_t n : {huge, (int64_t{1} << 48) + 1, int64_t{1} << 62}) {
    CAPTURE(n);
    CHECK(refused("sl_fill", sl_fill(c.context, SL_F32, n, 0.0f, b)));
    CHECK(refused("sl_cast", sl_cast(c.context, SL_F32, SL_F32, n, b, b)));
    CHECK(refused("sl_axpby", sl_axpby(c.context, SL_F32, n, 1.0f, b, 0.0f, b)));
    CHECK(refused("sl_unary", sl_unary(c.context, SL_UNARY_RELU, SL_F32, n, b, b)));
    CHECK(refused("sl_unary_backward", sl_unary_backward(c.context, SL_UNARY_RELU, SL_F32, n, b, b, b, b, 0)));
    CHECK(refused("sl_philox_uniform", sl_philox_uniform(c.context, 0, 0, 0, 0, 0, n, b)));
    CHECK(refused("sl_gate_sample", sl_gate_sample(c.context, n, b, b, b, b, b)));
    CHECK(refused("sl_gate_sample_backward", sl_gate_sample_backward(c.context, n, b, b, b, b, 0)));
    CHECK(refused("sl_gate_threshold", sl_gate_threshold(c.context, n, b, b)));
    CHECK(refused("sl_norm_finalize", sl_norm_finalize(c.context, n, 1, b, 0.1f, 0.1f, b, b, b, b)));
    CHECK(refused("sl_norm_rstd", sl_norm_rstd(c.context, n, b, 0.1f, b)));
    CHECK(refused("sl_norm_fold", sl_norm_fold(c.context, n, b, b, b, b, 0.1f, b, b)));
  }
}

TEST_CASE("operations on matrices refuse sizes whose product overflows") {
  const Case c;
  float* const b = c.buffer;
  int32_t* const i = c.indices;
  for (const auto& size : absurd_pairs) {
    CAPTURE(size);
    const int64_t rows = size[0], columns = size[1];
    CHECK(refused("sl_binary", sl_binary(c.context, SL_BINARY_ADD, SL_BROADCAST_NONE, SL_F32, rows, columns, b, b, b)));
    for (const int32_t axis : {SL_AXIS_ROWS, SL_AXIS_COLUMNS, SL_AXIS_ALL}) {
      CHECK(refused("sl_reduce_sum", sl_reduce_sum(c.context, axis, SL_F32, rows, columns, 1.0f, b, b, 0)));
      CHECK(refused("sl_broadcast", sl_broadcast(c.context, axis, SL_F32, rows, columns, 1.0f, b, b, 0)));
    }
    CHECK(refused("sl_gather_rows", sl_gather_rows(c.context, SL_F32, rows, columns, 1, b, i, b)));
    CHECK(refused("sl_gather_rows", sl_gather_rows(c.context, SL_F32, 1, columns, rows, b, i, b)));
    CHECK(refused("sl_scatter_add_rows", sl_scatter_add_rows(c.context, SL_F32, rows, columns, 1, b, i, b, 0)));
    CHECK(refused("sl_scatter_add_rows", sl_scatter_add_rows(c.context, SL_F32, 1, columns, rows, b, i, b, 0)));
    CHECK(refused("sl_cross_entropy", sl_cross_entropy(c.context, rows, columns, b, i, b, b)));
    CHECK(refused("sl_cross_entropy_backward", sl_cross_entropy_backward(c.context, rows, columns, b, i, b, b, 0)));
    CHECK(refused("sl_norm_statistics", sl_norm_statistics(c.context, SL_F32, rows, columns, b, b)));
    for (int place = 0; place < 3; ++place) {
      int64_t mnk[3] = {1, 1, 1};
      mnk[place] = rows;
      mnk[(place + 1) % 3] = columns;
      CHECK(refused("sl_matmul",
                    sl_matmul(c.context, SL_F32, SL_F32, mnk[0], mnk[1], mnk[2], 0, 0, 1.0f, b, b, 0.0f, b, nullptr)));
    }
    for (int place = 0; place < 4; ++place) {
      // Arrays have the sizes of neighbours in the order batch, input, hidden, output, or of batch and output.
      int64_t sizes[4] = {1, 1, 1, 1};
      sizes[place] = rows;
      sizes[(place + 1) % 4] = columns;
      CHECK(refused("sl_gate_decide", sl_gate_decide(c.context, sizes[0], sizes[1], sizes[2], sizes[3], b, b, b, b, b,
                                                     b, 0.1f, b, nullptr, b)));
    }
  }
  CHECK(refused("sl_topk", sl_topk(c.context, root, INT32_MAX, 1, b, b, i)));
  CHECK(refused("sl_topk", sl_topk(c.context, huge, 0, 1, b, b, i)));
}

TEST_CASE("norms, pools and rotations refuse sizes whose product overflows") {
  const Case c;
  float* const b = c.buffer;
  for (const auto& size : absurd_triples) {
    CAPTURE(size);
    const int64_t n = size[0], pixels = size[1], channels = size[2];
    CHECK(refused("sl_norm_apply", sl_norm_apply(c.context, SL_F32, n, pixels, channels, b, b, b, b, b, nullptr, 0,
                                                 nullptr, b, nullptr)));
    CHECK(refused("sl_norm_backward_statistics",
                  sl_norm_backward_statistics(c.context, SL_F32, n, pixels, channels, b, b, nullptr, b, b, b, b, 0,
                                              nullptr, b, nullptr)));
    CHECK(refused("sl_norm_backward_apply", sl_norm_backward_apply(c.context, SL_F32, n, pixels, channels, 1, b, b,
                                                                   nullptr, b, b, b, b, 0, nullptr, b, b, nullptr, 0)));
    CHECK(refused("sl_rotate", sl_rotate(c.context, SL_F32, n, pixels, channels, b, c.indices, b + 1)));
    CHECK(refused("sl_global_pool_forward", sl_global_pool_forward(c.context, SL_F32, n, pixels, channels, b, b)));
    CHECK(refused("sl_global_pool_backward", sl_global_pool_backward(c.context, SL_F32, n, pixels, channels, b, b, 0)));
    for (const bool first : {true, false}) {
      const int64_t batch = first ? n : 1, height = first ? pixels : n, width = first ? 1 : pixels;
      CHECK(refused("sl_max_pool_forward",
                    sl_max_pool_forward(c.context, SL_F32, batch, height, width, channels, 3, 2, 1, b, b, c.bytes)));
      CHECK(refused("sl_max_pool_backward", sl_max_pool_backward(c.context, SL_F32, batch, height, width, channels, 3,
                                                                 2, 1, b, c.bytes, b, 0)));
    }
  }
}

TEST_CASE("convolutions and gated blocks refuse sizes whose product overflows") {
  const Case c;
  float* const b = c.buffer;
  int64_t bytes = -1;
  constexpr int32_t most = INT32_MAX;
  const auto gated_refused = [&](const sl_gated_shape& shape, const std::vector<sl_gated_convolution>& table) {
    const sl_gated_convolution* const rows = table.data();
    int32_t supported = -1;
    CHECK(refused("sl_gated_supports", sl_gated_supports(c.context, &shape, rows, &supported)));
    CHECK(refused("sl_gated_packed_bytes", sl_gated_packed_bytes(c.context, &shape, rows, 1, &bytes)));
    CHECK(refused("sl_gated_pack", sl_gated_pack(c.context, &shape, rows, 0, b, b)));
    const std::vector<uint64_t> operands(table.size() * SL_GATED_COLUMNS, reinterpret_cast<uint64_t>(b));
    CHECK(refused("sl_gated_forward", sl_gated_forward(c.context, &shape, rows, SL_F32, operands.data(), b, b, b, b)));
    CHECK(supported == -1);
  };
  // Each makes one array too large: the input, the output, the weights of a convolution.
  const struct {
    sl_gated_shape x;
    int32_t channels, stride;
  } gated[] = {{{most, most, 1, 1, 2, SL_F32}, 1, 1},    {{1, most, most, 1, 2, SL_F32}, 1, 1},
               {{1, most, 1, most, 2, SL_F32}, 1, 1},    {{1, 1, 1, most, 2, SL_F32}, most, 1},
               {{1, 1, 1, 1, 2, SL_F32}, most, 1},       {{most, 0, most, 1, 2, SL_F32}, 1, 1},
               {{1, most, 1, 1, 2, SL_F32}, 1 << 18, 1}, {{most, 1, 1, 1, 2, SL_F32}, 1 << 18, most}};
  for (const auto& [x, channels, stride] : gated) {
    gated_refused(x, {{3, stride, 1, channels, 1}, {3, 1, 1, channels, 0}});
    sl_gated_shape three = x;
    three.convolutions = 3;
    gated_refused(three, {{1, 1, 0, channels, 1}, {3, stride, 1, channels, 1}, {1, 1, 0, channels, 0}});
  }
  for (const sl_conv_shape& shape : std::vector<sl_conv_shape>{{most, most, 1, 1, 1, 1, 1, 1, 0, SL_F32},
                                                               {1, 1, 1, most, most, 1, 1, 1, 0, SL_F32},
                                                               {1, 1, 1, 1, 1, most, most, 1, most, SL_F32},
                                                               {1, 1, 1, 1, 1 << 20, 1, 1, 1, 1 << 20, SL_F32},
                                                               {0, most, most, most, 1, 1, 1, 1, 0, SL_F32}}) {
    CHECK(refused("sl_conv_packed_bytes", sl_conv_packed_bytes(c.context, &shape, SL_CONV_FORWARD, &bytes)));
    CHECK(refused("sl_conv_pack", sl_conv_pack(c.context, &shape, SL_CONV_FORWARD, b, b)));
    CHECK(refused("sl_conv_forward", sl_conv_forward(c.context, &shape, b, b, b)));
    CHECK(refused("sl_conv_backward_data", sl_conv_backward_data(c.context, &shape, b, b, b, 0)));
    CHECK(refused("sl_conv_backward_weights", sl_conv_backward_weights(c.context, &shape, b, b, b, 0)));
  }
  CHECK(bytes == -1);
}

TEST_CASE("the largest sizes whose products do not overflow are accepted") {
  const Case c;
  int64_t bytes = 0;
  // The weights of a 3x3 convolution are 9 * 2^16 * 2^16 floats, beyond 32 bits; no packed copy is smaller.
  const sl_gated_convolution basic[] = {{3, 1, 1, 1 << 16, 1}, {3, 1, 1, 1 << 16, 0}};
  const sl_gated_shape two = {1, 1, 1, 1 << 16, 2, SL_F32};
  REQUIRE(sl_gated_packed_bytes(c.context, &two, basic, 0, &bytes) == SL_OK);
  CHECK(bytes >= 36 * (int64_t{1} << 32));
  const sl_gated_convolution bottleneck[] = {{1, 1, 0, 1 << 16, 1}, {3, 1, 1, 1 << 16, 1}, {1, 1, 0, 1 << 18, 0}};
  const sl_gated_shape three = {1, 1, 1, 1 << 18, 3, SL_F32};
  REQUIRE(sl_gated_packed_bytes(c.context, &three, bottleneck, 2, &bytes) == SL_OK);
  CHECK(bytes >= 16 * (int64_t{1} << 32));
  // Empty for any other sizes.
  CHECK(sl_fill(c.context, SL_F32, 0, 0.0f, c.buffer) == SL_OK);
  CHECK(sl_norm_statistics(c.context, SL_F32, int64_t{1} << 48, 0, c.buffer, c.buffer) == SL_OK);
  CHECK(sl_max_pool_forward(c.context, SL_F32, 0, int64_t{1} << 24, int64_t{1} << 24, 1, 3, 2, 1, c.buffer, c.buffer,
                            c.bytes) == SL_OK);
}

TEST_CASE("augmentation and optimisers refuse sizes whose product overflows") {
  const Case c;
  float* const b = c.buffer;
  const float constants[3] = {1, 1, 1};
  const auto augment = [&](int64_t count_in, int64_t height, int64_t width, int64_t count, int64_t out_height,
                           int64_t out_width) {
    return sl_augment(c.context, SL_F32, count_in, height, width, count, out_height, out_width, c.bytes, c.indices, b,
                      constants, constants, b);
  };
  for (const auto& size : absurd_triples) {
    CAPTURE(size);
    CHECK(refused("sl_augment", augment(size[0], size[1], size[2], 1, 1, 1)));
    CHECK(refused("sl_augment", augment(1, 1, 1, size[0], size[1], size[2])));
  }
  // Each image is small enough, but the intermediate image between the two resize passes is not.
  CHECK(refused("sl_augment", augment(1, 1, int64_t{1} << 40, 1, int64_t{1} << 40, 1)));

  const uint64_t address = reinterpret_cast<uint64_t>(b);
  const std::vector<uint64_t> addresses(3, address);
  const std::vector<float> rates(3, 0.1f);
  const std::vector<int32_t> adapt(3, 1);
  for (const std::vector<int64_t>& sizes :
       std::vector<std::vector<int64_t>>{{1, huge, 1}, {huge, huge, huge}, {int64_t{1} << 47, int64_t{1} << 47, 1}}) {
    CAPTURE(sizes);
    CHECK(sl_sgd_step(c.context, 3, addresses.data(), addresses.data(), addresses.data(), sizes.data(), rates.data(),
                      rates.data(), 0.9f) == SL_ERROR_INVALID_ARGUMENT);
    CHECK(last_error_mentions("sl_sgd_step: with tensor"));
    CHECK(sl_lars_step(c.context, 3, addresses.data(), addresses.data(), addresses.data(), sizes.data(), rates.data(),
                       rates.data(), adapt.data(), 0.9f, 0.1f, 1e-8f) == SL_ERROR_INVALID_ARGUMENT);
    CHECK(last_error_mentions("more elements than can be counted"));
  }
}
