// The exported sl_reader functions.
#include "reader_checks.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "../common/json.h"
#include "decode.h"
#include "pool.h"
#include "records.h"

struct sl_reader {
  sluice::ReaderPool pool;

  explicit sl_reader(int threads) : pool(threads) {}
};

namespace {

using sluice::Reason;
using sluice::Scratch;

// Copies the concatenated paths into separate strings.
class Paths {
 public:
  Paths(const char* host_paths, int64_t path_bytes) : text_(host_paths, static_cast<size_t>(path_bytes)) {
    for (size_t at = 0; at < text_.size(); at = text_.find('\0', at) + 1) begins_.push_back(at);
  }
  const char* at(int64_t index) const { return text_.c_str() + begins_[static_cast<size_t>(index)]; }

 private:
  std::string text_;
  std::vector<size_t> begins_;
};

// The inputs of a decoding job.
struct Decoding {
  Paths paths;
  int64_t count;
  sluice::FrameSize size;
  std::vector<int32_t> frames;
  uint8_t* pixels;

  uint8_t* at(int64_t index) const { return pixels + index * size.bytes(); }
  int64_t stride() const { return count * size.bytes(); }
};

}  // namespace

SL_API int32_t sl_reader_create(sl_context* context, int32_t threads, sl_reader** host_reader) {
  SL_REQUIRE_POINTERS("sl_reader_create", context);
  SL_REQUIRE(threads >= 1 && threads <= sluice::most_reader_threads, "sl_reader_create: threads is %d, want 1 to %d",
             threads, sluice::most_reader_threads);
  SL_REQUIRE_POINTERS("sl_reader_create", host_reader);
  SL_BEGIN
  *host_reader = new sl_reader(threads);
  return SL_OK;
  SL_END("sl_reader_create")
}

SL_API int32_t sl_reader_destroy(sl_context* context, sl_reader* reader) {
  SL_REQUIRE_POINTERS("sl_reader_destroy", context);
  delete reader;
  return SL_OK;
}

SL_API int32_t sl_reader_inspect(sl_context* context, sl_reader* reader, int64_t count, const char* host_paths,
                                 int64_t path_bytes, int32_t* host_sizes, char* host_text, int64_t capacity) {
  SL_TRY(sluice::check_reader("sl_reader_inspect", context, reader));
  SL_TRY(sluice::check_paths("sl_reader_inspect", count, host_paths, path_bytes));
  if (count > 0) SL_REQUIRE_POINTERS("sl_reader_inspect", host_sizes);
  SL_TRY(sluice::check_refusals("sl_reader_inspect", count, host_text, capacity));
  SL_BEGIN
  const Paths paths(count > 0 ? host_paths : "", path_bytes);
  const auto job = std::make_shared<sluice::ReadJob>(
      count,
      [&](int64_t index, Scratch& scratch) {
        return sluice::inspect_image(paths.at(index), scratch, host_sizes + 2 * index);
      },
      [&](int64_t index) { host_sizes[2 * index] = host_sizes[2 * index + 1] = 0; });
  const int64_t number = reader->pool.submit(job);
  reader->pool.wait(*job);
  reader->pool.forget(number);
  return sluice::write_text("sl_reader_inspect", job->refused_text(), host_text, capacity);
  SL_END("sl_reader_inspect")
}

SL_API int32_t sl_reader_decode(sl_context* context, sl_reader* reader, int64_t count, const char* host_paths,
                                int64_t path_bytes, int32_t views, const int32_t* host_frames, int64_t out_height,
                                int64_t out_width, uint8_t* host_pixels, int64_t* host_job) {
  SL_TRY(sluice::check_reader("sl_reader_decode", context, reader));
  SL_TRY(sluice::check_paths("sl_reader_decode", count, host_paths, path_bytes));
  SL_REQUIRE(views >= 1 && views <= sluice::most_views, "sl_reader_decode: views is %d, want 1 to %d", views,
             sluice::most_views);
  SL_TRY(sluice::check_image_bytes("sl_reader_decode", count * views, out_height, out_width));
  SL_REQUIRE_POINTERS("sl_reader_decode", host_job);
  const bool empty = count == 0 || out_height == 0 || out_width == 0;
  if (count > 0) SL_REQUIRE_POINTERS("sl_reader_decode", host_frames);
  if (!empty) SL_REQUIRE_POINTERS("sl_reader_decode", host_pixels);
  for (int64_t i = 0; i < count * views; ++i) {
    const int32_t* const frame = host_frames + i * SL_FRAME_COLUMNS;
    SL_TRY(sluice::check_frame_columns(i / views, static_cast<int32_t>(i % views), frame, out_height, out_width));
  }
  SL_BEGIN
  if (empty) {
    *host_job = reader->pool.submit(std::make_shared<sluice::ReadJob>(0, nullptr, nullptr));
    return SL_OK;
  }
  const int64_t columns = views * SL_FRAME_COLUMNS;
  const auto decoding =
      std::make_shared<const Decoding>(Decoding{Paths(host_paths, path_bytes),
                                                count,
                                                {views, out_height, out_width},
                                                std::vector<int32_t>(host_frames, host_frames + count * columns),
                                                host_pixels});
  *host_job = reader->pool.submit(std::make_shared<sluice::ReadJob>(
      count,
      [decoding, columns](int64_t index, Scratch& scratch) {
        return sluice::decode_image(decoding->paths.at(index), decoding->size,
                                    decoding->frames.data() + index * columns, decoding->at(index), decoding->stride(),
                                    scratch);
      },
      [decoding](int64_t index) {
        for (int64_t view = 0; view < decoding->size.views; ++view) {
          std::memset(decoding->at(index) + view * decoding->stride(), 0, static_cast<size_t>(decoding->size.bytes()));
        }
      }));
  return SL_OK;
  SL_END("sl_reader_decode")
}

