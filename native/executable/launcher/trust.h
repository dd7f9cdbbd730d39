// Decides whether it is safe to run programs from a folder: nobody but the user and root may change what is in it.
#pragma once

#include <filesystem>
#include <string>

namespace launcher {

// Why others could change the content of a folder, for example "other users can write /data"; empty if they cannot.
//
// The folder and every folder above it must belong to the user or to root. Others must not be able to write the folder. A
// folder above it may be writable by others if its sticky bit is set, as in /tmp: they cannot rename what is not theirs.
//
// A group that can write a folder counts as others, unless /etc/passwd and /etc/group name no member but the user and
// root: many systems give each user such a group and let it write. An access control list that lets anybody write always
// counts as others.
//
// `folder` is an absolute path without symbolic links.
std::string find_risk(const std::filesystem::path& folder);

// The same for a folder in which another one is to be made: it may itself have the sticky bit in place of being private.
std::string find_risk_of_parent(const std::filesystem::path& parent);

// Whether a file or folder belongs to the user or to root and others cannot write it. A symbolic link is never private.
bool is_private(const std::filesystem::path& path);

}  // namespace launcher
