// Convolution in its three directions: checks, and the tables that choose an algorithm by shape and instruction set.
#include <cstring>

#include "../onednn.h"
#include "../winograd/winograd.h"
#include "onednn_conv.h"
#include "pointwise.h"
#include "shifted.h"
#include "stem.h"
#include "tiled.h"

namespace sluice {
namespace {

// A way to compute y or dx from weights that were packed for it.
struct PackedAlgorithm {
  bool (*suits)(const sl_conv_shape& shape, int32_t direction);
  int64_t (*packed_bytes)(const ConvProblem& problem, int32_t direction);
  void (*pack)(const ConvProblem& problem, int32_t direction, const float* weights, void* packed);
  void (*convolve)(const ConvProblem& problem, int32_t direction, const void* input, const void* packed, void* output,
                   bool accumulate);
};

// A way to compute dw.
struct GradientAlgorithm {
  bool (*suits)(const sl_conv_shape& shape);
  void (*compute)(const ConvProblem& problem, const void* x, const void* dy, float* dw, bool accumulate);
};

// The first algorithm that suits is taken, so that packing and computing agree; oneDNN suits every shape.
const PackedAlgorithm packed_algorithms[] = {
    {[](const sl_conv_shape& s, int32_t) { return winograd_suits(s); },
     [](const ConvProblem& p, int32_t direction) { return winograd_packed_bytes(p.shape, direction); },
     [](const ConvProblem& p, int32_t direction, const float* weights, void* packed) {
       winograd_pack(p.context, p.shape, direction, weights, packed);
     },
     [](const ConvProblem& p, int32_t direction, const void* input, const void* packed, void* output, bool accumulate) {
       winograd_convolve(p.context, p.shape, direction, input, packed, output, accumulate);
     }},
    {[](const sl_conv_shape& s, int32_t direction) { return direction == SL_CONV_FORWARD && stem_suits(s); },
     [](const ConvProblem& p, int32_t) { return stem_packed_bytes(p.shape); },
     [](const ConvProblem& p, int32_t, const float* weights, void* packed) { stem_pack(p.shape, weights, packed); },
     [](const ConvProblem& p, int32_t, const void* input, const void* packed, void* output, bool) {
       stem_forward(p.context, p.shape, input, packed, output);
     }},
    {[](const sl_conv_shape&, int32_t) { return true; }, onednn_packed_bytes, onednn_pack, onednn_convolve},
};

const GradientAlgorithm gradient_algorithms[] = {
    {tiled_suits, tiled_backward_weights},
    {winograd_suits, [](const ConvProblem& p, const void* x, const void* dy, float* dw,
                        bool accumulate) { winograd_backward_weights(p.context, p.shape, x, dy, dw, accumulate); }},
    {stem_suits, [](const ConvProblem& p, const void* x, const void* dy, float* dw,
                    bool accumulate) { stem_backward_weights(p.context, p.shape, x, dy, dw, accumulate); }},
    {shifted_suits, shifted_backward_weights},
    {pointwise_suits, pointwise_backward_weights},
    {[](const sl_conv_shape&) { return true; }, onednn_backward_weights},
};

const PackedAlgorithm& packed_algorithm(const sl_conv_shape& shape, int32_t direction) {
  const PackedAlgorithm* algorithm = packed_algorithms;
  while (!algorithm->suits(shape, direction)) ++algorithm;
  return *algorithm;
}

const GradientAlgorithm& gradient_algorithm(const sl_conv_shape& shape) {
  const GradientAlgorithm* algorithm = gradient_algorithms;
  while (!algorithm->suits(shape)) ++algorithm;
  return *algorithm;
}

// Fills the problem. INVALID_ARGUMENT if the context or shape is null or the shape is impossible, UNSUPPORTED for bf16
// on a processor that lacks it.
int32_t check_conv(const char* name, sl_context* context, const sl_conv_shape* host_shape, ConvProblem* problem) {
  SL_REQUIRE_POINTERS(name, context);
  SL_TRY(check_conv_shape(name, host_shape, &problem->sizes));
  problem->context = context;
  problem->shape = *host_shape;
  return check_onednn_dtype(name, host_shape->dtype);
}

void set_zero(sl_context* context, void* data, int64_t bytes) {
  parallel_for(context->threads, bytes, int64_t{1} << 18, [=](int64_t begin, int64_t end) {
    std::memset(static_cast<char*>(data) + begin, 0, static_cast<size_t>(end - begin));
  });
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_conv_packed_bytes(sl_context* context, const sl_conv_shape* host_shape, int32_t direction,
                                    int64_t* host_bytes) {
  ConvProblem problem;
  SL_TRY(check_conv("sl_conv_packed_bytes", context, host_shape, &problem));
  SL_TRY(check_conv_direction("sl_conv_packed_bytes", direction));
  SL_REQUIRE_POINTERS("sl_conv_packed_bytes", host_bytes);
  SL_BEGIN
  *host_bytes = problem.sizes.empty() ? 0 : packed_algorithm(*host_shape, direction).packed_bytes(problem, direction);
  return SL_OK;
  SL_END("sl_conv_packed_bytes", ConvText(*host_shape).text)
}

SL_API int32_t sl_conv_pack(sl_context* context, const sl_conv_shape* host_shape, int32_t direction,
                            const float* weights, void* packed) {
  ConvProblem problem;
  SL_TRY(check_conv("sl_conv_pack", context, host_shape, &problem));
  SL_TRY(check_conv_direction("sl_conv_pack", direction));
  SL_REQUIRE_POINTERS("sl_conv_pack", weights, packed);
  if (problem.sizes.empty()) return SL_OK;
  SL_BEGIN
  packed_algorithm(*host_shape, direction).pack(problem, direction, weights, packed);
  return SL_OK;
  SL_END("sl_conv_pack", ConvText(*host_shape).text)
}

SL_API int32_t sl_conv_forward(sl_context* context, const sl_conv_shape* host_shape, const void* x, const void* packed,
                               void* y) {
  ConvProblem problem;
  SL_TRY(check_conv("sl_conv_forward", context, host_shape, &problem));
  SL_REQUIRE_POINTERS("sl_conv_forward", x, packed, y);
  if (problem.sizes.empty()) {
    set_zero(context, y, problem.sizes.y * element_bytes(host_shape->dtype));
    return SL_OK;
  }
  SL_BEGIN
  packed_algorithm(*host_shape, SL_CONV_FORWARD).convolve(problem, SL_CONV_FORWARD, x, packed, y, false);
  return SL_OK;
  SL_END("sl_conv_forward", ConvText(*host_shape).text)
}

SL_API int32_t sl_conv_backward_data(sl_context* context, const sl_conv_shape* host_shape, const void* dy,
                                     const void* packed, void* dx, int32_t accumulate) {
  ConvProblem problem;
  SL_TRY(check_conv("sl_conv_backward_data", context, host_shape, &problem));
  SL_REQUIRE_POINTERS("sl_conv_backward_data", dy, packed, dx);
  if (problem.sizes.empty()) {
    if (accumulate == 0) set_zero(context, dx, problem.sizes.x * element_bytes(host_shape->dtype));
    return SL_OK;
  }
  SL_BEGIN
  packed_algorithm(*host_shape, SL_CONV_BACKWARD_DATA)
      .convolve(problem, SL_CONV_BACKWARD_DATA, dy, packed, dx, accumulate != 0);
  return SL_OK;
  SL_END("sl_conv_backward_data", ConvText(*host_shape).text)
}

SL_API int32_t sl_conv_backward_weights(sl_context* context, const sl_conv_shape* host_shape, const void* x,
                                        const void* dy, float* dw, int32_t accumulate) {
  ConvProblem problem;
  SL_TRY(check_conv("sl_conv_backward_weights", context, host_shape, &problem));
  SL_REQUIRE_POINTERS("sl_conv_backward_weights", x, dy, dw);
  if (problem.sizes.empty()) {
    if (accumulate == 0) set_zero(context, dw, problem.sizes.weights * static_cast<int64_t>(sizeof(float)));
    return SL_OK;
  }
  SL_BEGIN
  gradient_algorithm(*host_shape).compute(problem, x, dy, dw, accumulate != 0);
  return SL_OK;
  SL_END("sl_conv_backward_weights", ConvText(*host_shape).text)
}
