// Tests matrix products against plain double loops.
#include "typed_buffer.h"

using namespace sluice_test;

namespace {

struct Problem {
  int64_t m, n, k;
  bool transpose_a, transpose_b;
  float alpha, beta;
  bool bias;
  int32_t dtype, out_dtype;
};

std::vector<float> rounded(std::vector<float> values, int32_t dtype) {
  return dtype == SL_BF16 ? from_bf16(to_bf16(values)) : values;
}

std::vector<double> reference(const Problem& p, const std::vector<float>& a, const std::vector<float>& b,
                              const std::vector<float>& c, const std::vector<float>& bias) {
  std::vector<double> result;
  for (int64_t i = 0; i < p.m; ++i) {
    for (int64_t j = 0; j < p.n; ++j) {
      double sum = 0.0;
      for (int64_t l = 0; l < p.k; ++l) {
        sum += static_cast<double>(a[static_cast<size_t>(p.transpose_a ? l * p.m + i : i * p.k + l)]) *
               b[static_cast<size_t>(p.transpose_b ? j * p.k + l : l * p.n + j)];
      }
      double value = p.alpha * sum;
      if (p.beta != 0.0f) value += static_cast<double>(p.beta) * c[static_cast<size_t>(i * p.n + j)];
      if (p.bias) value += bias[static_cast<size_t>(j)];
      result.push_back(value);
    }
  }
  return result;
}

void check_problem(sl_context* context, const Problem& p) {
  CAPTURE(p.m);
  CAPTURE(p.n);
  CAPTURE(p.k);
  CAPTURE(p.transpose_a);
  CAPTURE(p.transpose_b);
  CAPTURE(p.alpha);
  CAPTURE(p.beta);
  CAPTURE(p.bias);
  CAPTURE(p.out_dtype);
  const std::vector<float> a = rounded(random_values(p.m * p.k, 1), p.dtype),
                           b = rounded(random_values(p.k * p.n, 2), p.dtype);
  const std::vector<float> bias = random_values(p.n, 3);
  const std::vector<float> c = p.beta == 0.0f ? std::vector<float>(static_cast<size_t>(p.m * p.n), nan_value)
                                              : rounded(random_values(p.m * p.n, 4), p.out_dtype);
  const std::vector<double> expected = reference(p, a, b, c, bias);
  const Buffer<float> device_bias(context, bias);
  const float* bias_or_null = p.bias ? device_bias.data() : nullptr;
  const auto run = [&](const void* device_a, const void* device_b, void* device_c) {
    REQUIRE(sl_matmul(context, p.dtype, p.out_dtype, p.m, p.n, p.k, p.transpose_a, p.transpose_b, p.alpha, device_a,
                      device_b, p.beta, device_c, bias_or_null) == SL_OK);
  };
  const Buffer<float> wide(context, c);
  const Buffer<uint16_t> narrow(context, to_bf16(c));
  void* device_c = p.out_dtype == SL_F32 ? static_cast<void*>(wide.data()) : narrow.data();
  if (p.dtype == SL_F32) {
    const Buffer<float> device_a(context, a), device_b(context, b);
    run(device_a, device_b, device_c);
  } else {
    const Buffer<uint16_t> device_a(context, to_bf16(a)), device_b(context, to_bf16(b));
    run(device_a, device_b, device_c);
  }
  const std::vector<float> result = p.out_dtype == SL_F32 ? wide.get() : from_bf16(narrow.get());
  CHECK(relative_error(result, expected) < (p.out_dtype == SL_F32 ? 2e-6 : 0x1p-8));
}

struct Size {
  int64_t m, n, k;
};
const std::vector<Size> sizes = {{1, 1, 1},    {1, 40, 17},    {33, 1, 20},   {5, 7, 3},
                                 {16, 16, 16}, {65, 130, 257}, {128, 96, 512}};

void check_all(sl_context* context, int32_t dtype, int32_t out_dtype) {
  for (const Size& size : sizes) {
    for (const bool transpose_a : {false, true}) {
      for (const bool transpose_b : {false, true}) {
        for (const bool bias : {false, true}) {
          check_problem(context,
                        {size.m, size.n, size.k, transpose_a, transpose_b, 1.0f, 0.0f, bias, dtype, out_dtype});
          check_problem(context,
                        {size.m, size.n, size.k, transpose_a, transpose_b, 1.0f, 1.0f, bias, dtype, out_dtype});
          check_problem(context,
                        {size.m, size.n, size.k, transpose_a, transpose_b, -0.75f, 0.0f, bias, dtype, out_dtype});
          check_problem(context,
                        {size.m, size.n, size.k, transpose_a, transpose_b, 0.5f, 0.25f, bias, dtype, out_dtype});
        }
      }
    }
  }
}

// Offsets of the matrices and the bias, in elements.
struct Offsets {
  int64_t a, b, c, bias;
};

// The product of matrices inside buffers that are otherwise NaN.
void check_inside_buffers(sl_context* context, const Problem& p, const Offsets& offsets) {
  CAPTURE(offsets.a);
  CAPTURE(offsets.b);
  CAPTURE(offsets.c);
  CAPTURE(offsets.bias);
  CAPTURE(p.beta);
  CAPTURE(p.out_dtype);
  constexpr int64_t spare = 80;
  const auto inside = [](const std::vector<float>& values, int64_t before) {
    std::vector<float> all(static_cast<size_t>(before), nan_value);
    all.insert(all.end(), values.begin(), values.end());
    all.resize(values.size() + static_cast<size_t>(spare), nan_value);
    return all;
  };
  const std::vector<float> a = rounded(random_values(p.m * p.k, 1), p.dtype),
                           b = rounded(random_values(p.k * p.n, 2), p.dtype), bias = random_values(p.n, 3),
                           c = rounded(random_values(p.m * p.n, 4), p.out_dtype);
  const TypedBuffer left(context, p.dtype, inside(a, offsets.a)), right(context, p.dtype, inside(b, offsets.b)),
      out(context, p.out_dtype, inside(c, offsets.c));
  const Buffer<float> added(context, inside(bias, offsets.bias));
  const auto at = [](const TypedBuffer& buffer, int32_t dtype, int64_t offset) {
    return static_cast<char*>(static_cast<void*>(buffer)) + offset * (dtype == SL_BF16 ? 2 : 4);
  };
  REQUIRE(sl_matmul(context, p.dtype, p.out_dtype, p.m, p.n, p.k, p.transpose_a, p.transpose_b, p.alpha,
                    at(left, p.dtype, offsets.a), at(right, p.dtype, offsets.b), p.beta,
                    at(out, p.out_dtype, offsets.c), p.bias ? added.data() + offsets.bias : nullptr) == SL_OK);
  const std::vector<float> all = out.values();
  const auto begin = all.begin() + offsets.c, end = begin + p.m * p.n;
  CHECK(relative_error(std::vector<float>(begin, end), reference(p, a, b, c, bias)) < tolerance(p.out_dtype));
  CHECK(std::all_of(all.begin(), begin, [](float value) { return std::isnan(value); }));
  CHECK(std::all_of(end, all.end(), [](float value) { return std::isnan(value); }));
}

}  // namespace