SL_API int32_t sl_reader_records(sl_context* context, sl_reader* reader, const char* host_path, int64_t count,
                                 const int64_t* host_records, int64_t height, int64_t width, uint8_t* host_pixels,
                                 int64_t* host_job) {
  SL_TRY(sluice::check_reader("sl_reader_records", context, reader));
  SL_REQUIRE(count >= 0, "sl_reader_records: negative size (%lld records)", (long long)count);
  SL_TRY(sluice::check_image_bytes("sl_reader_records", std::max<int64_t>(count, 1), height, width));
  SL_REQUIRE_POINTERS("sl_reader_records", host_path, host_job);
  const int64_t bytes = 3 * height * width;
  if (count > 0) SL_REQUIRE_POINTERS("sl_reader_records", host_records);
  if (count > 0 && bytes > 0) SL_REQUIRE_POINTERS("sl_reader_records", host_pixels);
  for (int64_t i = 0; i < count; ++i) {
    SL_REQUIRE(host_records[i] >= 0, "sl_reader_records: record %lld has the number %lld, want 0 or more", (long long)i,
               (long long)host_records[i]);
  }
  SL_BEGIN
  if (count == 0 || bytes == 0) {
    *host_job = reader->pool.submit(std::make_shared<sluice::ReadJob>(0, nullptr, nullptr));
    return SL_OK;
  }
  const auto file = std::make_shared<sluice::RecordFile>(host_path, height, width);
  *host_job = reader->pool.submit(std::make_shared<sluice::ReadJob>(
      count,
      [file, bytes, host_pixels, records = std::vector<int64_t>(host_records, host_records + count)](int64_t index,
                                                                                                     Scratch& scratch) {
        return file->read(records[static_cast<size_t>(index)], host_pixels + index * bytes, scratch);
      },
      [bytes, host_pixels](int64_t index) {
        std::memset(host_pixels + index * bytes, 0, static_cast<size_t>(bytes));
      }));
  return SL_OK;
  SL_END("sl_reader_records")
}

SL_API int32_t sl_reader_done(sl_context* context, sl_reader* reader, int64_t job, int32_t* host_done) {
  SL_TRY(sluice::check_reader("sl_reader_done", context, reader));
  SL_REQUIRE_POINTERS("sl_reader_done", host_done);
  SL_BEGIN
  const std::shared_ptr<sluice::ReadJob> found = reader->pool.find(job);
  SL_REQUIRE(found != nullptr, "sl_reader_done: no job has the number %lld", (long long)job);
  *host_done = reader->pool.is_done(*found) ? 1 : 0;
  return SL_OK;
  SL_END("sl_reader_done")
}

SL_API int32_t sl_reader_wait(sl_context* context, sl_reader* reader, int64_t job, char* host_text, int64_t capacity) {
  SL_TRY(sluice::check_reader("sl_reader_wait", context, reader));
  SL_BEGIN
  const std::shared_ptr<sluice::ReadJob> found = reader->pool.find(job);
  SL_REQUIRE(found != nullptr, "sl_reader_wait: no job has the number %lld", (long long)job);
  SL_TRY(sluice::check_refusals("sl_reader_wait", found->count(), host_text, capacity));
  reader->pool.wait(*found);
  SL_TRY(sluice::write_text("sl_reader_wait", found->refused_text(), host_text, capacity));
  reader->pool.forget(job);
  return SL_OK;
  SL_END("sl_reader_wait")
}
