// Tests convolution in three directions against plain double loops.
#include <cstdlib>
#include <memory>

#include "helpers.h"

using namespace sluice_test;

namespace {

struct Problem {
  sl_conv_shape shape;
  int64_t out_height, out_width, x_count, weights_count, y_count;

  Problem(const sl_conv_shape& s) : shape(s) {
    out_height = (s.height + 2 * s.padding - s.kernel_height) / s.stride + 1;
    out_width = (s.width + 2 * s.padding - s.kernel_width) / s.stride + 1;
    x_count = int64_t{s.batch} * s.height * s.width * s.in_channels;
    weights_count = int64_t{s.out_channels} * s.kernel_height * s.kernel_width * s.in_channels;
    y_count = s.batch * out_height * out_width * s.out_channels;
  }
};

// Calls body(index of x, index of weights, index of y) for every product of the convolution.
template <typename Body>
void for_each_product(const Problem& p, const Body& body) {
  const sl_conv_shape& s = p.shape;
  for (int64_t n = 0; n < s.batch; ++n)
    for (int64_t oy = 0; oy < p.out_height; ++oy)
      for (int64_t ox = 0; ox < p.out_width; ++ox)
        for (int64_t o = 0; o < s.out_channels; ++o)
          for (int64_t ky = 0; ky < s.kernel_height; ++ky)
            for (int64_t kx = 0; kx < s.kernel_width; ++kx) {
              const int64_t y = oy * s.stride + ky - s.padding, x = ox * s.stride + kx - s.padding;
              if (y < 0 || y >= s.height || x < 0 || x >= s.width) continue;
              for (int64_t i = 0; i < s.in_channels; ++i) {
                body(((n * s.height + y) * s.width + x) * s.in_channels + i,
                     ((o * s.kernel_height + ky) * s.kernel_width + kx) * s.in_channels + i,
                     ((n * p.out_height + oy) * p.out_width + ox) * s.out_channels + o);
              }
            }
}

// The inputs of a problem, rounded to its dtype, and the three expected results in doubles.
struct Reference {
  std::vector<float> x, weights, dy;
  std::vector<double> y, dx, dw;

  explicit Reference(const Problem& p)
      : x(random_values(p.x_count, 1)),
        weights(random_values(p.weights_count, 2)),
        dy(random_values(p.y_count, 3)),
        y(static_cast<size_t>(p.y_count)),
        dx(static_cast<size_t>(p.x_count)),
        dw(static_cast<size_t>(p.weights_count)) {
    if (p.shape.dtype == SL_BF16) {
      x = from_bf16(to_bf16(x));
      weights = from_bf16(to_bf16(weights));
      dy = from_bf16(to_bf16(dy));
    }
    for_each_product(p, [&](int64_t at_x, int64_t at_w, int64_t at_y) {
      const size_t ix = static_cast<size_t>(at_x), iw = static_cast<size_t>(at_w), iy = static_cast<size_t>(at_y);
      y[iy] += static_cast<double>(x[ix]) * weights[iw];
      dx[ix] += static_cast<double>(dy[iy]) * weights[iw];
      dw[iw] += static_cast<double>(x[ix]) * dy[iy];
    });
  }
};

// Activations of either dtype, converted to f32.
class Activations {
 public:
  Activations(sl_context* context, int32_t dtype, const std::vector<float>& values)
      : dtype_(dtype),
        wide_(context, dtype == SL_F32 ? values : std::vector<float>()),
        narrow_(context, dtype == SL_BF16 ? to_bf16(values) : std::vector<uint16_t>()) {}
  std::vector<float> get() const { return dtype_ == SL_F32 ? wide_.get() : from_bf16(narrow_.get()); }
  operator void*() const { return dtype_ == SL_F32 ? static_cast<void*>(wide_.data()) : narrow_.data(); }

