// Finds the folder of the unpacked files, and unpacks them if it is missing or incomplete.
#pragma once

#include <string>

#include "payload.h"

namespace launcher {

// Returns the folder of this payload's unpacked files: in SLUICE_CACHE if that is set, else in the first usable one
// of $XDG_CACHE_HOME/sluice/program, $HOME/.cache/sluice/program, and sluice-UID in $TMPDIR, /tmp, /var/tmp and
// /dev/shm. A folder is usable if it can be written, files in it can be executed, and find_risk (trust.h) finds no
// risk. New folders have mode 0700.
// Several processes may call this at the same time: one unpacks into a temporary folder and renames it, the others
// wait. A folder that was changed since is unpacked again.
// Throws Failure with the reason for each folder if none is usable.
std::string prepare_folder(int executable, const Payload& payload);

}  // namespace launcher
