// The error sentence of each thread.
#include "status.h"

#include <cstdarg>
#include <cstdio>

namespace sluice {

namespace {
thread_local char last_error[1024] = "";
}

int32_t fail(int32_t status, const char* format, ...) noexcept {
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(last_error, sizeof last_error, format, arguments);
  va_end(arguments);
  return status;
}

}  // namespace sluice

SL_API const char* sl_last_error(void) { return sluice::last_error; }

SL_API int32_t sl_abi_version(void) { return SL_ABI_VERSION; }
