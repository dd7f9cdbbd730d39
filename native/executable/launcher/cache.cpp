// Finds the folder of the unpacked files, and unpacks them if it is missing or incomplete.
#include "cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "descriptor.h"
#include "failure.h"
#include "trust.h"
#include "unpack.h"

namespace launcher {
namespace {

using Path = std::filesystem::path;

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Possible folders for the unpacked files, in order of preference.
std::vector<Path> candidates() {
  const Path named = environment("SLUICE_CACHE");
  if (!named.empty()) return {std::filesystem::absolute(named)};
  std::vector<Path> places;
  const Path caches = environment("XDG_CACHE_HOME"), home = environment("HOME");
  if (caches.is_absolute())
    places.push_back(caches / "sluice" / "program");
  else if (home.is_absolute())
    places.push_back(home / ".cache" / "sluice" / "program");
  const std::string own = "sluice-" + std::to_string(geteuid());
  for (const Path& temporary : {Path(environment("TMPDIR")), Path("/tmp"), Path("/var/tmp"), Path("/dev/shm")}) {
    if (temporary.is_absolute()) places.push_back(temporary / own);
  }
  return places;
}

void refuse(const Path& folder, const std::string& reason) {
  if (!reason.empty()) throw UnusableFolder(folder.string() + ": " + reason);
}

Path resolve(const Path& path) {
  std::error_code error;
  const Path resolved = std::filesystem::canonical(path, error);
  if (error) refuse(path, error.message());
  return resolved;
}

// Makes a folder that only the user can access, with its missing parents. Programs are run from it, so other users
// must not be able to change it or any folder above it.
// Returns its path without symbolic links, so that another user cannot redirect later steps by changing a link.
Path make_trusted_folder(const Path& wanted) {
  std::vector<Path> missing;
  Path existing = wanted;
  for (struct stat status{}; lstat(existing.c_str(), &status) != 0; existing = existing.parent_path()) {
    if (errno != ENOENT) refuse(wanted, last_error());
    missing.push_back(existing.filename());
  }
  Path folder = resolve(existing);
  if (!missing.empty()) refuse(wanted, find_risk_of_parent(folder));
  for (auto name = missing.rbegin(); name != missing.rend(); ++name) {
    folder /= *name;
    if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) refuse(wanted, last_error());
  }
  folder = resolve(folder);
  refuse(wanted, find_risk(folder));
  return folder;
}

void require_executable(const Path& base) {
  struct statvfs status{};
  if (statvfs(base.c_str(), &status) == 0 && (status.f_flag & ST_NOEXEC) != 0) {
    throw UnusableFolder(base.string() + ": is mounted noexec");
  }
}

std::string read_text(const Path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// While this object exists, new files and folders are private to the user. It restores the umask for the program that
// is started afterwards.
class PrivateUmask {
 public:
  PrivateUmask() : before_(umask(077)) {}
  ~PrivateUmask() { umask(before_); }
  PrivateUmask(const PrivateUmask&) = delete;
  PrivateUmask& operator=(const PrivateUmask&) = delete;

 private:
  const mode_t before_;
};

// Holds the lock for making a folder while it exists. On a file system without locks no process holds it, and the
// first process to rename its folder wins.
class Lock {
 public:
  explicit Lock(const Path& path) : file_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    while (file_ && !held_) {
      held_ = flock(file_.get(), LOCK_EX) == 0;
      if (!held_ && errno != EINTR) return;
    }
  }
  bool held() const { return held_; }

 private:
  Descriptor file_;
  bool held_ = false;
};

// The folder of a payload in one of the candidate folders.
class CacheFolder {
 public:
  // `base` is the result of make_trusted_folder.
  CacheFolder(const Payload& payload, const Path& base)
      : payload_(payload), base_(base), folder_(base / payload.name), stamp_(base / (payload.name + ".stamp")) {}

  std::string prepare(int executable) {
    require_executable(base_);
    if (is_stamped()) return folder_;
    const Lock lock(base_ / ("." + payload_.name + ".lock"));
    if (is_stamped()) return folder_;
    if (!exists() || !is_whole(payload_, folder_)) make(executable, lock.held());
    write_stamp();
    return folder_;
  }

 private:
  bool exists() const {
    struct stat status{};
    return lstat(folder_.c_str(), &status) == 0;
  }

  bool is_stamped() const {
    const std::string stamp = stamp_of(payload_, folder_);
    return !stamp.empty() && is_private(folder_) && is_private(stamp_) && read_text(stamp_) == stamp;
  }

  // If the stamp cannot be written, each start checks all files again.
  void write_stamp() const {
    const std::string stamp = stamp_of(payload_, folder_);
    const Path fresh = stamp_.string() + "." + std::to_string(getpid());
    std::ofstream(fresh) << stamp;
    std::error_code error;
    std::filesystem::rename(fresh, stamp_, error);
  }

  Path make_folder_beside() const {
    std::string path = (base_ / ("." + payload_.name + ".XXXXXX")).string();
    if (mkdtemp(path.data()) == nullptr) throw UnusableFolder(base_.string() + ": " + last_error());
    return path;
  }

  // Removes leftovers of processes that were killed while unpacking.
  void remove_leftovers() const {
    const std::string lock = "." + payload_.name + ".lock", start = "." + payload_.name + ".";
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(base_, error)) {
      const std::string name = entry.path().filename();
      if (name.rfind(start, 0) == 0 && name != lock) std::filesystem::remove_all(entry.path(), error);
    }
  }

  void make(int executable, bool locked) const {
    if (locked) remove_leftovers();
    const Path fresh = make_folder_beside();
    std::error_code error;
    try {
      unpack(executable, payload_, fresh);
    } catch (...) {
      std::filesystem::remove_all(fresh, error);
      throw;
    }
    // Rename an incomplete folder before removing it, so that no process finds it half empty.
    if (exists()) {
      const Path old = make_folder_beside();
      std::filesystem::rename(folder_, old / "old", error);
      std::filesystem::remove_all(old, error);
    }
    std::filesystem::rename(fresh, folder_, error);
    if (!error) return;
    std::error_code ignored;
    std::filesystem::remove_all(fresh, ignored);
    // Without locks another process may have been first.
    if (!is_whole(payload_, folder_)) throw UnusableFolder(folder_.string() + ": " + error.message());
  }

  const Payload& payload_;
  const Path base_, folder_, stamp_;
};

int64_t mebibytes_of(const Payload& payload) {
  int64_t bytes = 0;
  for (const PackedFile& file : payload.files) bytes += file.size;
  return (bytes >> 20) + 1;
}

}  // namespace

std::string prepare_folder(int executable, const Payload& payload) {
  const PrivateUmask private_umask;
  std::string reasons;
  for (const Path& base : candidates()) {
    try {
      return CacheFolder(payload, make_trusted_folder(base)).prepare(executable);
    } catch (const UnusableFolder& reason) {
      reasons += (reasons.empty() ? "" : "; ") + std::string(reason.what());
    }
  }
  throw Failure(2, "no folder to unpack " + std::to_string(mebibytes_of(payload)) + " MiB into (" + reasons +
                       "): set SLUICE_CACHE to a folder that only you can write and that allows executing files");
}

}  // namespace launcher
