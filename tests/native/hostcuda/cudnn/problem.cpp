// Reads a convolution from its descriptors.
#include "problem.h"

#include <stdexcept>

namespace hostcudnn {
namespace {

Tensor tensor_of(const Descriptor& d) {
  return {d.one<int64_t>(CUDNN_ATTR_TENSOR_UNIQUE_ID), d.one<int64_t>(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT),
          d.one<cudnnDataType_t>(CUDNN_ATTR_TENSOR_DATA_TYPE), d.all<int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS),
          d.all<int64_t>(CUDNN_ATTR_TENSOR_STRIDES)};
}

struct Names {
  Direction direction;
  cudnnBackendAttributeName_t x, weights, y, convolution, alpha, beta;
};

Names names_of(cudnnBackendDescriptorType_t kind) {
  if (kind == CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR) {
    return {Direction::forward,
            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
  }
  if (kind == CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR) {
    return {Direction::backward_data,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
  }
  return {Direction::backward_weights,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
}

// A finalised descriptor of the given kind that was set into an operation.
const Descriptor& part(const Descriptor& operation, cudnnBackendAttributeName_t name,
                       cudnnBackendDescriptorType_t kind) {
  const Descriptor& found = operation.descriptor(name);
  if (found.kind != kind || !found.finalized) throw std::out_of_range("a part is not finalised or has another kind");
  return found;
}

}  // namespace

size_t Tensor::bytes() const {
  int64_t last = 0;
  for (size_t i = 0; i < dims.size(); ++i) last += (dims[i] - 1) * strides[i];
  return static_cast<size_t>(last + 1) * element_bytes();
}

Problem problem_of(const Descriptor& operation) {
  const Names names = names_of(operation.kind);
  const Descriptor& convolution = part(operation, names.convolution, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  return {names.direction,
          tensor_of(part(operation, names.x, CUDNN_BACKEND_TENSOR_DESCRIPTOR)),
          tensor_of(part(operation, names.weights, CUDNN_BACKEND_TENSOR_DESCRIPTOR)),
          tensor_of(part(operation, names.y, CUDNN_BACKEND_TENSOR_DESCRIPTOR)),
          convolution.all<int64_t>(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES),
          convolution.all<int64_t>(CUDNN_ATTR_CONVOLUTION_DILATIONS),
          convolution.all<int64_t>(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS),
          convolution.all<int64_t>(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS),
          convolution.one<cudnnConvolutionMode_t>(CUDNN_ATTR_CONVOLUTION_CONV_MODE),
          convolution.one<cudnnDataType_t>(CUDNN_ATTR_CONVOLUTION_COMP_TYPE),
          operation.one<float>(names.alpha),
          operation.one<float>(names.beta)};
}

Problem problem_of_graph(const Descriptor& graph) {
  return problem_of(graph.descriptor(CUDNN_ATTR_OPERATIONGRAPH_OPS));
}

}  // namespace hostcudnn
