// Writes image files for tests, and reads them.
#pragma once

#include <cstddef>
#include <cstdio>

#include <jpeglib.h>
#include <png.h>
#include <unistd.h>

#include <fstream>
#include <functional>

#include "helpers.h"

namespace sluice_test {

using Bytes = std::vector<uint8_t>;

// Interleaved samples.
struct Picture {
  int height = 0, width = 0, channels = 3;
  Bytes samples;

  uint8_t at(int y, int x, int channel) const {
    return samples[static_cast<size_t>((y * width + x) * channels + channel)];
  }
};

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 2 + 1) {}
  // 0 to end - 1.
  int below(int64_t end) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<int>((state_ >> 33) % static_cast<uint64_t>(end));
  }

 private:
  uint64_t state_;
};

// Slow waves with some noise, which JPEG compresses well.
inline Picture photo(int height, int width, int channels, uint32_t seed) {
  Picture made{height, width, channels, {}};
  Random random(seed);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        const double wave = std::sin(0.11 * (c + 1) * x + seed) + std::cos(0.07 * y * (3 - c % 3) + 0.05 * x);
        const double value = 128 + 50 * wave + static_cast<double>(random.below(17));
        made.samples.push_back(static_cast<uint8_t>(std::min(255.0, std::max(0.0, value))));
      }
    }
  }
  return made;
}

// Every sample is independent.
inline Picture noise(int height, int width, int channels, uint32_t seed) {
  Picture made{height, width, channels, {}};
  Random random(seed);
  for (int i = 0; i < height * width * channels; ++i) made.samples.push_back(static_cast<uint8_t>(random.below(256)));
  return made;
}

struct JpegOptions {
  J_COLOR_SPACE colours = JCS_YCbCr;  // in the file
  bool progressive = false;
  int horizontal = 2, vertical = 2;  // subsampling of colour
  int restart_rows = 0;
};

inline Bytes encode_jpeg(const Picture& picture, const JpegOptions& options = {}) {
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* memory = nullptr;
  unsigned long bytes = 0;
  jpeg_mem_dest(&info, &memory, &bytes);
  info.image_width = static_cast<JDIMENSION>(picture.width);
  info.image_height = static_cast<JDIMENSION>(picture.height);
  info.input_components = picture.channels;
  info.in_color_space = picture.channels == 1 ? JCS_GRAYSCALE : picture.channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_colorspace(&info, options.colours);
  jpeg_set_quality(&info, 85, TRUE);
  if (options.colours == JCS_YCbCr || options.colours == JCS_YCCK) {
    info.comp_info[0].h_samp_factor = options.horizontal;
    info.comp_info[0].v_samp_factor = options.vertical;
  }
  info.restart_in_rows = options.restart_rows;
  if (options.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  for (int y = 0; y < picture.height; ++y) {
    JSAMPROW row = const_cast<JSAMPROW>(picture.samples.data() + y * picture.width * picture.channels);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const Bytes result(memory, memory + bytes);
  std::free(memory);
  return result;
}

// Decodes the whole image with libjpeg, at 1 / `denominator` of its size. Images of four inks are not converted.
inline Picture decode_jpeg(const Bytes& file, int denominator = 1) {
  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, file.data(), file.size());
  jpeg_read_header(&info, TRUE);
  info.scale_num = 1;
  info.scale_denom = static_cast<unsigned int>(denominator);
  info.out_color_space = info.num_components == 4 ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(&info);
  Picture result{static_cast<int>(info.output_height), static_cast<int>(info.output_width), info.output_components, {}};
  result.samples.resize(static_cast<size_t>(result.height) * result.width * result.channels);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = result.samples.data() + static_cast<size_t>(info.output_scanline) * result.width * result.channels;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return result;
}

// A block of EXIF with another tag before the orientation.
inline Bytes exif_block(int orientation, bool big) {
  Bytes block;
  const auto two = [&](int value) {
    for (const int shift : {big ? 8 : 0, big ? 0 : 8}) block.push_back(static_cast<uint8_t>(value >> shift));
  };
  const auto four = [&](int value) {
    two(big ? 0 : value);
    two(big ? value : 0);
  };
  block = big ? Bytes{'M', 'M'} : Bytes{'I', 'I'};
  two(42);
  four(8);
  two(2);
  two(0x0100);  // the width, a long
  two(4);
  four(1);
  four(640);
  two(0x0112);
  two(3);
  four(1);
  two(orientation);
  two(0);
  four(0);
  return block;
}

inline Bytes with_exif(const Bytes& jpeg, int orientation, bool big) {
  Bytes marker = {'E', 'x', 'i', 'f', 0, 0};
  const Bytes block = exif_block(orientation, big);
  marker.insert(marker.end(), block.begin(), block.end());
  const size_t length = marker.size() + 2;
  Bytes result = {0xff, 0xd8, 0xff, 0xe1, static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)};
  result.insert(result.end(), marker.begin(), marker.end());
  result.insert(result.end(), jpeg.begin() + 2, jpeg.end());
  return result;
}

struct PngOptions {
  int colours = PNG_COLOR_TYPE_RGB, depth = 8;
  bool interlaced = false, transparent = false;
  int orientation = 1;
};

