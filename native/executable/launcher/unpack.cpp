// Unpacks the files in the executable, and checks unpacked files.
#include "unpack.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <zstd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <sstream>
#include <vector>

#include "descriptor.h"
#include "digest.h"
#include "failure.h"
#include "trust.h"

namespace launcher {
namespace {

constexpr int64_t piece_bytes = int64_t{1} << 20;

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

// The folders inside the payload's folder, parents before their children.
std::set<std::string> folders_of(const Payload& payload) {
  std::set<std::string> folders;
  for (const PackedFile& file : payload.files) {
    for (std::string folder = parent_of(file.path); !folder.empty(); folder = parent_of(folder)) folders.insert(folder);
  }
  return folders;
}

void write_all(int descriptor, const char* bytes, size_t count, const std::string& path) {
  for (size_t done = 0; done < count;) {
    const ssize_t written = write(descriptor, bytes + done, count - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw UnusableFolder(path + ": " + last_error());
    done += static_cast<size_t>(written);
  }
}

// Unpacks a frame piece by piece, into the file and the digest.
void unpack_file(int executable, const PackedFile& file, const std::string& path) {
  const Descriptor output(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!output) throw UnusableFolder(path + ": " + last_error());
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  std::vector<char> packed(piece_bytes), unpacked(piece_bytes);
  Digest digest;
  size_t left = 1;
  for (int64_t done = 0; done < file.packed;) {
    const int64_t count = std::min(piece_bytes, file.packed - done);
    read_exactly(executable, packed.data(), count, file.offset + done);
    done += count;
    ZSTD_inBuffer input{packed.data(), static_cast<size_t>(count), 0};
    // If the output buffer is full, more output may follow although all input is consumed.
    for (bool full = true; input.pos < input.size || full;) {
      ZSTD_outBuffer room{unpacked.data(), unpacked.size(), 0};
      left = ZSTD_decompressStream(context.get(), &room, &input);
      if (ZSTD_isError(left)) break;
      digest.add(unpacked.data(), room.pos);
      write_all(output.get(), unpacked.data(), room.pos, path);
      full = room.pos == room.size;
    }
    if (ZSTD_isError(left)) break;
  }
  if (left != 0 || digest.text() != file.digest) {
    throw Failure(1, "this executable is damaged (" + file.path + "): copy it again and compare its checksum");
  }
  if (fchmod(output.get(), file.mode) != 0 || fdatasync(output.get()) != 0) {
    throw UnusableFolder(path + ": " + last_error());
  }
}

bool is_file_whole(const PackedFile& file, const std::string& path) {
  const Descriptor input(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status{};
  if (!input || fstat(input.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  if (status.st_size != file.size || (status.st_mode & 07777) != file.mode) return false;
  std::vector<char> piece(piece_bytes);
  Digest digest;
  for (;;) {
    const ssize_t got = read(input.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) return digest.text() == file.digest;
    digest.add(piece.data(), static_cast<size_t>(got));
  }
}

// Whether other users cannot change the folder, and it contains only the payload's files.
bool is_private_and_known(const Payload& payload, const std::string& folder) {
  if (!is_private(folder)) return false;
  std::set<std::string> known = folders_of(payload);
  for (const PackedFile& file : payload.files) known.insert(file.path);
  std::error_code error;
  std::filesystem::recursive_directory_iterator entries(folder, error);
  for (; !error && entries != std::filesystem::end(entries); entries.increment(error)) {
    const bool is_known = known.count(entries->path().string().substr(folder.size() + 1)) != 0;
    if (!is_known || !is_private(entries->path())) return false;
  }
  return !error;
}

void describe(std::ostringstream& stamp, const struct stat& status) {
  stamp << status.st_size << ' ' << status.st_ino << ' ' << std::oct << status.st_mode << std::dec << ' '
        << status.st_mtim.tv_sec << '.' << status.st_mtim.tv_nsec << ' ' << status.st_ctim.tv_sec << '.'
        << status.st_ctim.tv_nsec << '\n';
}

}  // namespace

void unpack(int executable, const Payload& payload, const std::string& folder) {
  for (const std::string& inner : folders_of(payload)) {
    const std::string path = folder + "/" + inner;
    if (mkdir(path.c_str(), 0700) != 0) throw UnusableFolder(path + ": " + last_error());
  }
  for (const PackedFile& file : payload.files) unpack_file(executable, file, folder + "/" + file.path);
}

bool is_whole(const Payload& payload, const std::string& folder) {
  const auto whole = [&](const PackedFile& file) { return is_file_whole(file, folder + "/" + file.path); };
  return is_private_and_known(payload, folder) && std::all_of(payload.files.begin(), payload.files.end(), whole);
}

std::string stamp_of(const Payload& payload, const std::string& folder) {
  std::vector<std::string> paths{folder};
  for (const std::string& inner : folders_of(payload)) paths.push_back(folder + "/" + inner);
  for (const PackedFile& file : payload.files) paths.push_back(folder + "/" + file.path);
  std::ostringstream stamp;
  for (const std::string& path : paths) {
    struct stat status{};
    if (lstat(path.c_str(), &status) != 0) return "";
    describe(stamp, status);
  }
  return stamp.str();
}

}  // namespace launcher
