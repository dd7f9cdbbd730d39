// Decides whether it is safe to run programs from a folder: only the user and root may be able to change its contents.
#include "trust.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "failure.h"

namespace launcher {
namespace {

using Path = std::filesystem::path;
using Fields = std::vector<std::string>;

// Reads the fields of each line of a file such as /etc/passwd. The C library's functions would load plug-ins, which a
// statically linked program cannot rely on.
std::vector<Fields> read_table(const char* path, char separator) {
  std::vector<Fields> table;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream text(line);
    table.emplace_back();
    for (std::string field; std::getline(text, field, separator);) table.back().push_back(field);
  }
  return table;
}

// Whether the user is the only known member of a group, besides root. A group that is not in /etc/group may have any
// members.
bool is_own_group(gid_t group) {
  const std::string group_number = std::to_string(group), user_number = std::to_string(geteuid());
  std::string user_name;
  for (const Fields& user : read_table("/etc/passwd", ':')) {
    if (user.size() < 4) continue;
    if (user[2] == user_number)
      user_name = user[0];
    else if (user[3] == group_number && user[2] != "0")
      return false;
  }
  bool listed = false;
  for (const Fields& fields : read_table("/etc/group", ':')) {
    if (fields.size() < 3 || fields[2] != group_number) continue;
    listed = true;
    std::istringstream members(fields.size() > 3 ? fields[3] : "");
    for (std::string member; std::getline(members, member, ',');) {
      if (member != user_name && member != "root") return false;
    }
  }
  return listed && !user_name.empty();
}

// Whether this process is in a user namespace without root, as in unprivileged containers on clusters. Files of root
// then appear to belong to the overflow user.
bool is_root_hidden() {
  std::ifstream map("/proc/self/uid_map");
  long inside = 0, outside = 0, count = 0;
  bool mapped = false;
  while (map >> inside >> outside >> count) {
    mapped = true;
    if (outside == 0) return false;
  }
  return mapped;
}

bool is_of_user_or_root(const struct stat& status) {
  if (status.st_uid == geteuid() || status.st_uid == 0) return true;
  uid_t overflow = 0;
  return std::ifstream("/proc/sys/kernel/overflowuid") >> overflow && status.st_uid == overflow && is_root_hidden();
}

// With an access control list, the group bits are the upper limit of what the list grants.
bool has_access_list(const Path& path) { return lgetxattr(path.c_str(), "system.posix_acl_access", nullptr, 0) > 0; }

bool can_others_write(const Path& path, const struct stat& status) {
  if ((status.st_mode & S_IWOTH) != 0) return true;
  return (status.st_mode & S_IWGRP) != 0 && (has_access_list(path) || !is_own_group(status.st_gid));
}

// The risk of a folder itself, without its parents.
std::string find_own_risk(const Path& folder, bool may_be_sticky) {
  struct stat status{};
  if (lstat(folder.c_str(), &status) != 0) return folder.string() + ": " + last_error();
  if (!S_ISDIR(status.st_mode)) return folder.string() + " is not a folder";
  if (!is_of_user_or_root(status)) return folder.string() + " belongs to another user";
  const bool sticky = may_be_sticky && (status.st_mode & S_ISVTX) != 0;
  return sticky || !can_others_write(folder, status) ? "" : "other users can write " + folder.string();
}

}  // namespace

std::string find_risk(const Path& folder) {
  const std::string risk = find_own_risk(folder, false);
  return risk.empty() ? find_risk_of_parent(folder.parent_path()) : risk;
}

std::string find_risk_of_parent(const Path& parent) {
  const std::string risk = find_own_risk(parent, true);
  return risk.empty() && parent.has_relative_path() ? find_risk_of_parent(parent.parent_path()) : risk;
}

bool is_private(const Path& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0 || S_ISLNK(status.st_mode)) return false;
  return is_of_user_or_root(status) && !can_others_write(path, status);
}

}  // namespace launcher
