// Tests of reader jobs: order, reasons for refusals, records, and invalid arguments.
#include <sys/stat.h>

#include <climits>

#include "image_files.h"

using namespace sluice_test;

namespace {

const int32_t bad = SL_ERROR_INVALID_ARGUMENT;

// The beginning of a JPEG or PNG with a size, without pixels.
Bytes jpeg_of_size(int height, int width) {
  Bytes file = encode_jpeg(photo(16, 16, 3, 1));
  for (size_t i = 0; i + 8 < file.size(); ++i) {
    if (file[i] != 0xff || file[i + 1] != 0xc0) continue;
    file[i + 5] = static_cast<uint8_t>(height >> 8);
    file[i + 6] = static_cast<uint8_t>(height);
    file[i + 7] = static_cast<uint8_t>(width >> 8);
    file[i + 8] = static_cast<uint8_t>(width);
    break;
  }
  return file;
}

Bytes bytes_of(const std::string& text) { return Bytes(text.begin(), text.end()); }

// Records with a distinct byte at every position, and the expected rows.
struct Records {
  Bytes file;
  std::vector<Bytes> rows;
};

Records make_records(int count, int height, int width) {
  Records made;
  made.file = noise(count, 3 * height * width, 1, 11).samples;
  for (int i = 0; i < count; ++i) {
    Bytes rows;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        for (int c = 0; c < 3; ++c) {
          rows.push_back(made.file[static_cast<size_t>(((i * 3 + c) * width + x) * height + y)]);
        }
      }
    }
    made.rows.push_back(rows);
  }
  return made;
}

}  // namespace

TEST_CASE("a reader gives the reason for every file that it refuses") {
  const Context context;
  const Reader reader(context, 2);
  Folder folder;
  const Bytes jpeg = encode_jpeg(photo(200, 300, 3, 1)), png = encode_png(noise(200, 300, 3, 2));
  const auto half = [](const Bytes& file) { return Bytes(file.begin(), file.begin() + file.size() / 2); };
  Bytes broken_png = png;
  broken_png[broken_png.size() / 2] ^= 1;
  Bytes no_image = Bytes{0xff, 0xd8, 0xff, 0xd9};
  REQUIRE(mkfifo((folder.path() + "/pipe").c_str(), 0600) == 0);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {folder.path() + "/missing.jpg", "cannot be opened: No such file or directory"},
      {folder.path(), "is a folder"},
      {folder.path() + "/pipe", "is not a regular file"},
      {folder.write("empty.jpg", {}), "is empty"},
      {folder.write("text.jpg", bytes_of("an image, says the name")), "is neither JPEG nor PNG"},
      {folder.write("half.jpg", half(jpeg)), "is truncated"},
      {folder.write("half.png", half(png)), "is truncated"},
      {folder.write("few.jpg", Bytes(jpeg.begin(), jpeg.begin() + 100)), "is truncated"},
      {folder.write("few.png", Bytes(png.begin(), png.begin() + 20)), "is truncated"},
      {folder.write("none.jpg", no_image), "is damaged (JPEG datastream contains no image)"},
      {folder.write("large.jpg", jpeg_of_size(10001, 10000)),
       "has 10001 x 10000 pixels, more than the limit of 100000000"},
      {folder.write("whole.jpg", jpeg), ""},
      {folder.write("whole.png", png), ""},
  };
  std::vector<std::string> paths;
  std::vector<Frame> frames;
  std::string expected;
  for (size_t i = 0; i < cases.size(); ++i) {
    paths.push_back(cases[i].first);
    frames.push_back(plain(0, 0, 8, 8));
    if (cases[i].second.empty()) continue;
    if (i > 0) expected += ",";
    expected += "{\"index\":" + std::to_string(i) + ",\"reason\":\"" + cases[i].second + "\"}";
  }
  expected = "[" + expected + "]";
  std::vector<int32_t> sizes;
  CHECK(reader.inspect(paths, sizes) == expected);
  for (size_t i = 0; i < cases.size(); ++i) {
    CHECK(sizes[2 * i] == (cases[i].second.empty() ? 200 : 0));
    CHECK(sizes[2 * i + 1] == (cases[i].second.empty() ? 300 : 0));
  }
  Bytes pixels;
  CHECK(reader.decode(paths, frames, 8, 8, pixels) == expected);
  const Bytes refused(pixels.begin(), pixels.end() - 2 * 192), read(pixels.end() - 2 * 192, pixels.end());
  CHECK(refused == Bytes(refused.size(), 0));
  CHECK(read != Bytes(read.size(), 0));

  const std::string damaged = folder.write("damaged.png", broken_png);
  CHECK(reader.decode({damaged}, {plain(0, 0, 8, 8)}, 8, 8, pixels).find("is damaged (") != std::string::npos);
  CHECK(pixels == Bytes(192, 0));
  const std::string outside = reader.decode({folder.path() + "/whole.jpg"}, {plain(0, 293, 8, 8)}, 8, 8, pixels);
  CHECK(outside ==
        "[{\"index\":0,\"reason\":\"has 200 x 300 pixels, and a crop of 8 x 8 at row 0, column 293 is not "
        "inside\"}]");
  unlink((folder.path() + "/pipe").c_str());
}

