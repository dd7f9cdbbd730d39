// A device buffer with an element type chosen at run time, accessed as floats.
#pragma once

#include <memory>

#include "helpers.h"

namespace sluice_test {

// f32 or bf16 device memory. `values()` returns the stored values as floats, rounded if the type is bf16.
class TypedBuffer {
 public:
  TypedBuffer(sl_context* context, int32_t dtype, const std::vector<float>& values) : dtype_(dtype) {
    if (dtype == SL_BF16) {
      narrow_ = std::make_unique<Buffer<uint16_t>>(context, to_bf16(values));
    } else {
      wide_ = std::make_unique<Buffer<float>>(context, values);
    }
  }
  // Filled with NaN, to check that an output is overwritten.
  TypedBuffer(sl_context* context, int32_t dtype, int64_t count)
      : TypedBuffer(context, dtype, std::vector<float>(static_cast<size_t>(count), nan_value)) {}

  std::vector<float> values() const { return dtype_ == SL_BF16 ? from_bf16(narrow_->get()) : wide_->get(); }
  operator void*() const {
    return dtype_ == SL_BF16 ? static_cast<void*>(narrow_->data()) : static_cast<void*>(wide_->data());
  }

 private:
  int32_t dtype_;
  std::unique_ptr<Buffer<uint16_t>> narrow_;
  std::unique_ptr<Buffer<float>> wide_;
};

// Tolerance for a correct result, relative to the largest value: a few roundings of f32, or one of bf16.
inline double tolerance(int32_t dtype) { return dtype == SL_BF16 ? 0x1p-8 : 2e-6; }

}  // namespace sluice_test
