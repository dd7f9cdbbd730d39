// Finds the folder that holds the unpacked files, and makes it where it is missing or not whole.
#pragma once

#include <string>

#include "payload.h"

namespace launcher {

// The folder of the unpacked files of this payload: in SLUICE_CACHE where that is set, else in the first of
// $XDG_CACHE_HOME/sluice/program, $HOME/.cache/sluice/program, and sluice-UID in $TMPDIR, /tmp, /var/tmp and /dev/shm that
// can be written and executed from.
//
// Many processes may ask at once: one unpacks, beside the folder's place, and renames; the others wait for it. A folder that
// was changed since is unpacked anew.
//
// Throws Failure with the reasons of all where none will do.
std::string prepare_folder(int executable, const Payload& payload);

}  // namespace launcher
