// Finds the folder that holds the unpacked files, and makes it if it is missing or not whole.
#pragma once

#include <string>

#include "payload.h"

namespace launcher {

// The folder of the unpacked files of this payload: in SLUICE_CACHE if that is set, else in the first usable one of
// $XDG_CACHE_HOME/sluice/program, $HOME/.cache/sluice/program, and sluice-UID in $TMPDIR, /tmp, /var/tmp and /dev/shm. A
// usable folder can be written and executed from, and find_risk (trust.h) finds nothing against it. Folders that it makes
// have mode 0700.
//
// Many processes may ask at once: one unpacks beside the folder's place and renames, the others wait for it. A folder that
// was changed since is unpacked anew.
//
// Throws Failure with the reason against each folder if none is usable.
std::string prepare_folder(int executable, const Payload& payload);

}  // namespace launcher