TEST_CASE("f32 products equal the double loops for every transpose, alpha, beta and bias") {
  const Context context;
  check_all(context, SL_F32, SL_F32);
}

TEST_CASE("bf16 products equal the double loops into f32 and into bf16, or are refused in one sentence") {
  const Context context;
  if (device_has_bf16()) {
    check_all(context, SL_BF16, SL_F32);
    check_all(context, SL_BF16, SL_BF16);
  } else {
    const Buffer<float> b(context, 64);
    CHECK(sl_matmul(context, SL_BF16, SL_F32, 2, 2, 2, 0, 0, 1.0f, b, b, 0.0f, b, nullptr) == SL_ERROR_UNSUPPORTED);
    CHECK(last_error_mentions("AVX-512"));
  }
}

TEST_CASE("k = 0 gives beta * C + bias, and with beta 0 does not read C") {
  const Context context;
  check_problem(context, {3, 5, 0, false, false, 1.0f, 0.0f, true, SL_F32, SL_F32});
  check_problem(context, {3, 5, 0, false, false, 1.0f, 0.0f, false, SL_F32, SL_F32});
  check_problem(context, {3, 5, 0, true, true, 2.0f, 0.5f, true, SL_F32, SL_F32});
  check_problem(context, {3, 5, 0, true, true, 2.0f, 0.5f, false, SL_F32, SL_F32});
  if (!device_has_bf16()) return;
  check_problem(context, {3, 5, 0, false, false, 1.0f, 0.0f, true, SL_BF16, SL_BF16});
  check_problem(context, {3, 5, 0, false, false, 1.0f, 0.5f, true, SL_BF16, SL_BF16});
  check_problem(context, {3, 5, 0, false, false, 1.0f, 0.0f, false, SL_BF16, SL_F32});
}

TEST_CASE("products without rows or columns touch nothing") {
  const Context context;
  const Buffer<float> a(context, std::vector<float>(16, 1.0f)), c(context, std::vector<float>(16, 7.0f));
  CHECK(sl_matmul(context, SL_F32, SL_F32, 0, 4, 4, 0, 0, 1.0f, a, a, 0.0f, c, nullptr) == SL_OK);
  CHECK(sl_matmul(context, SL_F32, SL_F32, 4, 0, 4, 0, 0, 1.0f, a, a, 0.0f, c, nullptr) == SL_OK);
  CHECK(c.get() == std::vector<float>(16, 7.0f));
}

