// Compares the stand-in's table for cuDNN with the header of a real cuDNN. Compiles only if they agree.
#include <cudnn.h>

#include <type_traits>

#if CUDNN_MAJOR != 9
#error "this is not the header of cuDNN 9: add its include folder"
#endif

#define CONSTANT(type, name, value) \
  static_assert(std::is_same_v<decltype(name), type> && static_cast<long long>(name) == (value), #name);
#define FUNCTION(result, name, parameters) \
  static_assert(std::is_same_v<decltype(&::name), result(*) parameters>, #name);
#include "tables/cudnn.inc"
