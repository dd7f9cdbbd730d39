// The format of the payload, which follows the launcher's own code in the executable.
// The file consists of the launcher, the packed files (a zstd frame each), the index and a trailer. The trailer is
// text of a fixed length: "sluice-payload-1", the offset and the length of the index in 16 hexadecimal digits each,
// and the 128 digits of its BLAKE2b-512. The index has the lines `version V`, `program PATH`, `argument TEXT`, and
// `file OFFSET PACKED SIZE MODE DIGEST PATH`, with decimal numbers except for the octal MODE.
// native/executable/payload.ts writes it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace launcher {

struct PackedFile {
  int64_t offset;  // of its frame in the executable
  int64_t packed;  // size of its frame in bytes
  int64_t size;    // size in bytes when unpacked
  uint32_t mode;   // permission bits
  std::string digest;
  std::string path;  // relative to the folder, with "/" as separator
};

struct Payload {
  std::string name;                    // name of its folder: version and the first digits of the index's digest
  std::string program;                 // path of the file to start
  std::vector<std::string> arguments;  // placed before the user's arguments; may contain {folder} and {executable}
  std::vector<PackedFile> files;
};

// Reads the index of an open executable.
// Throws Failure if the payload is missing or damaged.
Payload read_payload(int executable);

// Reads exactly `count` bytes. Throws Failure if the executable is too short.
void read_exactly(int executable, void* bytes, int64_t count, int64_t offset);

}  // namespace launcher
