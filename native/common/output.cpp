// Keeps the process's stdout free for the results of the command line.
#include <cstdio>

namespace {

// Sends the output of the libraries below this one, such as oneDNN's with ONEDNN_VERBOSE or cuDNN's log, to stderr:
// on stdout it would break a JSON document. glibc lets a program assign `stdout`. This runs when the library is loaded,
// before any of its functions can print.
[[gnu::constructor]] void print_to_stderr() { stdout = stderr; }

}  // namespace