 private:
  int32_t dtype_;
  Buffer<float> wide_;
  Buffer<uint16_t> narrow_;
};

Buffer<uint8_t>* packed_weights(sl_context* context, const Problem& p, int32_t direction,
                                const std::vector<float>& weights) {
  int64_t bytes = -1;
  REQUIRE(sl_conv_packed_bytes(context, &p.shape, direction, &bytes) == SL_OK);
  auto* packed = new Buffer<uint8_t>(context, bytes);
  const Buffer<float> master(context, weights);
  REQUIRE(sl_conv_pack(context, &p.shape, direction, master, *packed) == SL_OK);
  return packed;
}

template <typename Value>
std::vector<double> plus(const std::vector<double>& values, const std::vector<Value>& more) {
  std::vector<double> sum(values);
  for (size_t i = 0; i < sum.size(); ++i) sum[i] += more[i];
  return sum;
}

// 3x3 convolutions of stride 1 with multiples of 16 channels may use Winograd's algorithm.
bool may_be_filtered(const sl_conv_shape& s) {
  return s.kernel_height == 3 && s.kernel_width == 3 && s.stride == 1 && s.in_channels % 16 == 0 &&
         s.out_channels % 16 == 0;
}

// bf16 results are rounded to eight bits; the sums are f32. Winograd's algorithm sums products larger than their sum,
// which costs f32 two bits. It also rounds its transformed operands to bf16, which by the norms of its transforms
// amounts to 0.0043.
double tolerance(const sl_conv_shape& s) {
  if (s.dtype == SL_F32) return may_be_filtered(s) ? 4e-6 : 2e-6;
  return may_be_filtered(s) ? 0x1p-7 : 0x1p-8;
}

// cuDNN returns the weight gradient of bf16 operands in bf16; the CPU does not round it.
double weights_tolerance(const sl_conv_shape& s) {
  if (s.dtype == SL_BF16 && !on_cpu()) return 0x1p-8;
  // Products of tiles are exact, and so is what AMX replaces.
  const char* const plain_tiles = std::getenv("SLUICE_PLAIN_TILES");
  if (plain_tiles != nullptr || device_is("avx512_core_amx")) return 5e-6;
  return s.dtype == SL_BF16 && may_be_filtered(s) ? 0x1p-7 : 5e-6;
}

void check_problem(sl_context* context, const Problem& p) {
  const sl_conv_shape& s = p.shape;
  CAPTURE(s.batch);
  CAPTURE(s.height);
  CAPTURE(s.in_channels);
  CAPTURE(s.out_channels);
  CAPTURE(s.kernel_height);
  CAPTURE(s.stride);
  CAPTURE(s.padding);
  CAPTURE(s.dtype);
  const Reference reference(p);
  const Activations x(context, s.dtype, reference.x), dy(context, s.dtype, reference.dy);

  const std::unique_ptr<Buffer<uint8_t>> forward(packed_weights(context, p, SL_CONV_FORWARD, reference.weights));
  const Activations y(context, s.dtype, std::vector<float>(static_cast<size_t>(p.y_count), nan_value));
  REQUIRE(sl_conv_forward(context, &s, x, *forward, y) == SL_OK);
  CHECK(relative_error(y.get(), reference.y) < tolerance(s));

  const std::unique_ptr<Buffer<uint8_t>> backward(packed_weights(context, p, SL_CONV_BACKWARD_DATA, reference.weights));
  const Activations dx(context, s.dtype, std::vector<float>(static_cast<size_t>(p.x_count), nan_value));
  REQUIRE(sl_conv_backward_data(context, &s, dy, *backward, dx, 0) == SL_OK);
  const std::vector<float> dx_first = dx.get();
  CHECK(relative_error(dx_first, reference.dx) < tolerance(s));
  REQUIRE(sl_conv_backward_data(context, &s, dy, *backward, dx, 1) == SL_OK);
  CHECK(relative_error(dx.get(), plus(reference.dx, dx_first)) < tolerance(s));

  const Buffer<float> dw(context, std::vector<float>(static_cast<size_t>(p.weights_count), nan_value));
  REQUIRE(sl_conv_backward_weights(context, &s, x, dy, dw, 0) == SL_OK);
  const std::vector<float> dw_first = dw.get();
  CHECK(relative_error(dw_first, reference.dw) < weights_tolerance(s));
  REQUIRE(sl_conv_backward_weights(context, &s, x, dy, dw, 1) == SL_OK);
  CHECK(relative_error(dw.get(), plus(reference.dw, dw_first)) < weights_tolerance(s));
}

// batch, height, width, in, out, kernel height, kernel width, stride, padding
const std::vector<sl_conv_shape> shapes = {
    {2, 8, 8, 3, 16, 3, 3, 1, 2, SL_F32},    // the stem `cifar-paper`
    {2, 8, 8, 3, 4, 3, 3, 1, 1, SL_F32},     // the stem `cifar` at the smallest width
    {2, 23, 23, 3, 16, 7, 7, 2, 3, SL_F32},  // the stem `imagenet`
    {3, 9, 9, 16, 16, 3, 3, 1, 1, SL_F32},
    {3, 9, 9, 16, 32, 3, 3, 2, 1, SL_F32},
    {3, 10, 10, 16, 32, 3, 3, 2, 1, SL_F32},
    {3, 9, 9, 16, 32, 1, 1, 2, 0, SL_F32},
    {3, 10, 10, 16, 32, 1, 1, 2, 0, SL_F32},
    {2, 5, 5, 64, 64, 3, 3, 1, 1, SL_F32},
    {1, 5, 5, 128, 256, 3, 3, 2, 1, SL_F32},
    {1, 7, 7, 1, 1, 3, 3, 1, 1, SL_F32},
    {2, 7, 5, 13, 17, 3, 3, 1, 1, SL_F32},  // odd channels, non-square image
    {2, 7, 5, 17, 13, 3, 3, 2, 1, SL_F32},
    {2, 6, 7, 5, 33, 1, 1, 1, 0, SL_F32},
    {2, 6, 7, 33, 5, 1, 1, 2, 0, SL_F32},
    {2, 6, 9, 8, 12, 3, 1, 1, 1, SL_F32},  // non-square kernel
    {2, 6, 9, 4, 6, 2, 4, 3, 1, SL_F32},
    {2, 3, 3, 7, 9, 3, 3, 1, 0, SL_F32},    // one output pixel
    {2, 1, 1, 20, 20, 3, 3, 1, 1, SL_F32},  // one input pixel
    {4, 10, 10, 4, 8, 1, 1, 2, 0, SL_F32},
    {4, 10, 10, 2, 4, 1, 1, 2, 0, SL_F32},  // trigger a bug of oneDNN 2.6 on AVX2
    {2, 4, 4, 6, 6, 1, 1, 1, 2, SL_F32},    // outputs that see only padding
    // Multiples of 16 channels and enough tiles for Winograd's algorithm: tiles of 2, 3 and 4 outputs, whole and
    // partial, in groups of 16, 32 and 64 channels.
    {25, 2, 2, 16, 48, 3, 3, 1, 1, SL_F32},
    {5, 6, 9, 48, 32, 3, 3, 1, 1, SL_F32},
    {29, 4, 4, 32, 128, 3, 3, 1, 1, SL_F32},
    {4, 13, 7, 64, 96, 3, 3, 1, 1, SL_F32},
    {8, 12, 6, 16, 16, 3, 3, 1, 2, SL_F32},
    {7, 5, 8, 16, 64, 3, 3, 1, 0, SL_F32},
    {26, 1, 1, 16, 16, 3, 3, 1, 1, SL_F32},
    {6, 1, 17, 32, 16, 3, 3, 1, 1, SL_F32},
    {7, 5, 5, 64, 192, 3, 3, 1, 1, SL_F32},
    {3, 9, 9, 16, 16, 3, 3, 1, 1, SL_F32},
    // Strided, with enough channels that the weight gradient uses shifted products.
    {3, 9, 8, 32, 48, 3, 3, 2, 1, SL_F32},
    {1, 5, 5, 256, 256, 3, 3, 2, 1, SL_F32},
};

}  // namespace