TEST_CASE("a reader refuses truncated large images, and ignores bytes after an image") {
  const Context context;
  const Reader reader(context, 2);
  Folder folder;
  for (const bool is_jpeg : {true, false}) {
    const Picture picture = noise(400, 400, 3, 3);
    Bytes file = is_jpeg ? encode_jpeg(picture) : encode_png(picture);
    REQUIRE(file.size() > 80000);
    Bytes cut_file(file.begin(), file.end() - 5);
    Bytes followed = file;
    followed.insert(followed.end(), 9000, 1);
    const std::vector<std::string> paths = {folder.write("cut", cut_file), folder.write("followed", followed)};
    std::vector<int32_t> sizes;
    CHECK(reader.inspect(paths, sizes) == "[{\"index\":0,\"reason\":\"is truncated\"}]");
    CHECK(sizes == std::vector<int32_t>{0, 0, 400, 400});
    Bytes pixels;
    CHECK(reader.decode(paths, {plain(0, 0, 4, 4), plain(0, 0, 4, 4)}, 4, 4, pixels) ==
          "[{\"index\":0,\"reason\":\"is truncated\"}]");
  }
}

TEST_CASE("a reader refuses a JPEG of more than a hundred scans") {
  const Context context;
  const Reader reader(context, 1);
  Folder folder;
  const uint8_t scan_marker[] = {0xff, 0xda};
  Bytes file = encode_jpeg(photo(16, 16, 1, 1), {JCS_GRAYSCALE, true, 1, 1, 0});
  // Repeats the first scan.
  const auto scan = std::search(file.begin(), file.end(), std::begin(scan_marker), std::end(scan_marker));
  const auto end = std::adjacent_find(scan + 1, file.end(), [](uint8_t a, uint8_t b) { return a == 0xff && b != 0; });
  const Bytes first(scan, end);
  const int64_t at = end - file.begin();
  for (int i = 0; i < 100; ++i) file.insert(file.begin() + at, first.begin(), first.end());
  Bytes pixels;
  const std::string refused = reader.decode({folder.write("scans.jpg", file)}, {plain(0, 0, 4, 4)}, 4, 4, pixels);
  CHECK(refused == "[{\"index\":0,\"reason\":\"has more than 100 scans\"}]");
}

TEST_CASE("a reader transposes the columns of records to rows") {
  const Context context;
  const Reader reader(context, 3);
  Folder folder;
  for (const auto& [height, width] : std::vector<std::pair<int, int>>{{96, 96}, {16, 16}, {7, 5}, {33, 18}, {1, 40}}) {
    const Records records = make_records(6, height, width);
    const std::string path = folder.write("records.bin", records.file);
    const std::vector<int64_t> numbers = {5, 0, 3, 6, 3, INT64_MAX};
    const size_t bytes = static_cast<size_t>(3 * height * width);
    Bytes pixels(6 * bytes, 1);
    int64_t job = -1;
    REQUIRE(sl_reader_records(context, reader, path.c_str(), 6, numbers.data(), height, width, pixels.data(), &job) ==
            SL_OK);
    const std::string has = "\"has 6 records of " + std::to_string(bytes) + " bytes, but no record ";
    CHECK(reader.wait(job, 6) ==
          "[{\"index\":3,\"reason\":" + has + "6\"},{\"index\":5,\"reason\":" + has + "9223372036854775807\"}]");
    for (size_t i = 0; i < 6; ++i) {
      const Bytes own(pixels.data() + i * bytes, pixels.data() + (i + 1) * bytes);
      CHECK(own == (i == 3 || i == 5 ? Bytes(bytes, 0) : records.rows[static_cast<size_t>(numbers[i])]));
    }
  }
  const std::vector<int64_t> numbers = {0, 1};
  Bytes pixels(6, 1);
  int64_t job = -1;
  REQUIRE(sl_reader_records(context, reader, (folder.path() + "/no").c_str(), 2, numbers.data(), 1, 1, pixels.data(),
                            &job) == SL_OK);
  const std::string reason = "\"reason\":\"cannot be opened: No such file or directory\"}";
  CHECK(reader.wait(job, 2) == "[{\"index\":0," + reason + ",{\"index\":1," + reason + "]");
  CHECK(pixels == Bytes(6, 0));
}

