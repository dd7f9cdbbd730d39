// Matrix products of the stand-in for cuBLASLt: checks a call, and enqueues plain loops in its stream.
#include <string>
#include <vector>

#include "../runtime.h"
#include "objects.h"

namespace hostcuda {
namespace {

// Everything that the work needs. When the stream runs it, the descriptors may be destroyed or have another bias.
struct Work {
  cublasLtMatmulDescOpaque_t operation;
  cublasLtMatrixLayoutOpaque_t a_layout, b_layout, c_layout, d_layout;
  float alpha, beta;
  const void *a, *b, *c;
  void* d;
  uint64_t scheme;
  void* workspace;
  uint64_t workspace_bytes;

  bool biased() const { return operation.epilogue == CUBLASLT_EPILOGUE_BIAS; }
};

bool aligned(const void* pointer, uint64_t bytes) { return reinterpret_cast<uintptr_t>(pointer) % bytes == 0; }

float load(const void* matrix, cudaDataType type, uint64_t index) {
  if (type == CUDA_R_32F) return static_cast<const float*>(matrix)[index];
  const uint32_t bits = uint32_t{static_cast<const uint16_t*>(matrix)[index]} << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// Rounds `value` to nearest even, and drops the last `dropped` bits of its significand.
float rounded(float value, int dropped) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if (std::isnan(value)) return value;
  bits += (1u << (dropped - 1)) - 1 + ((bits >> dropped) & 1u);
  bits &= ~((1u << dropped) - 1);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

float as_stored(float value, cudaDataType type) { return type == CUDA_R_16BF ? rounded(value, 16) : value; }

void store(void* matrix, cudaDataType type, uint64_t index, float value) {
  if (type == CUDA_R_32F) {
    static_cast<float*>(matrix)[index] = value;
    return;
  }
  const float stored = as_stored(value, type);
  uint32_t bits;
  std::memcpy(&bits, &stored, sizeof bits);
  static_cast<uint16_t*>(matrix)[index] = static_cast<uint16_t>(bits >> 16 | (std::isnan(stored) ? 0x40u : 0u));
}

// A copy of the matrix in which the elements along k are contiguous: op(A) row by row, or op(B) column by column.
std::vector<float> gathered(const Work& work, const void* matrix, const cublasLtMatrixLayoutOpaque_t& layout,
                            bool columns_are_k) {
  const uint64_t ld = static_cast<uint64_t>(layout.ld);
  const uint64_t outer = columns_are_k ? layout.rows : layout.columns;
  const uint64_t inner = columns_are_k ? layout.columns : layout.rows;
  std::vector<float> values(outer * inner);
  float* const out = values.data();
  for (uint64_t i = 0; i < outer; ++i) {
    for (uint64_t l = 0; l < inner; ++l) {
      const float value = load(matrix, layout.type, columns_are_k ? l * ld + i : i * ld + l);
      // TF32 keeps ten of f32's 23 bits ("allows down-converting inputs to TF32").
      out[i * inner + l] = work.operation.compute == CUBLAS_COMPUTE_32F_FAST_TF32 ? rounded(value, 13) : value;
    }
  }
  return values;
}

// Tests spend most of their time here. Four sums and no sanitiser make it faster; both arrays are the stand-in's own.
__attribute__((no_sanitize("address", "undefined"))) double dot(const float* a, const float* b, uint64_t count) {
  double sums[4] = {};
  uint64_t l = 0;
  for (; l + 4 <= count; l += 4) {
    for (int lane = 0; lane < 4; ++lane) sums[lane] += static_cast<double>(a[l + lane]) * b[l + lane];
  }
  for (; l < count; ++l) sums[0] += static_cast<double>(a[l]) * b[l];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// The sum over k. An algorithm with a reduction scheme splits it into halves, and stores them in the workspace.
double product(const Work& work, const float* a, const float* b, uint64_t k, uint64_t index) {
  if (work.scheme == CUBLASLT_REDUCTION_SCHEME_NONE) return dot(a, b, k);
  const uint64_t half = k / 2;
  const float first = static_cast<float>(dot(a, b, half));
  const float second = static_cast<float>(dot(a + half, b + half, k - half));
  const cudaDataType type = work.scheme == CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE ? CUDA_R_32F : work.d_layout.type;
  const bool in_place = work.scheme == CUBLASLT_REDUCTION_SCHEME_INPLACE;
  if (in_place) {
    static_cast<float*>(work.workspace)[0] = 0.0f;  // a counter
    return as_stored(as_stored(first, type) + second, type);
  }
  store(work.workspace, type, 2 * index, first);
  store(work.workspace, type, 2 * index + 1, second);
  return static_cast<double>(load(work.workspace, type, 2 * index)) + load(work.workspace, type, 2 * index + 1);
}

// An unreachable operand is a fault of the kernel on a device, so the call itself does not fail.
bool reachable(const Work& work) {
  const bool reads_c = work.beta != 0.0f;
  return on_device(work.a, extent_of(work.a_layout)) && on_device(work.b, extent_of(work.b_layout)) &&
         (!reads_c || on_device(work.c, extent_of(work.c_layout))) && on_device(work.d, extent_of(work.d_layout)) &&
         (work.workspace_bytes == 0 || on_device(work.workspace, work.workspace_bytes)) &&
         (!work.biased() || on_device(work.operation.bias, work.d_layout.rows * bytes_of(work.d_layout.type)));
}

void run(const Work& work) {
  if (!reachable(work)) return fail_device("an illegal memory access was encountered in cublasLtMatmul");
  // Kernels read 16 bytes of a bias at once, and neither the heuristic nor the call checks its alignment
  // (pytorch/pytorch#194497).
  if (work.biased() && !aligned(work.operation.bias, 16)) return fail_device("misaligned address in cublasLtMatmul");
  const bool flip_a = work.operation.transpose_a == CUBLAS_OP_T, flip_b = work.operation.transpose_b == CUBLAS_OP_T;
  const std::vector<float> a = gathered(work, work.a, work.a_layout, !flip_a);
  const std::vector<float> b = gathered(work, work.b, work.b_layout, flip_b);
  const uint64_t m = work.d_layout.rows, n = work.d_layout.columns, k = a.size() / m;
  for (uint64_t j = 0; j < n; ++j) {
    for (uint64_t i = 0; i < m; ++i) {
      double value = work.alpha * product(work, a.data() + i * k, b.data() + j * k, k, j * m + i);
      // As in BLAS, beta 0 means that C is not read.
      if (work.beta != 0.0f) {
        value += static_cast<double>(work.beta) *
                 load(work.c, work.c_layout.type, j * static_cast<uint64_t>(work.c_layout.ld) + i);
      }
      // "Bias vector is broadcasted to all columns and added before applying final postprocessing" (cublasLt.h).
      if (work.biased()) value += load(work.operation.bias, work.d_layout.type, i);
      store(work.d, work.d_layout.type, j * static_cast<uint64_t>(work.d_layout.ld) + i, static_cast<float>(value));
    }
  }
}

bool same_layout(const cublasLtMatrixLayoutOpaque_t& one, const cublasLtMatrixLayoutOpaque_t& other) {
  return one.type == other.type && one.rows == other.rows && one.columns == other.columns && one.ld == other.ld;
}

}  // namespace
}  // namespace hostcuda

using namespace hostcuda;

extern "C" cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation, const void* alpha,
                                         const void* a, cublasLtMatrixLayout_t a_layout, const void* b,
                                         cublasLtMatrixLayout_t b_layout, const void* beta, const void* c,
                                         cublasLtMatrixLayout_t c_layout, void* d, cublasLtMatrixLayout_t d_layout,
                                         const cublasLtMatmulAlgo_t* algo, void* workspace, size_t workspace_bytes,
                                         cudaStream_t stream) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  const Gemm gemm{operation, a_layout, b_layout, c_layout, d_layout};
  const cublasStatus_t checked = check_gemm(gemm);
  if (checked != CUBLAS_STATUS_SUCCESS) return checked;
  // "If the parameters are unexpectedly NULL, in conflict or in an impossible configuration" (documentation,
  // cublasLtMatmul). The real library accepts a null algo and searches for one in every call, which sluice never wants.
  if (alpha == nullptr || beta == nullptr || a == nullptr || b == nullptr || c == nullptr || d == nullptr ||
      algo == nullptr || (operation->epilogue == CUBLASLT_EPILOGUE_BIAS && operation->bias == nullptr)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  // "In-place matrix multiplication (C == D and Cdesc == Ddesc)" (ibid., Note).
  if (c == d && !same_layout(*c_layout, *d_layout)) return CUBLAS_STATUS_INVALID_VALUE;
  // "CUBLAS_STATUS_INVALID_VALUE if matrix layout descriptors or operation descriptor don't match algo descriptor"
  // (cublasLt.h, cublasLtMatmulAlgoCheck).
  Algorithm algorithm{};
  std::memcpy(&algorithm, algo, sizeof algorithm);
  if (algorithm.mark != algorithm_mark || algorithm.problem != hash_of(gemm)) return CUBLAS_STATUS_INVALID_VALUE;
  // An algorithm "will fail if e.g. buffers are not correctly aligned" (ibid.), that is, as the preference said.
  if (!aligned(a, algorithm.alignment_a) || !aligned(b, algorithm.alignment_b) || !aligned(c, algorithm.alignment_c) ||
      !aligned(d, algorithm.alignment_d)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  // "When workspaceSizeInBytes is less than workspace required by the configured algo"; the workspace "must be 256B
  // aligned (i.e. lowest 8 bits of address must be 0)" (documentation, cublasLtMatmul).
  if (workspace_bytes < algorithm.workspace || (algorithm.workspace > 0 && workspace == nullptr) ||
      !aligned(workspace, 256)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  float scales[2];  // CUBLASLT_POINTER_MODE_HOST, the default: read before the call returns
  std::memcpy(&scales[0], alpha, sizeof scales[0]);
  std::memcpy(&scales[1], beta, sizeof scales[1]);
  const Work work{*operation, *a_layout, *b_layout, *c_layout, *d_layout,        scales[0], scales[1],
                  a,          b,         c,         d,         algorithm.scheme, workspace, algorithm.workspace};
  // "If CUDA reported an execution error from the device" (ibid.).
  return enqueue(stream, [work] { run(work); }) == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}
