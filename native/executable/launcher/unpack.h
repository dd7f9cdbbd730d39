// Unpacks the files in the executable, and checks unpacked files.
#pragma once

#include <string>

#include "payload.h"

namespace launcher {

// Writes every file of the payload into an empty folder, and waits until they are on the disk.
// Throws UnusableFolder if a file cannot be written, Failure if a frame is damaged.
void unpack(int executable, const Payload& payload, const std::string& folder);

// Whether the folder contains exactly the packed files with their digests, and other users cannot change any of them.
bool is_whole(const Payload& payload, const std::string& folder);

// A text of sizes, modes, times and inodes of the folder and everything in it; empty if anything is missing.
// Changing, adding, replacing or removing a file changes the text, because programs cannot set a file's change time.
std::string stamp_of(const Payload& payload, const std::string& folder);

}  // namespace launcher
