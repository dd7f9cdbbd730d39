// Convolution in its three directions with cuDNN. Activations are plain NHWC, weights plain OHWI.
#include "../common/conv_checks.h"
#include "maps.h"
#include "nvidia/cudnn.h"
#include "nvidia/cudnn_graph.h"

namespace sluice {
namespace {

// to[i] += from[i], for n elements. For a convolution that no engine adds to its result itself.
template <typename T>
int32_t add_to(const sl_context* context, const char* name, const void* from, void* to, int64_t n) {
  T* const out = static_cast<T*>(to);
  return map(
      context, name, n, out, [] __device__(float more, float old) { return old + more; }, static_cast<const T*>(from),
      static_cast<const T*>(out));
}

// Converts the weights' gradient from cuDNN's dtype to the f32 of the interface, adding if `accumulate`.
template <typename T>
int32_t widen(const sl_context* context, const char* name, const void* from, float* to, int64_t n, bool accumulate) {
  const T* const in = static_cast<const T*>(from);
  if (!accumulate) return map(context, name, n, to, [] __device__(float own) { return own; }, in);
  return map(
      context, name, n, to, [] __device__(float own, float old) { return old + own; }, in,
      static_cast<const float*>(to));
}

int32_t round_weights(const sl_context* context, const float* weights, void* packed, int64_t n) {
  bf16* const out = static_cast<bf16*>(packed);
  return map(context, "sl_conv_pack", n, out, [] __device__(float weight) { return weight; }, weights);
}

int32_t set_zero(const sl_context* context, const char* name, void* data, int64_t bytes) {
  if (bytes == 0) return SL_OK;
  return cuda_status(name, cudaMemsetAsync(data, 0, static_cast<size_t>(bytes), context->stream));
}

// The alignment of all three pointers: the 16 bytes of cuDNN's widest loads, unless a pointer lies inside a buffer.
int64_t alignment_of(const ConvOperands& operands, int32_t dtype) {
  const uintptr_t bits = reinterpret_cast<uintptr_t>(operands.x) | reinterpret_cast<uintptr_t>(operands.weights) |
                         reinterpret_cast<uintptr_t>(operands.y);
  return bits % 16 == 0 ? 16 : element_bytes(dtype);
}

// Runs cuDNN's plan of the problem. The direction decides which operand is written, or added to if `added` is given:
// it receives false, and nothing is computed, if no engine adds.
int32_t convolve(sl_context* context, const char* name, const sl_conv_shape& shape, const ConvSizes& sizes,
                 ConvDirection direction, const ConvOperands& operands, bool* added = nullptr) {
  try {
    Cudnn& cudnn = cudnn_of(context);
    const int64_t alignment = alignment_of(operands, shape.dtype);
    const ConvPlan* const plan =
        cudnn.plan({shape, sizes, direction, alignment, context->tf32, added != nullptr}, operands);
    if (added != nullptr) *added = plan != nullptr;
    if (plan == nullptr) return SL_OK;
    const Scratch workspace(context->allocator, plan->workspace_bytes());
    if (plan->workspace_bytes() > 0 && !workspace) {
      return out_of_memory(name, context->allocator, plan->workspace_bytes());
    }
    cudnn.execute(*plan, operands, workspace.get());
    return SL_OK;
  } catch (const CudnnError& error) {
    cudaGetLastError();  // clears the error: it is reported here
    const int32_t status = error.out_of_memory() ? SL_ERROR_OUT_OF_MEMORY
                           : error.unsupported() ? SL_ERROR_UNSUPPORTED
                                                 : SL_ERROR_BACKEND;
    return fail(status, "%s: cuDNN failed on %s: %s", name, ConvText(shape).text, error.what());
  } catch (const std::bad_alloc&) {
    return fail(SL_ERROR_OUT_OF_MEMORY, "%s: out of host memory on %s", name, ConvText(shape).text);
  } catch (const std::exception& error) {  // cuDNN is missing, or CUDA failed while engines were measured
    return fail(SL_ERROR_BACKEND, "%s: %s", name, error.what());
  }
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_conv_packed_bytes(sl_context* context, const sl_conv_shape* host_shape, int32_t direction,
                                    int64_t* host_bytes) {
  SL_ENTER("sl_conv_packed_bytes", context);
  ConvSizes sizes;
  SL_TRY(check_conv_shape("sl_conv_packed_bytes", host_shape, &sizes));
  SL_TRY(check_conv_direction("sl_conv_packed_bytes", direction));
  SL_REQUIRE_POINTERS("sl_conv_packed_bytes", host_bytes);
  *host_bytes = sizes.empty() ? 0 : sizes.weights * element_bytes(host_shape->dtype);
  return SL_OK;
}

SL_API int32_t sl_conv_pack(sl_context* context, const sl_conv_shape* host_shape, int32_t direction,
                            const float* weights, void* packed) {
  SL_ENTER("sl_conv_pack", context);
  ConvSizes sizes;
  SL_TRY(check_conv_shape("sl_conv_pack", host_shape, &sizes));
  SL_TRY(check_conv_direction("sl_conv_pack", direction));
  SL_REQUIRE_POINTERS("sl_conv_pack", weights, packed);
  if (sizes.empty()) return SL_OK;
  // cuDNN reads the weights of both directions in the order of the master weights, and reorders them itself if needed.
  if (host_shape->dtype == SL_BF16) return round_weights(context, weights, packed, sizes.weights);
  const size_t bytes = static_cast<size_t>(sizes.weights) * sizeof(float);
  return cuda_status("sl_conv_pack",
                     cudaMemcpyAsync(packed, weights, bytes, cudaMemcpyDeviceToDevice, context->stream));
}

SL_API int32_t sl_conv_forward(sl_context* context, const sl_conv_shape* host_shape, const void* x, const void* packed,
                               void* y) {
  SL_ENTER("sl_conv_forward", context);
  ConvSizes sizes;
  SL_TRY(check_conv_shape("sl_conv_forward", host_shape, &sizes));
  SL_REQUIRE_POINTERS("sl_conv_forward", x, packed, y);
  if (sizes.empty()) return set_zero(context, "sl_conv_forward", y, sizes.y * element_bytes(host_shape->dtype));
  return convolve(context, "sl_conv_forward", *host_shape, sizes, ConvDirection::forward, {x, packed, y});
}

SL_API int32_t sl_conv_backward_data(sl_context* context, const sl_conv_shape* host_shape, const void* dy,
                                     const void* packed, void* dx, int32_t accumulate) {
  SL_ENTER("sl_conv_backward_data", context);
  ConvSizes sizes;
  SL_TRY(check_conv_shape("sl_conv_backward_data", host_shape, &sizes));
  SL_REQUIRE_POINTERS("sl_conv_backward_data", dy, packed, dx);
  const int64_t bytes = sizes.x * element_bytes(host_shape->dtype);
  if (sizes.empty()) return accumulate != 0 ? SL_OK : set_zero(context, "sl_conv_backward_data", dx, bytes);
  if (accumulate == 0) {
    return convolve(context, "sl_conv_backward_data", *host_shape, sizes, ConvDirection::backward_data,
                    {dx, packed, dy});
  }
  bool added = false;
  SL_TRY(convolve(context, "sl_conv_backward_data", *host_shape, sizes, ConvDirection::backward_data, {dx, packed, dy},
                  &added));
  if (added) return SL_OK;
  SL_BEGIN
  const Scratch scratch(context->allocator, bytes);
  if (!scratch) return out_of_memory("sl_conv_backward_data", context->allocator, bytes);
  SL_TRY(convolve(context, "sl_conv_backward_data", *host_shape, sizes, ConvDirection::backward_data,
                  {scratch.get(), packed, dy}));
  int32_t status = SL_OK;
  SL_DISPATCH(host_shape->dtype, "sl_conv_backward_data", [&](auto zero) {
    status = add_to<decltype(zero)>(context, "sl_conv_backward_data", scratch.get(), dx, sizes.x);
  });
  return status;
  SL_END("sl_conv_backward_data")
}

// For bf16 operands, cuDNN 9 has no engine on any architecture that writes this gradient in f32: it sums in f32 and
// rounds to bf16. The result is converted to f32 here.
SL_API int32_t sl_conv_backward_weights(sl_context* context, const sl_conv_shape* host_shape, const void* x,
                                        const void* dy, float* dw, int32_t accumulate) {
  SL_ENTER("sl_conv_backward_weights", context);
  ConvSizes sizes;
  SL_TRY(check_conv_shape("sl_conv_backward_weights", host_shape, &sizes));
  SL_REQUIRE_POINTERS("sl_conv_backward_weights", x, dy, dw);
  if (sizes.empty()) {
    if (accumulate != 0) return SL_OK;
    return set_zero(context, "sl_conv_backward_weights", dw, sizes.weights * static_cast<int64_t>(sizeof(float)));
  }
  if (accumulate == 0 && host_shape->dtype == SL_F32) {
    return convolve(context, "sl_conv_backward_weights", *host_shape, sizes, ConvDirection::backward_weights,
                    {x, dw, dy});
  }
  SL_BEGIN
  const int64_t bytes = sizes.weights * element_bytes(host_shape->dtype);
  const Scratch scratch(context->allocator, bytes);
  if (!scratch) return out_of_memory("sl_conv_backward_weights", context->allocator, bytes);
  SL_TRY(convolve(context, "sl_conv_backward_weights", *host_shape, sizes, ConvDirection::backward_weights,
                  {x, scratch.get(), dy}));
  int32_t status = SL_OK;
  SL_DISPATCH(host_shape->dtype, "sl_conv_backward_weights", [&](auto zero) {
    status =
        widen<decltype(zero)>(context, "sl_conv_backward_weights", scratch.get(), dw, sizes.weights, accumulate != 0);
  });
  return status;
  SL_END("sl_conv_backward_weights")
}
