// The convolution of a graph, read from its descriptors.
#pragma once

#include <array>

#include "descriptor.h"

namespace hostcudnn {

struct Tensor {
  int64_t id, alignment;
  cudnnDataType_t type;
  std::vector<int64_t> dims, strides;

  size_t element_bytes() const { return type == CUDNN_DATA_BFLOAT16 ? 2 : 4; }
  // From the first element to the end of the last element.
  size_t bytes() const;
};

enum class Direction { forward, backward_data, backward_weights };

// Tensors are named after their roles in the forward direction: x [N,C,H,W], weights [K,C,R,S], y [N,K,P,Q].
struct Problem {
  Direction direction;
  Tensor x, weights, y;
  std::vector<int64_t> strides, dilations, before, after;
  cudnnConvolutionMode_t mode;
  cudnnDataType_t compute;
  float alpha, beta;
};

// Reads an operation whose attributes are all set.
Problem problem_of(const Descriptor& operation);
// Reads the only operation of a graph.
Problem problem_of_graph(const Descriptor& graph);

}  // namespace hostcudnn