TEST_CASE("a reader works on several jobs, whose pixels do not depend on its threads") {
  const Context context;
  Folder folder;
  std::vector<std::string> paths;
  std::vector<Frame> frames;
  for (int i = 0; i < 24; ++i) {
    const Picture picture = photo(60 + i, 90 - i, 3, static_cast<uint32_t>(i));
    paths.push_back(folder.write(std::to_string(i), i % 3 == 0 ? encode_png(picture) : encode_jpeg(picture)));
    frames.push_back({i % 7, i % 5, 40, 50, 32, 32, 0, 0});
    frames.push_back({0, 0, 60, 60, 40, 40, 4, 4});
  }
  std::vector<Bytes> results;
  for (const int threads : {1, 4}) {
    const Reader reader(context, threads);
    std::vector<Bytes> pixels(5);
    std::vector<int64_t> jobs;
    for (Bytes& own : pixels) jobs.push_back(reader.begin(paths, frames, 32, 32, own));
    CHECK(std::is_sorted(jobs.begin(), jobs.end()));
    // Wait in another order than that of submission.
    for (const size_t i : {4, 0, 2, 1, 3}) {
      int32_t done = -1;
      CHECK(sl_reader_done(context, reader, jobs[i], &done) == SL_OK);
      CHECK((done == 0 || done == 1));
      char little[8];
      CHECK(sl_reader_wait(context, reader, jobs[i], little, sizeof little) == bad);
      CHECK(reader.wait(jobs[i], paths.size()) == "[]");
      CHECK(sl_reader_done(context, reader, jobs[i], &done) == bad);
      CHECK(last_error_mentions("no job has the number"));
      results.push_back(pixels[i]);
    }
    // Jobs begin in order, so these are done by then.
    int64_t last = reader.begin(paths, frames, 32, 32, pixels[0]);
    int64_t nothing = -1;
    REQUIRE(sl_reader_decode(context, reader, 0, nullptr, 0, 1, nullptr, 32, 32, nullptr, &nothing) == SL_OK);
    CHECK(nothing > last);
    CHECK(reader.wait(nothing, 0) == "[]");
    CHECK(reader.wait(last, paths.size()) == "[]");
    int32_t done = 0;
    last = reader.begin(paths, frames, 32, 32, pixels[1]);
    while (done == 0) REQUIRE(sl_reader_done(context, reader, last, &done) == SL_OK);
    CHECK(reader.wait(last, paths.size()) == "[]");
  }
  for (const Bytes& own : results) CHECK(own == results[0]);
}

TEST_CASE("a reader may be destroyed while jobs are pending, and may outlive its context") {
  Folder folder;
  const std::string path = folder.write("one.jpg", encode_jpeg(photo(300, 300, 3, 1)));
  const std::vector<std::string> paths(64, path);
  const std::vector<Frame> frames(64, Frame{0, 0, 300, 300, 64, 64, 0, 0});
  sl_context* first = nullptr;
  REQUIRE(sl_context_create(0, 1, &first) == SL_OK);
  sl_reader* outliving = nullptr;
  REQUIRE(sl_reader_create(first, 1, &outliving) == SL_OK);
  REQUIRE(sl_context_destroy(first) == SL_OK);
  const Context context;
  CHECK(sl_reader_destroy(context, outliving) == SL_OK);
  for (const int threads : {1, 3}) {
    Bytes pixels[2];
    const Reader reader(context, threads);
    for (Bytes& own : pixels) reader.begin(paths, frames, 64, 64, own);
    // The reader is destroyed before the pixels.
  }
  CHECK(sl_reader_destroy(context, nullptr) == SL_OK);
}

