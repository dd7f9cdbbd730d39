// Finds the folder that holds the unpacked files, and makes it where it is missing or not whole.
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
#include "unpack.h"

namespace launcher {
namespace {

using Path = std::filesystem::path;

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Where the unpacked files may lie, in the order of preference.
std::vector<Path> candidates() {
  const Path named = environment("SLUICE_CACHE");
  if (!named.empty()) return {std::filesystem::absolute(named)};
  std::vector<Path> places;
  const Path caches = environment("XDG_CACHE_HOME"), home = environment("HOME");
  if (caches.is_absolute()) places.push_back(caches / "sluice" / "program");
  else if (home.is_absolute()) places.push_back(home / ".cache" / "sluice" / "program");
  const std::string own = "sluice-" + std::to_string(geteuid());
  for (const Path& temporary : {Path(environment("TMPDIR")), Path("/tmp"), Path("/var/tmp"), Path("/dev/shm")}) {
    if (temporary.is_absolute()) places.push_back(temporary / own);
  }
  return places;
}

// Programs are run from here: what others can put here would be run in this user's name.
void require_own(const Path& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) throw UnusableFolder(path.string() + ": " + last_error());
  if (!S_ISDIR(status.st_mode)) throw UnusableFolder(path.string() + ": is no folder");
  const bool owned = status.st_uid == geteuid() || status.st_uid == 0;
  const bool shared = (status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0;
  if (!owned) throw UnusableFolder(path.string() + ": belongs to another user");
  if (shared) throw UnusableFolder(path.string() + ": can be written by every user");
}

void require_executable(const Path& base) {
  struct statvfs status {};
  if (statvfs(base.c_str(), &status) == 0 && (status.f_flag & ST_NOEXEC) != 0) {
    throw UnusableFolder(base.string() + ": is mounted noexec");
  }
}

std::string read_text(const Path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// A lock on a folder's making, for as long as this lives. A file system without locks leaves everybody unlocked, and
// the renaming decides who was first.
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

// One payload's folder in one of the places.
class CacheFolder {
 public:
  CacheFolder(const Payload& payload, const Path& base)
      : payload_(payload), base_(base), folder_(base / payload.name), stamp_(base / (payload.name + ".stamp")) {}

  std::string prepare(int executable) {
    make_base();
    if (is_stamped()) return folder_;
    const Lock lock(base_ / ("." + payload_.name + ".lock"));
    if (is_stamped()) return folder_;
    if (!is_there() || !is_whole(payload_, folder_)) make(executable, lock.held());
    require_own(folder_);
    write_stamp();
    return folder_;
  }

 private:
  void make_base() {
    std::error_code error;
    std::filesystem::create_directories(base_.parent_path(), error);
    if (mkdir(base_.c_str(), 0700) != 0 && errno != EEXIST) throw UnusableFolder(base_.string() + ": " + last_error());
    require_own(std::filesystem::canonical(base_, error));
    require_executable(base_);
  }

  bool is_there() const {
    struct stat status {};
    return lstat(folder_.c_str(), &status) == 0;
  }

  bool is_stamped() const {
    const std::string stamp = stamp_of(payload_, folder_);
    if (stamp.empty() || read_text(stamp_) != stamp) return false;
    require_own(folder_);
    return true;
  }

  // A cache that cannot be written does without, and is read through at each start.
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

  // What processes left that were killed while they unpacked.
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
    // A folder that is not whole goes out of the way under another name, so that its place is never half empty.
    if (is_there()) {
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
  std::string reasons;
  for (const Path& base : candidates()) {
    try {
      return CacheFolder(payload, base).prepare(executable);
    } catch (const UnusableFolder& reason) {
      reasons += (reasons.empty() ? "" : "; ") + std::string(reason.what());
    }
  }
  throw Failure(2, "no folder to unpack " + std::to_string(mebibytes_of(payload)) + " MiB into (" + reasons +
                       "): name one that you can write and execute from in SLUICE_CACHE");
}

}  // namespace launcher
