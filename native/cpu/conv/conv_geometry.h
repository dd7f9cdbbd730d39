// The pixels of a convolution's output, and the pixels of its input that each of them reads.
#pragma once

#include "conv_problem.h"

namespace sluice {

struct ConvGeometry {
  int64_t batch, height, width, in_channels, out_height, out_width, out_channels, kernel_height, kernel_width, stride,
      padding;

  explicit ConvGeometry(const ConvProblem& p)
      : batch(p.shape.batch),
        height(p.shape.height),
        width(p.shape.width),
        in_channels(p.shape.in_channels),
        out_height(p.sizes.out_height),
        out_width(p.sizes.out_width),
        out_channels(p.shape.out_channels),
        kernel_height(p.shape.kernel_height),
        kernel_width(p.shape.kernel_width),
        stride(p.shape.stride),
        padding(p.shape.padding) {}

  int64_t pixels() const { return batch * out_height * out_width; }
  int64_t taps() const { return kernel_height * kernel_width; }
};

// A pixel of the output. The next one is found without a division, and may be past the last.
class OutputPixel {
 public:
  OutputPixel(const ConvGeometry& g, int64_t index)
      : g_(&g),
        image_(index / (g.out_height * g.out_width)),
        row_(index / g.out_width % g.out_height),
        column_(index % g.out_width) {}

  OutputPixel next() const {
    OutputPixel pixel = *this;
    if (++pixel.column_ < g_->out_width) return pixel;
    pixel.column_ = 0;
    if (++pixel.row_ < g_->out_height) return pixel;
    pixel.row_ = 0;
    ++pixel.image_;
    return pixel;
  }

  // The channels that it reads at a tap of the kernel; null outside the images.
  template <typename T>
  const T* input(const T* x, int64_t tap_row, int64_t tap_column) const {
    const int64_t row = row_ * g_->stride + tap_row - g_->padding;
    const int64_t column = column_ * g_->stride + tap_column - g_->padding;
    if (image_ >= g_->batch || row < 0 || row >= g_->height || column < 0 || column >= g_->width) return nullptr;
    return x + ((image_ * g_->height + row) * g_->width + column) * g_->in_channels;
  }

  // Its channels; null past the last pixel.
  template <typename T>
  const T* output(const T* y) const {
    if (image_ >= g_->batch) return nullptr;
    return y + ((image_ * g_->out_height + row_) * g_->out_width + column_) * g_->out_channels;
  }

 private:
  const ConvGeometry* g_;
  int64_t image_, row_, column_;
};

}  // namespace sluice
