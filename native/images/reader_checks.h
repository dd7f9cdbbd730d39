// Checks of the arguments of reader functions, without reading a file.
#pragma once

#include <climits>
#include <cstdint>
#include <cstring>

#include "../common/size_checks.h"
#include "picture.h"

namespace sluice {

constexpr int32_t most_reader_threads = 256, most_views = 16;

// Bytes of text per refused file.
constexpr int64_t refusal_bytes = 256;

inline int32_t check_reader(const char* name, const sl_context* context, const sl_reader* reader) noexcept {
  SL_REQUIRE_POINTERS(name, context, reader);
  return SL_OK;
}

// Checks that `path_bytes` consists of exactly `count` paths.
inline int32_t check_paths(const char* name, int64_t count, const char* host_paths, int64_t path_bytes) noexcept {
  SL_REQUIRE(count >= 0 && path_bytes >= 0, "%s: negative size (%lld files, %lld bytes of paths)", name,
             (long long)count, (long long)path_bytes);
  if (path_bytes > 0) SL_REQUIRE_POINTERS(name, host_paths);
  int64_t ends = 0;
  for (int64_t i = 0; i < path_bytes; ++i) ends += host_paths[i] == '\0';
  SL_REQUIRE(ends == count && (path_bytes == 0 || host_paths[path_bytes - 1] == '\0'),
             "%s: host_paths holds %lld zeros in %lld bytes, want %lld paths, each ended by one", name, (long long)ends,
             (long long)path_bytes, (long long)count);
  return SL_OK;
}

inline int32_t check_refusals(const char* name, int64_t count, const char* host_text, int64_t capacity) noexcept {
  SL_REQUIRE_POINTERS(name, host_text);
  SL_REQUIRE(capacity / refusal_bytes > count, "%s: capacity is %lld bytes, want %lld for each of %lld and one more",
             name, (long long)capacity, (long long)refusal_bytes, (long long)count);
  return SL_OK;
}

// Checks that the size of `count` images [height, width, 3] does not overflow.
inline int32_t check_image_bytes(const char* name, int64_t count, int64_t height, int64_t width) noexcept {
  SL_REQUIRE(height >= 0 && width >= 0, "%s: negative size (images of %lld x %lld)", name, (long long)height,
             (long long)width);
  return check_countable(name, {count, height, width, 3});
}

inline int32_t check_frame_columns(int64_t image, int32_t view, const int32_t* frame, int64_t out_height,
                                   int64_t out_width) noexcept {
  const int64_t top = frame[SL_FRAME_TOP], left = frame[SL_FRAME_LEFT];
  const int64_t height = frame[SL_FRAME_HEIGHT], width = frame[SL_FRAME_WIDTH];
  SL_REQUIRE(
      top >= 0 && left >= 0 && height >= 1 && width >= 1 && top + height <= INT32_MAX && left + width <= INT32_MAX,
      "sl_reader_decode: image %lld, view %d: invalid crop of %lld x %lld at row %lld, column %lld", (long long)image,
      view, (long long)height, (long long)width, (long long)top, (long long)left);
  const int64_t resized_height = frame[SL_FRAME_RESIZED_HEIGHT], resized_width = frame[SL_FRAME_RESIZED_WIDTH];
  SL_REQUIRE(resized_height >= 1 && resized_width >= 1,
             "sl_reader_decode: image %lld, view %d: invalid size %lld x %lld to resize the crop to", (long long)image,
             view, (long long)resized_height, (long long)resized_width);
  const int64_t row = frame[SL_FRAME_WINDOW_TOP], column = frame[SL_FRAME_WINDOW_LEFT];
  SL_REQUIRE(row >= 0 && column >= 0 && out_height <= resized_height - row && out_width <= resized_width - column,
             "sl_reader_decode: image %lld, view %d: %lld x %lld pixels from row %lld, column %lld on are not inside "
             "the %lld x %lld that the crop is resized to",
             (long long)image, view, (long long)out_height, (long long)out_width, (long long)row, (long long)column,
             (long long)resized_height, (long long)resized_width);
  return SL_OK;
}

}  // namespace sluice