TEST_CASE("f32 convolutions equal the double loops in all three directions") {
  const Context context;
  for (const sl_conv_shape& shape : shapes) check_problem(context, shape);
}

TEST_CASE("bf16 convolutions equal the double loops on rounded operands, or are refused in one sentence") {
  const Context context;
  for (sl_conv_shape shape : shapes) {
    shape.dtype = SL_BF16;
    if (device_has_bf16()) {
      check_problem(context, shape);
    } else {
      int64_t bytes = 0;
      CHECK(sl_conv_packed_bytes(context, &shape, SL_CONV_FORWARD, &bytes) == SL_ERROR_UNSUPPORTED);
      CHECK(last_error_mentions("AVX-512"));
    }
  }
}

TEST_CASE("the same convolution gives the same bits again, with 1 thread and with 2") {
  for (const int in_channels : {19, 48}) {
    const Problem p({5, 12, 12, in_channels, 64, 3, 3, 1, 1, SL_F32});
    const Reference reference(p);
    for (const int threads : {1, 2}) {
      std::vector<std::vector<float>> results[3];
      for (int round = 0; round < 3; ++round) {
        const Context context(threads);
        const Buffer<float> x(context, reference.x), dy(context, reference.dy), dw(context, p.weights_count);
        const Buffer<float> y(context, p.y_count), dx(context, p.x_count);
        const std::unique_ptr<Buffer<uint8_t>> forward(packed_weights(context, p, SL_CONV_FORWARD, reference.weights));
        const std::unique_ptr<Buffer<uint8_t>> backward(
            packed_weights(context, p, SL_CONV_BACKWARD_DATA, reference.weights));
        REQUIRE(sl_conv_forward(context, &p.shape, x, *forward, y) == SL_OK);
        REQUIRE(sl_conv_backward_data(context, &p.shape, dy, *backward, dx, 0) == SL_OK);
        REQUIRE(sl_conv_backward_weights(context, &p.shape, x, dy, dw, 0) == SL_OK);
        results[0].push_back(y.get());
        results[1].push_back(dx.get());
        results[2].push_back(dw.get());
      }
      for (const auto& rounds : results) {
        CHECK(rounds[0] == rounds[1]);
        CHECK(rounds[0] == rounds[2]);
      }
    }
  }
}

