// Helpers of all native tests: a context, device buffers, deterministic values.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

#include "include/sluice.h"

namespace sluice_test {

constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();

// A context that is destroyed with its scope.
class Context {
 public:
  explicit Context(int threads = 2) { REQUIRE(sl_context_create(0, threads, &context_) == SL_OK); }
  ~Context() { sl_context_destroy(context_); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  operator sl_context*() const { return context_; }

 private:
  sl_context* context_ = nullptr;
};

// `count` elements of device memory; T is float, uint16_t (bf16 bits), uint8_t or int32_t.
template <typename T>
class Buffer {
 public:
  Buffer(sl_context* context, int64_t count) : context_(context), count_(count) {
    void* pointer = nullptr;
    REQUIRE(sl_malloc(context, count * static_cast<int64_t>(sizeof(T)), &pointer) == SL_OK);
    pointer_ = static_cast<T*>(pointer);
  }
  Buffer(sl_context* context, const std::vector<T>& values) : Buffer(context, static_cast<int64_t>(values.size())) {
    set(values);
  }
  Buffer(sl_context* context, std::initializer_list<T> values) : Buffer(context, std::vector<T>(values)) {}
  ~Buffer() { sl_free(context_, pointer_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  void set(const std::vector<T>& values) const {
    REQUIRE(static_cast<int64_t>(values.size()) == count_);
    if (values.empty()) return;
    REQUIRE(sl_upload(context_, nullptr, pointer_, values.data(), count_ * static_cast<int64_t>(sizeof(T))) == SL_OK);
  }
  std::vector<T> get() const {
    std::vector<T> values(static_cast<size_t>(count_));
    if (values.empty()) return values;
    REQUIRE(sl_download(context_, nullptr, values.data(), pointer_, count_ * static_cast<int64_t>(sizeof(T))) == SL_OK);
    return values;
  }
  T* data() const { return pointer_; }
  operator T*() const { return pointer_; }

 private:
  sl_context* context_;
  int64_t count_;
  T* pointer_ = nullptr;
};

// Values in [low, high) that depend only on seed and index.
inline std::vector<float> random_values(int64_t count, uint32_t seed, float low = -1.0f, float high = 1.0f) {
  std::vector<float> values(static_cast<size_t>(count));
  uint64_t state = 0x9E3779B97F4A7C15u * (uint64_t{seed} + 1);
  for (float& value : values) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    value = low + (high - low) * static_cast<float>((state >> 40) * 0x1p-24);
  }
  return values;
}

inline float bf16_to_float(uint16_t bits) {
  const uint32_t wide = uint32_t{bits} << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

inline std::vector<float> from_bf16(const std::vector<uint16_t>& values) {
  std::vector<float> result;
  for (const uint16_t value : values) result.push_back(bf16_to_float(value));
  return result;
}

// Rounds to nearest even, by choosing the nearer of both neighbours.
inline uint16_t float_to_bf16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if (std::isnan(value)) return 0x7fc0;
  const uint16_t below = static_cast<uint16_t>(bits >> 16);
  const uint32_t rest = bits & 0xffffu;
  if (rest > 0x8000u || (rest == 0x8000u && (below & 1u) != 0)) return static_cast<uint16_t>(below + 1);
  return below;
}

inline std::vector<uint16_t> to_bf16(const std::vector<float>& values) {
  std::vector<uint16_t> result;
  for (const float value : values) result.push_back(float_to_bf16(value));
  return result;
}

// The largest |actual - expected|, relative to the largest |expected|; infinite if a value is not finite.
template <typename Expected>
double relative_error(const std::vector<float>& actual, const std::vector<Expected>& expected) {
  REQUIRE(actual.size() == expected.size());
  double largest = 0.0, difference = 0.0;
  for (size_t i = 0; i < actual.size(); ++i) {
    if (!std::isfinite(actual[i]) || !std::isfinite(expected[i])) return std::numeric_limits<double>::infinity();
    largest = std::max(largest, std::fabs(static_cast<double>(expected[i])));
    difference = std::max(difference, std::fabs(static_cast<double>(actual[i]) - static_cast<double>(expected[i])));
  }
  return largest == 0.0 ? difference : difference / largest;
}

// Whether the description of the first device contains a text.
inline bool device_is(const std::string& what) {
  char text[512];
  REQUIRE(sl_device_describe(0, text, sizeof text) == SL_OK);
  return std::string(text).find(what) != std::string::npos;
}
inline bool on_cpu() { return device_is("\"kind\":\"cpu\""); }

// Whether the device accepts bf16 operands.
inline bool device_has_bf16() { return device_is("\"bf16\":true"); }

inline bool last_error_mentions(const std::string& part) {
  return std::string(sl_last_error()).find(part) != std::string::npos;
}

}  // namespace sluice_test
