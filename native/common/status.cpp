// The error sentence of each thread, and the sentences that several functions share.
#include "status.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <new>

namespace sluice {

namespace {

thread_local char last_error[1024] = "";

int32_t fail_on(int32_t status, const char* function, const char* sentence, const char* shapes) noexcept {
  if (shapes == nullptr) return fail(status, "%s: %s", function, sentence);
  return fail(status, "%s: %s (%s)", function, sentence, shapes);
}

}  // namespace

int32_t fail(int32_t status, const char* format, ...) noexcept {
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(last_error, sizeof last_error, format, arguments);
  va_end(arguments);
  return status;
}

int32_t check_pointers(const char* function, const char* names, std::initializer_list<const void*> pointers) noexcept {
  for (const void* const pointer : pointers) {
    const int length = static_cast<int>(std::strcspn(names, ","));
    if (pointer == nullptr) return fail(SL_ERROR_INVALID_ARGUMENT, "%s: %.*s is null", function, length, names);
    names += length;
    names += std::strspn(names, ", ");
  }
  return SL_OK;
}

int32_t exception_status(const char* function, const char* shapes) noexcept {
  try {
    throw;
  } catch (const BackendError& error) {
    return fail_on(error.status, function, error.what(), shapes);
  } catch (const std::bad_alloc&) {
    return fail_on(SL_ERROR_OUT_OF_MEMORY, function, "out of host memory", shapes);
  } catch (const std::exception& error) {
    return fail_on(SL_ERROR_BACKEND, function, error.what(), shapes);
  } catch (...) {
    return fail_on(SL_ERROR_BACKEND, function, "an exception of unknown type", shapes);
  }
}

}  // namespace sluice

SL_API const char* sl_last_error(void) { return sluice::last_error; }

SL_API int32_t sl_abi_version(void) { return SL_ABI_VERSION; }
