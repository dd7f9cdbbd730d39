// Compiled with the header of a real cuDNN: whether the table of the stand-in says what NVIDIA's header says.
#include <cudnn.h>

#include <type_traits>

#if CUDNN_MAJOR != 9
#error "this is not cuDNN 9"
#endif

#define CONSTANT(type, name, value) \
  static_assert(std::is_same_v<decltype(name), type> && static_cast<long long>(name) == (value), #name);
#define FUNCTION(result, name, parameters) \
  static_assert(std::is_same_v<decltype(&::name), result(*) parameters>, #name);
#include "tables/cudnn.inc"