TEST_CASE("a reader refuses invalid arguments") {
  const Context context;
  sl_reader* none = nullptr;
  CHECK(sl_reader_create(nullptr, 1, &none) == bad);
  CHECK(sl_reader_create(context, 0, &none) == bad);
  CHECK(sl_reader_create(context, 257, &none) == bad);
  CHECK(sl_reader_create(context, 1, nullptr) == bad);
  CHECK(sl_reader_destroy(nullptr, nullptr) == bad);

  const Reader reader(context, 2);
  int32_t sizes[4];
  char text[1024];
  const char paths[] = "/a\0/b";  // two paths, with the final zero
  const int64_t bytes = sizeof paths;
  CHECK(sl_reader_inspect(nullptr, reader, 2, paths, bytes, sizes, text, 1024) == bad);
  CHECK(sl_reader_inspect(context, nullptr, 2, paths, bytes, sizes, text, 1024) == bad);
  CHECK(sl_reader_inspect(context, reader, -1, paths, bytes, sizes, text, 1024) == bad);
  CHECK(sl_reader_inspect(context, reader, 2, nullptr, bytes, sizes, text, 1024) == bad);
  CHECK(sl_reader_inspect(context, reader, 2, paths, -1, sizes, text, 1024) == bad);
  for (const int64_t wrong : {0, 3, 5}) {
    CHECK(sl_reader_inspect(context, reader, 2, paths, wrong, sizes, text, 1024) == bad);
  }
  CHECK(sl_reader_inspect(context, reader, 1, paths, bytes, sizes, text, 1024) == bad);
  CHECK(sl_reader_inspect(context, reader, 3, paths, bytes, sizes, text, 1024) == bad);
  CHECK(sl_reader_inspect(context, reader, 2, paths, bytes, nullptr, text, 1024) == bad);
  CHECK(sl_reader_inspect(context, reader, 2, paths, bytes, sizes, nullptr, 1024) == bad);
  CHECK(sl_reader_inspect(context, reader, 2, paths, bytes, sizes, text, 767) == bad);
  CHECK(sl_reader_inspect(context, reader, 0, nullptr, 0, nullptr, text, 256) == SL_OK);
  CHECK(std::string(text) == "[]");

  uint8_t pixels[2 * 12];
  int64_t job = -7;
  const auto decode = [&](int64_t count, const char* names, int64_t length, int32_t views, const int32_t* frames,
                          int64_t height, int64_t width, uint8_t* target, int64_t* number) {
    return sl_reader_decode(context, reader, count, names, length, views, frames, height, width, target, number);
  };
  const std::vector<int32_t> good = {0, 0, 2, 2, 2, 2, 0, 0};
  std::vector<int32_t> frames = good;
  frames.insert(frames.end(), good.begin(), good.end());
  const int32_t* const f = frames.data();
  CHECK(sl_reader_decode(nullptr, reader, 2, paths, bytes, 1, f, 2, 2, pixels, &job) == bad);
  CHECK(sl_reader_decode(context, nullptr, 2, paths, bytes, 1, f, 2, 2, pixels, &job) == bad);
  CHECK(decode(-1, paths, bytes, 1, f, 2, 2, pixels, &job) == bad);
  CHECK(decode(2, nullptr, bytes, 1, f, 2, 2, pixels, &job) == bad);
  CHECK(decode(2, paths, bytes - 1, 1, f, 2, 2, pixels, &job) == bad);
  CHECK(decode(1, paths, bytes, 1, f, 2, 2, pixels, &job) == bad);
  for (const int32_t views : {-1, 0, 17}) CHECK(decode(2, paths, bytes, views, f, 2, 2, pixels, &job) == bad);
  CHECK(decode(2, paths, bytes, 1, nullptr, 2, 2, pixels, &job) == bad);
  CHECK(decode(2, paths, bytes, 1, f, -1, 2, pixels, &job) == bad);
  CHECK(decode(2, paths, bytes, 1, f, 2, -1, pixels, &job) == bad);
  CHECK(decode(2, paths, bytes, 1, f, INT64_MAX / 2, INT64_MAX / 2, pixels, &job) == bad);
  CHECK(decode(2, paths, bytes, 1, f, 3, 2, pixels, &job) == bad);
  CHECK(decode(2, paths, bytes, 1, f, 2, 2, nullptr, &job) == bad);
  CHECK(decode(2, paths, bytes, 1, f, 2, 2, pixels, nullptr) == bad);
  const std::vector<std::pair<size_t, std::vector<int32_t>>> wrong = {
      {SL_FRAME_TOP, {-1, INT_MIN, INT_MAX}},  {SL_FRAME_LEFT, {-1, INT_MAX - 1}},
      {SL_FRAME_HEIGHT, {0, -1, INT_MIN}},     {SL_FRAME_WIDTH, {0, -5}},
      {SL_FRAME_RESIZED_HEIGHT, {0, -1, 1}},   {SL_FRAME_RESIZED_WIDTH, {0, INT_MIN, 1}},
      {SL_FRAME_WINDOW_TOP, {-1, 1, INT_MAX}}, {SL_FRAME_WINDOW_LEFT, {-1, 1, INT_MIN}}};
  for (const auto& [column, values] : wrong) {
    for (const int32_t value : values) {
      CAPTURE(column);
      CAPTURE(value);
      std::vector<int32_t> other = frames;
      other[SL_FRAME_COLUMNS + column] = value;
      CHECK(decode(2, paths, bytes, 1, other.data(), 2, 2, pixels, &job) == bad);
      CHECK(last_error_mentions("image 1, view 0"));
    }
  }
  CHECK(job == -7);

  const int64_t numbers[] = {0, -1};
  const auto records = [&](const char* path, int64_t count, const int64_t* of, int64_t height, int64_t width,
                           uint8_t* target, int64_t* number) {
    return sl_reader_records(context, reader, path, count, of, height, width, target, number);
  };
  CHECK(sl_reader_records(nullptr, reader, "/a", 1, numbers, 2, 2, pixels, &job) == bad);
  CHECK(sl_reader_records(context, nullptr, "/a", 1, numbers, 2, 2, pixels, &job) == bad);
  CHECK(records(nullptr, 1, numbers, 2, 2, pixels, &job) == bad);
  CHECK(records("/a", -1, numbers, 2, 2, pixels, &job) == bad);
  CHECK(records("/a", 1, nullptr, 2, 2, pixels, &job) == bad);
  CHECK(records("/a", 2, numbers, 2, 2, pixels, &job) == bad);
  CHECK(records("/a", 1, numbers, -2, 2, pixels, &job) == bad);
  CHECK(records("/a", 1, numbers, 2, -2, pixels, &job) == bad);
  CHECK(records("/a", 1, numbers, INT64_MAX, INT64_MAX, pixels, &job) == bad);
  CHECK(records("/a", 1, numbers, 2, 2, nullptr, &job) == bad);
  CHECK(records("/a", 1, numbers, 2, 2, pixels, nullptr) == bad);
  CHECK(job == -7);

  int32_t done = 0;
  CHECK(sl_reader_done(nullptr, reader, 1, &done) == bad);
  CHECK(sl_reader_done(context, nullptr, 1, &done) == bad);
  for (const int64_t unknown : {int64_t{-1}, int64_t{0}, INT64_MAX}) {
    CHECK(sl_reader_done(context, reader, unknown, &done) == bad);
    CHECK(sl_reader_wait(context, reader, unknown, text, 1024) == bad);
  }
  REQUIRE(records("/a", 0, nullptr, 2, 2, nullptr, &job) == SL_OK);
  CHECK(sl_reader_done(context, reader, job, nullptr) == bad);
  CHECK(sl_reader_wait(nullptr, reader, job, text, 1024) == bad);
  CHECK(sl_reader_wait(context, nullptr, job, text, 1024) == bad);
  CHECK(sl_reader_wait(context, reader, job, nullptr, 1024) == bad);
  CHECK(sl_reader_wait(context, reader, job, text, 255) == bad);
  CHECK(sl_reader_wait(context, reader, job, text, 256) == SL_OK);
}
