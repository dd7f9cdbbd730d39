// A stand-in for CUDA's header of tensor cores, for tests: products of matrices that the lanes of a warp hold together.
//
// As on a device, nobody may rely on which lane holds which element, and each lane must take part in every call. Sums
// are exact products added in f32 in the order of k, so they differ from a device's by rounding.
#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime.h>

namespace nvcuda::wmma {

struct matrix_a {};
struct matrix_b {};
struct accumulator {};
struct row_major {};
struct col_major {};
namespace precision {
struct tf32 {};
}  // namespace precision
enum layout_t { mem_row_major, mem_col_major };

// The type of an element in memory and in a fragment.
template <typename T>
struct Element {
  using type = T;
};
template <>
struct Element<precision::tf32> {
  using type = float;
};

template <typename Use, int m, int n, int k>
struct Sides;
template <int m, int n, int k>
struct Sides<matrix_a, m, n, k> {
  static constexpr int rows = m, columns = k;
};
template <int m, int n, int k>
struct Sides<matrix_b, m, n, k> {
  static constexpr int rows = k, columns = n;
};
template <int m, int n, int k>
struct Sides<accumulator, m, n, k> {
  static constexpr int rows = m, columns = n;
};

// Lane l holds the elements l, l + 32, ... of the matrix, row by row.
template <typename Use, int m, int n, int k, typename T, typename Layout = void>
struct fragment {
  using type = typename Element<T>::type;
  static constexpr int rows = Sides<Use, m, n, k>::rows, columns = Sides<Use, m, n, k>::columns;
  static constexpr int num_elements = rows * columns / 32;
  type x[num_elements];
};

inline float __float_to_tf32(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7f800000u) == 0x7f800000u) return value;  // infinite or NaN
  bits += 0x1000u;                                        // ties away from zero
  bits &= ~0x1fffu;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline float as_float(float value) { return value; }
inline float as_float(__nv_bfloat16 value) {
  const uint32_t bits = uint32_t{value.bits} << 16;
  float wide;
  std::memcpy(&wide, &bits, sizeof wide);
  return wide;
}

template <typename Fragment>
void fill_fragment(Fragment& to, float value) {
  for (int i = 0; i < Fragment::num_elements; ++i) to.x[i] = value;
}

// A device's loads and stores need 32 bytes of alignment, and rows of whole 16 bytes.
template <typename T>
bool can_access(const T* pointer, unsigned stride) {
  return reinterpret_cast<uintptr_t>(pointer) % 32 == 0 && stride * sizeof(T) % 16 == 0;
}

template <typename Use, int m, int n, int k, typename T, typename Layout>
void load_matrix_sync(fragment<Use, m, n, k, T, Layout>& to, const typename Element<T>::type* from, unsigned stride) {
  using Own = fragment<Use, m, n, k, T, Layout>;
  if (!can_access(from, stride)) hostcuda::fail_kernel("a matrix is not aligned");
  for (int i = 0; i < Own::num_elements; ++i) {
    const int at = hostcuda::lane() + 32 * i, row = at / Own::columns, column = at % Own::columns;
    to.x[i] = std::is_same_v<Layout, row_major> ? from[row * stride + column] : from[column * stride + row];
  }
  __syncwarp();
}

template <int m, int n, int k>
void store_matrix_sync(float* to, const fragment<accumulator, m, n, k, float>& from, unsigned stride, layout_t layout) {
  if (!can_access(to, stride)) hostcuda::fail_kernel("a matrix is not aligned");
  for (int i = 0; i < from.num_elements; ++i) {
    const int at = hostcuda::lane() + 32 * i, row = at / n, column = at % n;
    to[layout == mem_row_major ? row * stride + column : column * stride + row] = from.x[i];
  }
  __syncwarp();
}

// d = a b + c. The lanes show each other their elements.
template <int m, int n, int k, typename T, typename LayoutA, typename LayoutB>
void mma_sync(fragment<accumulator, m, n, k, float>& d, const fragment<matrix_a, m, n, k, T, LayoutA>& a,
              const fragment<matrix_b, m, n, k, T, LayoutB>& b, const fragment<accumulator, m, n, k, float>& c) {
  // A block's warps take turns between two calls that wait, so each has its own room.
  static float left[32][m * k], right[32][k * n];
  const unsigned warp = hostcuda::warp();
  for (int i = 0; i < a.num_elements; ++i) left[warp][hostcuda::lane() + 32 * i] = as_float(a.x[i]);
  for (int i = 0; i < b.num_elements; ++i) right[warp][hostcuda::lane() + 32 * i] = as_float(b.x[i]);
  __syncwarp();
  for (int i = 0; i < d.num_elements; ++i) {
    const int at = hostcuda::lane() + 32 * i, row = at / n, column = at % n;
    float sum = c.x[i];
    for (int term = 0; term < k; ++term) {
      sum += left[warp][row * k + term] * right[warp][term * n + column];
    }
    d.x[i] = sum;
  }
  __syncwarp();
}

}  // namespace nvcuda::wmma