TEST_CASE("with sizes of zero, empty sums are zero, and accumulating adds nothing") {
  const Context context;
  const std::vector<float> nans(512, nan_value);
  const Buffer<float> some(context, std::vector<float>(512, 1.0f)), target(context, nans);
  const sl_conv_shape no_images = {0, 4, 4, 2, 3, 3, 3, 1, 1, SL_F32};
  int64_t bytes = -1;
  CHECK(sl_conv_packed_bytes(context, &no_images, SL_CONV_FORWARD, &bytes) == SL_OK);
  CHECK(bytes == 0);
  CHECK(sl_conv_pack(context, &no_images, SL_CONV_FORWARD, some, target) == SL_OK);
  CHECK(sl_conv_forward(context, &no_images, some, some, target) == SL_OK);
  CHECK(sl_conv_backward_data(context, &no_images, some, some, target, 0) == SL_OK);
  CHECK(sl_conv_backward_weights(context, &no_images, some, some, target, 1) == SL_OK);
  CHECK(std::isnan(target.get()[0]));
  CHECK(sl_conv_backward_weights(context, &no_images, some, some, target, 0) == SL_OK);
  for (size_t i = 0; i < 512; ++i) CHECK((target.get()[i] == 0.0f) == (i < 54));

  const sl_conv_shape no_inputs = {1, 4, 4, 0, 3, 3, 3, 1, 1, SL_F32};
  target.set(nans);
  CHECK(sl_conv_forward(context, &no_inputs, some, some, target) == SL_OK);
  for (size_t i = 0; i < 48; ++i) CHECK(target.get()[i] == 0.0f);
  const sl_conv_shape no_outputs = {1, 4, 4, 2, 0, 3, 3, 1, 1, SL_F32};
  target.set(nans);
  CHECK(sl_conv_backward_data(context, &no_outputs, some, some, target, 1) == SL_OK);
  CHECK(std::isnan(target.get()[0]));
  CHECK(sl_conv_backward_data(context, &no_outputs, some, some, target, 0) == SL_OK);
  CHECK(target.get()[0] == 0.0f);
}

