// The entry point of the single-file executable: unpacks its files if needed, then replaces itself by the program.
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "cache.h"
#include "descriptor.h"
#include "failure.h"
#include "payload.h"

namespace {

using launcher::Failure;

// The executable's path. Without /proc, it is known from the path with which the kernel started it.
std::string executable_path() {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  if (length > 0 && length < PATH_MAX) return std::string(path, static_cast<size_t>(length));
  const char* const name = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  if (name != nullptr && realpath(name, path) != nullptr) return path;
  throw Failure(1, "this executable cannot find its own file: start it by its full path");
}

int open_executable(const std::string& path) {
  const int opened = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  return opened >= 0 ? opened : open(path.c_str(), O_RDONLY | O_CLOEXEC);
}

std::string replace(std::string text, const std::string& name, const std::string& value) {
  const size_t at = text.find(name);
  return at == std::string::npos ? text : text.replace(at, name.size(), value);
}

bool starts_with(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

// Whether a variable configures Deno or its parts. Settings meant for another program can redirect this one, print
// into its output or keep it from starting. Certificates are kept: `data fetch` needs those of a network's proxy.
bool is_foreign_setting(const std::string& name) {
  for (const char* const kept : {"DENO_CERT", "DENO_TLS_CA_STORE", "NODE_EXTRA_CA_CERTS"}) {
    if (name == kept) return false;
  }
  for (const char* const start : {"DENO_", "NODE_", "OTEL_", "NPM_CONFIG_", "npm_config_", "JSR_"}) {
    if (starts_with(name, start)) return true;
  }
  return false;
}

void remove_foreign_settings() {
  std::vector<std::string> names;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string name(*variable, std::strcspn(*variable, "="));
    if (is_foreign_setting(name)) names.push_back(name);
  }
  for (const std::string& name : names) unsetenv(name.c_str());
}

// Tells the program its paths, and configures Deno: no cache, no check for updates, no replacement of `node`. HOME is
// changed because Deno fails on some ~/.npmrc files; cli/home.ts restores it. The locale is C because Deno crashes on
// some locale names; the program's output does not depend on it.
void set_environment(const std::string& executable, const std::string& folder) {
  remove_foreign_settings();
  setenv("SLUICE_EXECUTABLE", executable.c_str(), 1);
  setenv("SLUICE_CACHE_FOLDER", folder.c_str(), 1);
  setenv("SLUICE_NATIVE", (folder + "/native").c_str(), 0);
  const char* const home = std::getenv("HOME");
  setenv("SLUICE_HOME", home == nullptr ? "" : home, 1);
  setenv("HOME", folder.c_str(), 1);
  setenv("DENO_DIR", "/dev/null/deno", 1);
  for (const char* const name : {"DENO_NO_UPDATE_CHECK", "DENO_DISABLE_NODE_SHIM"}) setenv(name, "1", 1);
  setenv("LC_ALL", "C", 1);
}

[[noreturn]] void become_program(int argument_count, char** arguments) {
  const std::string path = executable_path();
  const launcher::Descriptor executable(open_executable(path));
  if (!executable) throw Failure(1, path + ": " + launcher::last_error());
  const launcher::Payload payload = launcher::read_payload(executable.get());
  const std::string folder = launcher::prepare_folder(executable.get(), payload);
  std::vector<std::string> texts{arguments[0] != nullptr ? arguments[0] : path};
  for (const std::string& argument : payload.arguments) {
    texts.push_back(replace(replace(argument, "{folder}", folder), "{executable}", path));
  }
  for (int i = 1; i < argument_count; ++i) texts.push_back(arguments[i]);
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  set_environment(path, folder);
  const std::string program = folder + "/" + payload.program;
  execv(program.c_str(), pointers.data());
  // The program exists, so the missing file is the loader of the C library.
  if (errno == ENOENT)
    throw Failure(1, "this system has no glibc (/lib64/ld-linux-x86-64.so.2): use a system with glibc");
  throw Failure(1, program + ": " + launcher::last_error());
}

}  // namespace

int main(int argument_count, char** arguments) {
  try {
    if (sodium_init() < 0) throw Failure(1, "libsodium cannot be initialised");
    become_program(argument_count, arguments);
  } catch (const Failure& failure) {
    std::fprintf(stderr, "sluice: %s\n", failure.what());
    return failure.status;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sluice: %s\n", error.what());
    return 1;
  }
}