// Rows in PNG's packing, and a palette of sixteen colours.
inline Bytes encode_png(int height, int width, const Bytes& packed, const PngOptions& options,
                        const std::vector<png_color>& palette = {}) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  Bytes result;
  png_set_write_fn(
      png, &result,
      [](png_structp self, png_bytep bytes, png_size_t count) {
        Bytes& target = *static_cast<Bytes*>(png_get_io_ptr(self));
        target.insert(target.end(), bytes, bytes + count);
      },
      nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), options.depth,
               options.colours, options.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, 0, 0);
  if (!palette.empty()) png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  if (options.transparent) {
    const png_byte alpha[] = {0, 128, 255};
    const png_color_16 colour = {0, 1, 1, 1, 1};
    const bool by_index = options.colours == PNG_COLOR_TYPE_PALETTE;
    png_set_tRNS(png, info, by_index ? alpha : nullptr, by_index ? 3 : 0, by_index ? nullptr : &colour);
  }
  Bytes block = exif_block(options.orientation, true);
  if (options.orientation != 1) png_set_eXIf_1(png, info, static_cast<png_uint_32>(block.size()), block.data());
  png_set_gAMA(png, info, 0.3);
  png_write_info(png, info);
  std::vector<png_bytep> rows;
  const size_t row_bytes = packed.size() / static_cast<size_t>(height);
  for (int y = 0; y < height; ++y) rows.push_back(const_cast<png_bytep>(packed.data() + y * row_bytes));
  png_write_image(png, rows.data());
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return result;
}

inline Bytes encode_png(const Picture& rgb) { return encode_png(rgb.height, rgb.width, rgb.samples, {}); }

// A folder that is removed with its contents at the end of its scope.
class Folder {
 public:
  Folder() {
    char name[] = "/tmp/sluice-reader-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path_ = name;
  }
  ~Folder() {
    for (const std::string& file : files_) unlink(file.c_str());
    rmdir(path_.c_str());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }
  std::string write(const std::string& name, const Bytes& bytes) {
    const std::string path = path_ + "/" + name;
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    REQUIRE(file.good());
    files_.push_back(path);
    return path;
  }

 private:
  std::string path_;
  std::vector<std::string> files_;
};

using Frame = std::vector<int32_t>;

// A crop without resizing.
inline Frame plain(int top, int left, int height, int width) { return {top, left, height, width, height, width, 0, 0}; }

inline std::string joined(const std::vector<std::string>& paths) {
  std::string text;
  for (const std::string& path : paths) text += path + '\0';
  return text;
}

// A reader that is destroyed with its scope.
class Reader {
 public:
  Reader(sl_context* context, int threads) : context_(context) {
    REQUIRE(sl_reader_create(context, threads, &reader_) == SL_OK);
  }
  ~Reader() { sl_reader_destroy(context_, reader_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  operator sl_reader*() const { return reader_; }

  // The refused images as JSON.
  std::string inspect(const std::vector<std::string>& paths, std::vector<int32_t>& sizes) const {
    const std::string text = joined(paths);
    sizes.assign(2 * paths.size(), -1);
    std::string refused(256 * (paths.size() + 1), '\0');
    REQUIRE(sl_reader_inspect(context_, reader_, static_cast<int64_t>(paths.size()), text.data(),
                              static_cast<int64_t>(text.size()), sizes.data(), refused.data(),
                              static_cast<int64_t>(refused.size())) == SL_OK);
    return refused.c_str();
  }
  // Frames [paths, views].
  int64_t begin(const std::vector<std::string>& paths, const std::vector<Frame>& frames, int height, int width,
                Bytes& pixels) const {
    const std::string text = joined(paths);
    std::vector<int32_t> columns;
    for (const Frame& frame : frames) columns.insert(columns.end(), frame.begin(), frame.end());
    pixels.assign(frames.size() * static_cast<size_t>(height * width * 3), 77);
    int64_t job = -1;
    REQUIRE(sl_reader_decode(context_, reader_, static_cast<int64_t>(paths.size()), text.data(),
                             static_cast<int64_t>(text.size()), static_cast<int32_t>(frames.size() / paths.size()),
                             columns.data(), height, width, pixels.data(), &job) == SL_OK);
    return job;
  }
  std::string wait(int64_t job, size_t count) const {
    std::string refused(256 * (count + 1), '\0');
    REQUIRE(sl_reader_wait(context_, reader_, job, refused.data(), static_cast<int64_t>(refused.size())) == SL_OK);
    return refused.c_str();
  }
  std::string decode(const std::vector<std::string>& paths, const std::vector<Frame>& frames, int height, int width,
                     Bytes& pixels) const {
    return wait(begin(paths, frames, height, width, pixels), paths.size());
  }
  // Decodes a frame of a file, which must be readable.
  Bytes pixels(const std::string& path, const Frame& frame, int height, int width) const {
    Bytes result;
    REQUIRE(decode({path}, {frame}, height, width, result) == "[]");
    return result;
  }
  Bytes pixels(const std::string& path, const Frame& frame) const {
    return pixels(path, frame, frame[SL_FRAME_RESIZED_HEIGHT], frame[SL_FRAME_RESIZED_WIDTH]);
  }

 private:
  sl_context* context_;
  sl_reader* reader_ = nullptr;
};

// A crop of a whole RGB picture.
inline Bytes cut(const Picture& rgb, int top, int left, int height, int width) {
  Bytes result;
  for (int y = top; y < top + height; ++y) {
    for (int x = left; x < left + width; ++x) {
      for (int c = 0; c < 3; ++c) result.push_back(rgb.at(y, x, c));
    }
  }
  return result;
}

}  // namespace sluice_test
