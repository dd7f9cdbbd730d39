// Unpacks the files that the executable carries, or looks whether they are unpacked already.
#pragma once

#include <string>

#include "payload.h"

namespace launcher {

// Writes every file of the payload into an empty folder, and waits until they are on the disk.
//
// Throws UnusableFolder where one cannot be written, Failure where a frame is not what was packed.
void unpack(int executable, const Payload& payload, const std::string& folder);

// Whether the folder holds every file as it was packed, by its digest, and nothing besides.
bool is_whole(const Payload& payload, const std::string& folder);

// Sizes, times and identities of the folder, its folders and its files, as text; empty where one is missing. Who changes,
// adds, replaces or removes a file changes this, for nobody but the system sets a file's change time.
std::string stamp_of(const Payload& payload, const std::string& folder);

}  // namespace launcher
