// Decides whether it is safe to run programs from a folder: only the user and root may be able to change its contents.
#pragma once

#include <filesystem>
#include <string>

namespace launcher {

// Why others could change the contents of a folder, for example "other users can write /data"; empty if they cannot.
//
// The folder and every folder above it must belong to the user or to root. Others must not be able to write the
// folder. A folder above it may be writable by others if its sticky bit is set, as in /tmp: they cannot rename files
// of other users.
// A group that can write a folder counts as others, unless the user and root are its only members in /etc/passwd and
// /etc/group: many systems give each user a group of their own with write access. An access control list that grants
// write access always counts as others.
//
// `folder` is an absolute path without symbolic links.
std::string find_risk(const std::filesystem::path& folder);

// The same for a folder in which a new folder will be made: it may itself be writable by others if its sticky bit is
// set.
std::string find_risk_of_parent(const std::filesystem::path& parent);

// Whether a file or folder belongs to the user or to root and others cannot write it. A symbolic link is never private.
bool is_private(const std::filesystem::path& path);

}  // namespace launcher
