// Checks tensors, convolutions, operations and graphs when they are finalised.
#include <algorithm>
#include <stdexcept>

#include "handle.h"
#include "problem.h"

namespace hostcudnn {
namespace {

// Whether two indices may refer to the same element (seen: xDesc.hasOverlappingStrides()).
bool overlaps(const Tensor& tensor) {
  std::vector<std::pair<int64_t, int64_t>> axes;
  for (size_t i = 0; i < tensor.dims.size(); ++i) {
    if (tensor.dims[i] > 1) axes.emplace_back(tensor.strides[i], tensor.dims[i]);
  }
  std::sort(axes.begin(), axes.end());
  int64_t reach = 0;
  for (const auto& [stride, length] : axes) {
    if (stride <= reach) return true;
    reach += stride * (length - 1);
  }
  return false;
}

}  // namespace

// cudnn_graph.h, CUDNN_BACKEND_TENSOR_DESCRIPTOR, "Finalization".
cudnnStatus_t finalize_tensor(Descriptor& tensor) {
  const auto type = tensor.one<cudnnDataType_t>(CUDNN_ATTR_TENSOR_DATA_TYPE);
  const auto dims = tensor.all<int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS);
  const auto strides = tensor.all<int64_t>(CUDNN_ATTR_TENSOR_STRIDES);
  const auto alignment = tensor.one<int64_t>(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT);
  HOSTCUDNN_REQUIRE(type != CUDNN_DATA_INT8x4 && type != CUDNN_DATA_UINT8x4 && type != CUDNN_DATA_INT8x32,
                    CUDNN_STATUS_NOT_SUPPORTED);
  // The stand-in supports only two of cuDNN's types.
  HOSTCUDNN_REQUIRE(type == CUDNN_DATA_FLOAT || type == CUDNN_DATA_BFLOAT16, CUDNN_STATUS_NOT_SUPPORTED);
  HOSTCUDNN_REQUIRE(dims.size() == strides.size(), CUDNN_STATUS_BAD_PARAM);  // seen
  // "Any of the tensor dimensions or strides is not positive"; seen: cuDNN accepts 0 here and refuses it in operations.
  for (const int64_t length : dims) HOSTCUDNN_REQUIRE(length > 0, CUDNN_STATUS_BAD_PARAM);
  for (const int64_t stride : strides) HOSTCUDNN_REQUIRE(stride > 0, CUDNN_STATUS_BAD_PARAM);
  const int64_t element = type == CUDNN_DATA_BFLOAT16 ? 2 : 4;
  HOSTCUDNN_REQUIRE(alignment > 0 && alignment % element == 0, CUDNN_STATUS_BAD_PARAM);  // also seen
  return CUDNN_STATUS_SUCCESS;
}

// cudnn_graph.h, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, "Finalization".
cudnnStatus_t finalize_convolution(Descriptor& convolution) {
  const auto spatial = static_cast<size_t>(convolution.one<int64_t>(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS));
  for (const auto name : {CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES,
                          CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS}) {
    const auto values = convolution.all<int64_t>(name);
    HOSTCUDNN_REQUIRE(values.size() == spatial, CUDNN_STATUS_BAD_PARAM);
    const bool padding = name == CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS || name == CUDNN_ATTR_CONVOLUTION_POST_PADDINGS;
    for (const int64_t value : values) HOSTCUDNN_REQUIRE(value >= (padding ? 0 : 1), CUDNN_STATUS_BAD_PARAM);  // seen
  }
  return CUDNN_STATUS_SUCCESS;
}

// cudnn_graph.h, CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, "Notes on tensor dimension binding during
// finalization", which the two backward operations refer to.
cudnnStatus_t finalize_operation(Descriptor& operation) {
  Problem p;
  try {
    p = problem_of(operation);
  } catch (const std::out_of_range& error) {  // seen: !xPort.tensor.isFinalized() and so on
    return refuse(CUDNN_STATUS_BAD_PARAM, error.what());
  }
  const size_t spatial = p.strides.size();
  for (const Tensor* tensor : {&p.x, &p.weights, &p.y}) {
    HOSTCUDNN_REQUIRE(tensor->dims.size() == spatial + 2, CUDNN_STATUS_BAD_PARAM);
    HOSTCUDNN_REQUIRE(!overlaps(*tensor), CUDNN_STATUS_BAD_PARAM);
  }
  HOSTCUDNN_REQUIRE(p.x.dims[0] == p.y.dims[0], CUDNN_STATUS_BAD_PARAM);
  HOSTCUDNN_REQUIRE(p.weights.dims[0] == p.y.dims[1], CUDNN_STATUS_BAD_PARAM);
  HOSTCUDNN_REQUIRE(p.x.dims[1] % p.weights.dims[1] == 0, CUDNN_STATUS_BAD_PARAM);  // quotient: groups
  for (size_t i = 0; i < spatial; ++i) {
    const int64_t reach = (p.weights.dims[2 + i] - 1) * p.dilations[i] + 1;
    const int64_t room = p.x.dims[2 + i] + p.before[i] + p.after[i] - reach;
    // Seen: is_valid_spatial_dim(x, w, y, padding before and after, stride, dilation).
    HOSTCUDNN_REQUIRE(room >= 0 && p.y.dims[2 + i] == room / p.strides[i] + 1, CUDNN_STATUS_BAD_PARAM);
  }
  return CUDNN_STATUS_SUCCESS;
}

// cudnn_graph.h, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, "Finalization".
cudnnStatus_t finalize_graph(Descriptor& graph) {
  HOSTCUDNN_REQUIRE(live(graph.one<cudnnHandle_t>(CUDNN_ATTR_OPERATIONGRAPH_HANDLE)), CUDNN_STATUS_BAD_PARAM);
  const auto& operations = graph.values.at(CUDNN_ATTR_OPERATIONGRAPH_OPS).descriptors;
  HOSTCUDNN_REQUIRE(operations.size() == 1, CUDNN_STATUS_NOT_SUPPORTED);  // a limit of the stand-in
  const Problem p = problem_of(*operations[0]);
  // "A unique identifier of tensor": a pack could not distinguish two tensors with the same identifier.
  HOSTCUDNN_REQUIRE(p.x.id != p.weights.id && p.x.id != p.y.id && p.weights.id != p.y.id, CUDNN_STATUS_BAD_PARAM);
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace hostcudnn
