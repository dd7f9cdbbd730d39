// Keeps the process's stdout free for results, which the command line writes there itself.
#include <cstdio>

namespace {

// What the libraries print below this one, for example oneDNN with ONEDNN_VERBOSE or cuDNN with its log, goes to stderr: it
// would tear a JSON document on stdout. glibc lets a program assign `stdout`. Runs when the library is loaded, before any
// other of its functions can print.
[[gnu::constructor]] void print_to_stderr() { stdout = stderr; }

}  // namespace
