// A stand-in for cuDNN's header, with the part of the graph API's C backend that sluice uses, for tests.
#pragma once

#include <cuda_runtime.h>

enum cudnnStatus_t : int {};
enum cudnnDataType_t : int {};
enum cudnnConvolutionMode_t : int {};
enum cudnnBackendHeurMode_t : int {};
enum cudnnBackendNumericalNote_t : int {};
enum cudnnBackendAttributeType_t : int {};
enum cudnnBackendDescriptorType_t : int {};
enum cudnnBackendAttributeName_t : int {};
using cudnnHandle_t = struct cudnnContext*;
using cudnnBackendDescriptor_t = void*;

extern "C" {
#define CONSTANT(type, name, value) constexpr type name = static_cast<type>(value);
#define FUNCTION(result, name, parameters) result name parameters;
#include "../tables/cudnn.inc"
#undef FUNCTION
#undef CONSTANT
}
