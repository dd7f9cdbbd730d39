// Reads the index of the files in the executable.
#include "payload.h"

#include <sys/stat.h>
#include <unistd.h>

#include <sstream>

#include "digest.h"
#include "failure.h"

namespace launcher {
namespace {

const std::string magic = "sluice-payload-1";
constexpr int64_t number_digits = 16, digest_digits = 128;
const int64_t trailer_bytes = static_cast<int64_t>(magic.size()) + 2 * number_digits + digest_digits;
constexpr size_t name_digits = 12;

[[noreturn]] void fail_as_damaged() {
  throw Failure(1, "this executable is damaged or incomplete: copy it again and compare its checksum");
}

int64_t parse_hexadecimal(const std::string& digits) {
  if (digits.find_first_not_of("0123456789abcdef") != std::string::npos) fail_as_damaged();
  return static_cast<int64_t>(std::stoull(digits, nullptr, 16));
}

std::string read_text(int executable, int64_t count, int64_t offset) {
  std::string text(static_cast<size_t>(count), '\0');
  read_exactly(executable, text.data(), count, offset);
  return text;
}

// The rest of a line after the blank that follows a field.
std::string rest_of(std::istringstream& fields) {
  std::string rest;
  std::getline(fields.ignore(1), rest);
  return rest;
}

PackedFile parse_file(std::istringstream& fields) {
  PackedFile file{};
  fields >> file.offset >> file.packed >> file.size >> std::oct >> file.mode >> std::dec >> file.digest;
  file.path = rest_of(fields);
  if (fields.bad() || file.digest.size() != digest_digits || file.path.empty()) fail_as_damaged();
  return file;
}

Payload parse_index(const std::string& index, const std::string& digest) {
  Payload payload;
  std::istringstream lines(index);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string kind;
    fields >> kind;
    if (kind == "version") payload.name = rest_of(fields) + "-" + digest.substr(0, name_digits);
    if (kind == "program") payload.program = rest_of(fields);
    if (kind == "argument") payload.arguments.push_back(rest_of(fields));
    if (kind == "file") payload.files.push_back(parse_file(fields));
  }
  if (payload.name.empty() || payload.program.empty()) fail_as_damaged();
  return payload;
}

}  // namespace

void read_exactly(int executable, void* bytes, int64_t count, int64_t offset) {
  for (int64_t done = 0; done < count;) {
    const ssize_t got =
        pread(executable, static_cast<char*>(bytes) + done, static_cast<size_t>(count - done), offset + done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail_as_damaged();
    done += got;
  }
}

Payload read_payload(int executable) {
  struct stat status{};
  if (fstat(executable, &status) != 0 || status.st_size < trailer_bytes) fail_as_damaged();
  const std::string trailer = read_text(executable, trailer_bytes, status.st_size - trailer_bytes);
  if (trailer.compare(0, magic.size(), magic) != 0) fail_as_damaged();
  const int64_t offset = parse_hexadecimal(trailer.substr(magic.size(), number_digits));
  const int64_t length = parse_hexadecimal(trailer.substr(magic.size() + number_digits, number_digits));
  if (offset < 0 || length < 0 || offset + length + trailer_bytes != status.st_size) fail_as_damaged();
  const std::string index = read_text(executable, length, offset);
  Digest digest;
  digest.add(index.data(), index.size());
  const std::string found = digest.text();
  if (trailer.compare(magic.size() + 2 * number_digits, digest_digits, found) != 0) fail_as_damaged();
  return parse_index(index, found);
}

}  // namespace launcher
