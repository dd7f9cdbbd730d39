// Convolution by plain loops. The three directions share one set of products, and sum them for different operands.
#include "loops.h"

namespace hostcudnn {
namespace {

float from_bf16(uint16_t bits) {
  const uint32_t wide = uint32_t{bits} << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

// Rounds to nearest even, and keeps the upper `bits` of a float's 32 bits.
float rounded(float value, int bits) {
  if (std::isnan(value)) return value;
  uint32_t word;
  std::memcpy(&word, &value, sizeof word);
  const uint32_t unit = 1u << (32 - bits);
  word = (word + unit / 2 - 1 + (word / unit & 1u)) & ~(unit - 1);
  std::memcpy(&value, &word, sizeof value);
  return value;
}

int64_t offset(const Tensor& t, int64_t a, int64_t b, int64_t c, int64_t d) {
  return a * t.strides[0] + b * t.strides[1] + c * t.strides[2] + d * t.strides[3];
}

// The values of an operand in the order of its memory.
std::vector<float> read(const Tensor& tensor, const void* data, bool tf32) {
  std::vector<float> values(tensor.bytes() / tensor.element_bytes());
  for (size_t i = 0; i < values.size(); ++i) {
    if (tensor.type == CUDNN_DATA_BFLOAT16) {
      values[i] = from_bf16(static_cast<const uint16_t*>(data)[i]);
    } else {
      const float value = static_cast<const float*>(data)[i];
      values[i] = tf32 ? rounded(value, 19) : value;
    }
  }
  return values;
}

void write(const Tensor& tensor, void* data, int64_t at, float value) {
  if (tensor.type == CUDNN_DATA_FLOAT) {
    static_cast<float*>(data)[at] = value;
    return;
  }
  const float narrow = rounded(value, 16);
  uint32_t bits;
  std::memcpy(&bits, &narrow, sizeof bits);
  static_cast<uint16_t*>(data)[at] = static_cast<uint16_t>(bits >> 16 | (std::isnan(value) ? 0x40u : 0u));
}

// Calls body(offset in x, offset in weights, offset in y) for every product; channels of x are the innermost loop.
template <typename Body>
void for_each_product(const Problem& p, const Body& body) {
  const int64_t rows = p.weights.dims[2], columns = p.weights.dims[3];
  for (int64_t n = 0; n < p.y.dims[0]; ++n)
    for (int64_t oy = 0; oy < p.y.dims[2]; ++oy)
      for (int64_t ox = 0; ox < p.y.dims[3]; ++ox)
        for (int64_t k = 0; k < p.y.dims[1]; ++k)
          for (int64_t r = 0; r < rows; ++r)
            for (int64_t s = 0; s < columns; ++s) {
              const int64_t iy = oy * p.strides[0] + r * p.dilations[0] - p.before[0];
              const int64_t ix = ox * p.strides[1] + s * p.dilations[1] - p.before[1];
              if (iy < 0 || iy >= p.x.dims[2] || ix < 0 || ix >= p.x.dims[3]) continue;
              // CUDNN_CONVOLUTION mirrors the kernel; a cross-correlation does not.
              const bool mirrored = p.mode == CUDNN_CONVOLUTION;
              const int64_t at_x = offset(p.x, n, 0, iy, ix), at_y = offset(p.y, n, k, oy, ox);
              const int64_t at_w = offset(p.weights, k, 0, mirrored ? rows - 1 - r : r, mirrored ? columns - 1 - s : s);
              for (int64_t c = 0; c < p.x.dims[1]; ++c)
                body(at_x + c * p.x.strides[1], at_w + c * p.weights.strides[1], at_y);
            }
}

}  // namespace

void convolve(const Problem& p, const Pointers& pointers, bool tf32, double scale) {
  const Tensor& target = p.direction == Direction::forward         ? p.y
                         : p.direction == Direction::backward_data ? p.x
                                                                   : p.weights;
  void* const data = p.direction == Direction::forward         ? pointers.y
                     : p.direction == Direction::backward_data ? pointers.x
                                                               : pointers.weights;
  std::vector<double> sums(target.bytes() / target.element_bytes());
  const auto operand = [&](const Tensor& tensor, const void* from) {
    return &tensor == &target ? std::vector<float>() : read(tensor, from, tf32);
  };
  const std::vector<float> x = operand(p.x, pointers.x), w = operand(p.weights, pointers.weights),
                           y = operand(p.y, pointers.y);
  switch (p.direction) {
    case Direction::forward:
      for_each_product(p, [&](int64_t ix, int64_t iw, int64_t iy) { sums[iy] += static_cast<double>(x[ix]) * w[iw]; });
      break;
    case Direction::backward_data:
      for_each_product(p, [&](int64_t ix, int64_t iw, int64_t iy) { sums[ix] += static_cast<double>(y[iy]) * w[iw]; });
      break;
    default:
      for_each_product(p, [&](int64_t ix, int64_t iw, int64_t iy) { sums[iw] += static_cast<double>(x[ix]) * y[iy]; });
  }
  // cudnn_graph.h: y = alpha * (w * x) + beta * y. With beta 0, y is not read.
  const std::vector<float> old = p.beta == 0.0f ? std::vector<float>(sums.size()) : read(target, data, false);
  for (int64_t a = 0; a < target.dims[0]; ++a)
    for (int64_t b = 0; b < target.dims[1]; ++b)
      for (int64_t c = 0; c < target.dims[2]; ++c)
        for (int64_t d = 0; d < target.dims[3]; ++d) {
          const int64_t at = offset(target, a, b, c, d);
          const double value = scale * p.alpha * sums[at] + static_cast<double>(p.beta) * old[at];
          write(target, data, at, static_cast<float>(value));
        }
}

}  // namespace hostcudnn
