// Decodes PNG of any colour type and depth to 8-bit RGB.
#include "png.h"

#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "png_notes.h"

namespace sluice {
namespace {

constexpr int signature_bytes = 8;
constexpr uint8_t end_chunk[] = {'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82};

// Largest ancillary chunk, and the most such chunks to read.
constexpr png_alloc_size_t most_chunk_bytes = 8000000;
constexpr png_uint_32 most_chunks = 1000, longest_side = 0x7fffffff;

// Rows are held twice, at up to 8 bytes per pixel.
constexpr int64_t longest_row = 1000000;

// Names of chunks that libpng must ignore, each ending in a zero. No pixel depends on them, and png_notes.cpp reads
// the orientation, also from chunks after the pixels.
constexpr png_byte ignored_chunks[] =
    "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0tEXt\0tIME\0tRNS\0zTXt";

// Decodes a file with libpng. Its errors use longjmp, so a function that calls setjmp must not own objects with
// destructors.
class PngDecoder : public Decoder {
 public:
  explicit PngDecoder(const FileView& file) : file_(file) {}
  ~PngDecoder() override { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;

  Reason read_header(PictureHeader& header, bool& cut) override;
  int64_t position() const override { return position_; }
  bool has_end(const uint8_t* bytes, int64_t count) const override;
  bool scales() const override { return false; }
  Reason decode(int denominator, const Region& region, DecoderBuffers& buffers, Raster& raster) override {
    return read_region(denominator, region, buffers, raster) ? Reason() : reason_;
  }

 private:
  static void read_bytes(png_structp png, png_bytep target, png_size_t count);
  [[noreturn]] static void on_error(png_structp png, png_const_charp sentence);
  static void on_warning(png_structp, png_const_charp) {}

  bool start();
  bool read_region(int denominator, const Region& region, DecoderBuffers& buffers, Raster& raster);
  bool refuse(const char* reason) {
    std::snprintf(reason_, sizeof reason_, "%s", reason);
    return false;
  }

  FileView file_;
  int64_t position_ = 0;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  bool cut_ = false;
  char reason_[longest_reason + 1] = "";
};

void PngDecoder::read_bytes(png_structp png, png_bytep target, png_size_t count) {
  PngDecoder& self = *static_cast<PngDecoder*>(png_get_io_ptr(png));
  if (count > static_cast<png_size_t>(self.file_.count - self.position_)) {
    self.cut_ = true;
    png_error(png, "truncated");
  }
  std::memcpy(target, self.file_.bytes + self.position_, count);
  self.position_ += static_cast<int64_t>(count);
}

void PngDecoder::on_error(png_structp png, png_const_charp sentence) {
  PngDecoder& self = *static_cast<PngDecoder*>(png_get_error_ptr(png));
  if (self.cut_) {
    self.refuse("is truncated");
  } else {
    std::snprintf(self.reason_, sizeof self.reason_, "is damaged (%.150s)", sentence);
  }
  png_longjmp(png, 1);
}

bool PngDecoder::start() {
  png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
  if (png_ == nullptr) return refuse("needs more memory than is available");
  if (setjmp(png_jmpbuf(png_)) != 0) return false;
  info_ = png_create_info_struct(png_);
  if (info_ == nullptr) return refuse("needs more memory than is available");
  png_set_read_fn(png_, this, read_bytes);
  png_set_user_limits(png_, longest_side, longest_side);
  png_set_chunk_malloc_max(png_, most_chunk_bytes);
  png_set_chunk_cache_max(png_, most_chunks);
  png_set_crc_action(png_, PNG_CRC_ERROR_QUIT, PNG_CRC_WARN_DISCARD);
  png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, ignored_chunks, sizeof ignored_chunks / 5);
  png_read_info(png_, info_);
  return true;
}

Reason PngDecoder::read_header(PictureHeader& header, bool& cut) {
  if (!start()) {
    cut = cut_;
    return reason_;
  }
  header.height = png_get_image_height(png_, info_);
  header.width = png_get_image_width(png_, info_);
  if (header.width > longest_row) {
    return "is " + std::to_string(header.width) + " pixels wide, more than the limit of " +
           std::to_string(longest_row) + " for a PNG";
  }
  header.orientation = orientation_of(png_orientation(file_));
  return {};
}

bool PngDecoder::has_end(const uint8_t* bytes, int64_t count) const {
  for (int64_t at = count - int64_t{sizeof end_chunk}; at >= 0; --at) {
    if (std::memcmp(bytes + at, end_chunk, sizeof end_chunk) == 0) return true;
  }
  return false;
}

// Reads all rows, even if only some are wanted: the checksum at the end tells whether the file is damaged.
bool PngDecoder::read_region(int denominator, const Region& region, DecoderBuffers& buffers, Raster& raster) {
  if (setjmp(png_jmpbuf(png_)) != 0) return false;
  png_set_strip_16(png_);
  png_set_palette_to_rgb(png_);
  png_set_expand_gray_1_2_4_to_8(png_);
  png_set_strip_alpha(png_);
  png_set_gray_to_rgb(png_);
  const int passes = png_set_interlace_handling(png_);
  png_read_update_info(png_, info_);
  const int64_t height = png_get_image_height(png_, info_), width = png_get_image_width(png_, info_);
  const int64_t row_bytes = width * 3;
  const bool is_rgb = png_get_rowbytes(png_, info_) == static_cast<png_size_t>(row_bytes);
  if (!is_rgb || denominator != 1 || region.bottom() > height || region.right() > width) {
    return refuse("is an unsupported kind of PNG");
  }
  if (passes == 1) {
    uint8_t* target = buffers.pixels.reserve(region.height * row_bytes);
    uint8_t* const unwanted = buffers.line.reserve(row_bytes);
    for (int64_t row = 0; row < height; ++row) {
      const bool wanted = row >= region.top && row < region.bottom();
      png_read_row(png_, wanted ? target : unwanted, nullptr);
      if (wanted) target += row_bytes;
    }
    raster = {{region.top, 0, region.height, width}, row_bytes, buffers.pixels.data()};
  } else {
    // Interlaced: each pass adds some pixels to every row.
    uint8_t* const pixels = buffers.pixels.reserve(height * row_bytes);
    for (int pass = 0; pass < passes; ++pass) {
      for (int64_t row = 0; row < height; ++row) png_read_row(png_, pixels + row * row_bytes, nullptr);
    }
    raster = {{0, 0, height, width}, row_bytes, pixels};
  }
  png_read_end(png_, nullptr);
  return true;
}

}  // namespace

std::unique_ptr<Decoder> open_png(const FileView& file) {
  if (file.count < signature_bytes || png_sig_cmp(file.bytes, 0, signature_bytes) != 0) return nullptr;
  return std::make_unique<PngDecoder>(file);
}

}  // namespace sluice