TEST_CASE("shapes that make no sense are refused before anything is written") {
  const Context context;
  const Buffer<float> buffer(context, std::vector<float>(1024, 5.0f));
  const sl_conv_shape good = {1, 4, 4, 2, 3, 3, 3, 1, 1, SL_F32};
  const auto refused = [&](sl_conv_shape shape, const char* part) {
    CHECK(sl_conv_forward(context, &shape, buffer, buffer, buffer) == SL_ERROR_INVALID_ARGUMENT);
    CHECK_MESSAGE(last_error_mentions(part), sl_last_error());
    CHECK(sl_conv_backward_weights(context, &shape, buffer, buffer, buffer, 0) == SL_ERROR_INVALID_ARGUMENT);
    CHECK(buffer.get()[0] == 5.0f);
  };
  sl_conv_shape shape = good;
  refused((shape.batch = -1, shape), "negative");
  shape = good;
  refused((shape.in_channels = -3, shape), "negative");
  shape = good;
  refused((shape.stride = 0, shape), "stride");
  shape = good;
  refused((shape.padding = -1, shape), "padding");
  shape = good;
  refused((shape.kernel_width = 0, shape), "kernel");
  shape = good;
  refused((shape.kernel_height = 7, shape), "larger than the padded input: x [1,4,4,2], weights [3,7,3,2]");
  shape = good;
  refused((shape.dtype = SL_U8, shape), "dtype 2");
  shape = good;
  refused((shape.batch = shape.height = shape.width = shape.in_channels = INT32_MAX, shape), "counted");
}

TEST_CASE("null pointers and unknown directions are refused") {
  const Context context;
  const sl_conv_shape shape = {1, 4, 4, 2, 3, 3, 3, 1, 1, SL_F32};
  const Buffer<float> b(context, 4096);
  int64_t bytes = 0;
  CHECK(sl_conv_packed_bytes(context, &shape, 2, &bytes) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_conv_packed_bytes(context, &shape, 0, nullptr) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_conv_packed_bytes(context, nullptr, 0, &bytes) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_conv_pack(context, &shape, -1, b, b) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_conv_pack(context, &shape, 0, nullptr, b) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_conv_pack(context, &shape, 0, b, nullptr) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_conv_forward(nullptr, &shape, b, b, b) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_conv_forward(context, nullptr, b, b, b) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_conv_forward(context, &shape, b, nullptr, b) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_conv_backward_data(context, &shape, nullptr, b, b, 0) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_conv_backward_weights(context, &shape, b, b, nullptr, 0) == SL_ERROR_INVALID_ARGUMENT);
}

TEST_CASE("scratch memory of convolutions returns to the allocator") {
  const Context context;
  check_problem(context, Problem({2, 9, 9, 16, 32, 3, 3, 2, 1, SL_F32}));
  check_problem(context, Problem({2, 9, 9, 16, 32, 3, 3, 1, 1, SL_F32}));
  int64_t stats[4];
  REQUIRE(sl_memory_stats(context, stats) == SL_OK);
  CHECK(stats[0] == 0);
  CHECK(stats[3] == 0);
}