TEST_CASE("matrices and biases may begin anywhere in a buffer, the same shapes in one place and in another") {
  const Context context;
  for (const int32_t dtype : {SL_F32, SL_BF16}) {
    if (dtype == SL_BF16 && !device_has_bf16()) continue;
    for (const int32_t out_dtype : {SL_F32, SL_BF16}) {
      if (dtype == SL_F32 && out_dtype == SL_BF16) continue;
      for (const Offsets& offsets : std::vector<Offsets>{{0, 0, 0, 0},
                                                         {1, 0, 0, 0},
                                                         {0, 1, 0, 0},
                                                         {0, 0, 1, 0},
                                                         {0, 0, 0, 1},
                                                         {0, 0, 0, 2},
                                                         {0, 0, 0, 4},
                                                         {4, 2, 3, 1},
                                                         {16, 4, 64, 4},
                                                         {2, 16, 4, 12},
                                                         {1, 1, 1, 1},
                                                         {0, 0, 0, 0}}) {
        check_inside_buffers(context, {9, 6, 8, false, true, 1.0f, 0.0f, true, dtype, out_dtype}, offsets);
        check_inside_buffers(context, {9, 6, 8, true, false, 0.5f, 0.25f, true, dtype, out_dtype}, offsets);
        check_inside_buffers(context, {9, 6, 8, true, true, 1.0f, 1.0f, false, dtype, out_dtype}, offsets);
      }
    }
  }
}

TEST_CASE("consecutive products use their own biases and outputs") {
  const Context context;
  std::vector<float> values(24, nan_value);
  values[4] = 10.0f;
  values[12] = 20.0f;
  values[20] = 30.0f;
  const Buffer<float> a(context, {1.0f, 2.0f}), b(context, {3.0f, 5.0f}), biases(context, values),
      c(context, std::vector<float>(7, 0.0f));
  for (int i = 0; i < 3; ++i) {
    REQUIRE(sl_matmul(context, SL_F32, SL_F32, 1, 1, 2, 0, 0, 1.0f, a, b, 0.0f, c.data() + 2 * i + 1,
                      biases.data() + 8 * i + 4) == SL_OK);
  }
  CHECK(c.get() == std::vector<float>{0, 23.0f, 0, 33.0f, 0, 43.0f, 0});
}

TEST_CASE("bf16 is rounded once, after the bias") {
  const Context context;
  if (!device_has_bf16()) return;
  // 16 * 16 + 0.5 * 1 is 256.5, between bf16's 256 and 258.
  const Buffer<uint16_t> a(context, to_bf16({16.0f, 0.5f})), b(context, to_bf16({16.0f, 1.0f})),
      c(context, to_bf16({1.0f}));
  const Buffer<float> bias(context, {-256.0f});
  REQUIRE(sl_matmul(context, SL_BF16, SL_BF16, 1, 1, 2, 0, 0, 1.0f, a, b, 0.0f, c, bias) == SL_OK);
  CHECK(from_bf16(c.get()) == std::vector<float>{0.5f});
  c.set(to_bf16({0.25f}));
  REQUIRE(sl_matmul(context, SL_BF16, SL_BF16, 1, 1, 2, 0, 0, 1.0f, a, b, 2.0f, c, bias) == SL_OK);
  CHECK(from_bf16(c.get()) == std::vector<float>{1.0f});
}

TEST_CASE("a product gives the same bits again, for either layout of B") {
  const std::vector<float> a = random_values(300 * 700, 1), b = random_values(700 * 200, 2);
  for (const int32_t transpose_b : {0, 1}) {
    for (const int threads : {1, 2}) {
      std::vector<std::vector<float>> results;
      for (int round = 0; round < 3; ++round) {
        const Context context(threads);
        const Buffer<float> left(context, a), right(context, b), c(context, 300 * 200);
        REQUIRE(sl_matmul(context, SL_F32, SL_F32, 300, 200, 700, 0, transpose_b, 1.0f, left, right, 0.0f, c,
                          nullptr) == SL_OK);
        results.push_back(c.get());
      }
      CHECK(results[0] == results[1]);
      CHECK(results[0] == results[2]);
    }
  }
}

TEST_CASE("sl_matmul refuses unknown dtypes, negative sizes and null pointers") {
  const Context context;
  const Buffer<float> b(context, std::vector<float>(64, 5.0f));
  const auto status = [&](int32_t dtype, int32_t out, int64_t m, int64_t n, int64_t k, const float* left,
                          float* target) {
    return sl_matmul(context, dtype, out, m, n, k, 0, 0, 1.0f, left, b, 0.0f, target, nullptr);
  };
  CHECK(status(SL_I32, SL_F32, 2, 2, 2, b, b) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(status(SL_F32, SL_BF16, 2, 2, 2, b, b) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(status(SL_F32, SL_F32, -2, 2, 2, b, b) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(last_error_mentions("[-2,2] x [2,2]"));
  CHECK(status(SL_F32, SL_F32, INT64_MAX, INT64_MAX, 2, b, b) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(status(SL_F32, SL_F32, 2, 2, 2, nullptr, b) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(status(SL_F32, SL_F32, 2, 2, 2, b, nullptr) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_matmul(nullptr, SL_F32, SL_F32, 2, 2, 2, 0, 0, 1.0f, b, b, 0.0f, b, nullptr) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(b.get()[0] == 5.0f);
}
