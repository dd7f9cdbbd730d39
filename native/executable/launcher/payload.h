// What the executable carries behind the launcher's own code.
//
// The file is the launcher, the packed files one after the other (each a zstd frame), the index and a trailer. The trailer
// is text of a fixed length: "sluice-payload-1", the offset and the length of the index in 16 hexadecimal digits each, and
// the 128 digits of its BLAKE2b-512. The index is lines: `version V`, `program PATH`, `argument TEXT`, and
// `file OFFSET PACKED SIZE MODE DIGEST PATH`, numbers decimal but for the octal MODE. native/executable/payload.ts writes all this.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace launcher {

struct PackedFile {
  int64_t offset;  // of its frame, from the executable's first byte
  int64_t packed;  // bytes of its frame
  int64_t size;    // bytes unpacked
  uint32_t mode;   // permission bits
  std::string digest;
  std::string path;  // inside the folder, with "/" between its parts
};

struct Payload {
  std::string name;                    // of the folder that it is unpacked into: version and the start of the index's digest
  std::string program;                 // which of the files is started
  std::vector<std::string> arguments;  // before the caller's own, with {folder} and {executable} still to be filled in
  std::vector<PackedFile> files;
};

// Reads the index of an opened executable.
//
// Throws Failure where there is none, or where it is not what it was when it was written.
Payload read_payload(int executable);

// Reads exactly so many bytes; Failure where the executable ends before.
void read_exactly(int executable, void* bytes, int64_t count, int64_t offset);

}  // namespace launcher
