// Unpacks the files that the executable carries, or checks that they are unpacked already.
#pragma once

#include <string>

#include "payload.h"

namespace launcher {

// Writes every file of the payload into an empty folder, and waits until they are on the disk.
//
// Throws UnusableFolder if a file cannot be written, Failure if a frame is not what was packed.
void unpack(int executable, const Payload& payload, const std::string& folder);

// Whether the folder holds every file as it was packed, by its digest, and nothing else, and others can change none of it.
bool is_whole(const Payload& payload, const std::string& folder);

// Sizes, modes, times and identities of the folder, its folders and its files, as text; empty if one is missing. Changing,
// adding, replacing or removing a file changes this text, because only the system sets a file's change time.
std::string stamp_of(const Payload& payload, const std::string& folder);

}  // namespace launcher
