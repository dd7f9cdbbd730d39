// Decodes JPEG: reads headers, and decodes only the rows and columns that are needed.
#include "jpeg.h"

// jpeglib.h needs these first, and jerror.h needs jpeglib.h: the list of messages depends on how libjpeg was built.
#include <cstddef>
#include <cstdio>

#include <jpeglib.h>

#include <jerror.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <string>
#include <string_view>

#include "exif.h"

namespace sluice {
namespace {

constexpr int most_scans = 100;
constexpr int description_marker = JPEG_APP0 + 1;  // EXIF and XMP
constexpr unsigned int longest_marker = 0xffff;
constexpr std::string_view exif_name("Exif\0\0", 6), xmp_name("http://ns.adobe.com/xap/1.0/\0", 29);
constexpr uint8_t end_marker[] = {0xff, 0xd9};

// Extra pixels to decode around the wanted ones: chroma upsampling reads neighbours, and treats the edge of the
// decoded part as the edge of the image.
constexpr int64_t margin = 8;

// Rows to read per call.
constexpr int rows_at_once = 16;

// libjpeg reports errors through this. It must be the first member, so that its address is that of the whole struct.
struct Errors {
  jpeg_error_mgr base;
  std::jmp_buf escape;
  char reason[longest_reason + 1];
  bool cut;  // the data ended too early
};

Errors& errors_of(j_common_ptr info) { return *reinterpret_cast<Errors*>(info->err); }

// Whether the file is valid but libjpeg cannot decode this kind of JPEG.
bool is_unsupported(int code) {
  switch (code) {
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED: return true;
    default: return false;
  }
}

[[noreturn]] void on_error(j_common_ptr info) {
  Errors& errors = errors_of(info);
  char sentence[JMSG_LENGTH_MAX];
  errors.base.format_message(info, sentence);
  const int code = errors.base.msg_code;
  errors.cut = code == JWRN_JPEG_EOF || code == JERR_INPUT_EMPTY || code == JERR_INPUT_EOF;
  if (errors.cut) {
    std::snprintf(errors.reason, sizeof errors.reason, "is truncated");
  } else if (code == JERR_OUT_OF_MEMORY) {
    std::snprintf(errors.reason, sizeof errors.reason, "needs more memory than is available");
  } else {
    const char* const what = is_unsupported(code) ? "is an unsupported kind of JPEG" : "is damaged";
    std::snprintf(errors.reason, sizeof errors.reason, "%s (%.150s)", what, sentence);
  }
  std::longjmp(errors.escape, 1);
}

// A warning counts as an error if libjpeg then makes up pixels. Harmless warnings (bytes between markers, unknown
// versions) do not count.
void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (errors_of(info).base.msg_code) {
#ifdef D_ARITH_CODING_SUPPORTED
    case JWRN_ARITH_BAD_CODE:
#endif
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_JPEG_EOF:
    case JWRN_MUST_RESYNC: on_error(info);
    default: return;
  }
}

void print_nothing(j_common_ptr) {}

// Each scan takes a pass over the whole image: a small file with thousands of scans would take hours.
void limit_scans(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= most_scans) return;
  Errors& errors = errors_of(info);
  std::snprintf(errors.reason, sizeof errors.reason, "has more than %d scans", most_scans);
  std::longjmp(errors.escape, 1);
}

// Decodes a file with libjpeg. Its errors use longjmp, so a function that calls setjmp must not own objects with
// destructors.
class JpegDecoder : public Decoder {
 public:
  explicit JpegDecoder(const FileView& file) : file_(file) {
    info_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = on_error;
    errors_.base.emit_message = on_message;
    errors_.base.output_message = print_nothing;
    errors_.reason[0] = '\0';
    errors_.cut = false;
    progress_.progress_monitor = limit_scans;
  }
  ~JpegDecoder() override { jpeg_destroy_decompress(&info_); }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  Reason read_header(PictureHeader& header, bool& cut) override {
    if (start()) {
      header = {info_.image_height, info_.image_width, orientation_of(orientation())};
      return {};
    }
    cut = errors_.cut;
    return errors_.reason;
  }
  int64_t position() const override { return info_.src->next_input_byte - file_.bytes; }
  bool has_end(const uint8_t* bytes, int64_t count) const override;
  bool scales() const override { return true; }
  Reason decode(int denominator, const Region& region, DecoderBuffers& buffers, Raster& raster) override {
    if (read_region(denominator, region, buffers, raster)) return {};
    return errors_.reason;
  }

 private:
  bool refuse(const char* reason) {
    std::snprintf(errors_.reason, sizeof errors_.reason, "%s", reason);
    return false;
  }
  bool start();
  bool read_region(int denominator, const Region& region, DecoderBuffers& buffers, Raster& raster);
  int orientation() const;
  void read_rgb(int64_t rows, int64_t row_bytes, uint8_t* target);
  void read_cmyk(int64_t rows, int64_t row_bytes, uint8_t* target, uint8_t* line);

  FileView file_;
  jpeg_decompress_struct info_ = {};
  Errors errors_;
  jpeg_progress_mgr progress_ = {};
};

bool JpegDecoder::start() {
  if (setjmp(errors_.escape) != 0) return false;
  jpeg_create_decompress(&info_);
  info_.mem->max_memory_to_use = 0;  // an environment variable may have set it
  info_.progress = &progress_;
  jpeg_mem_src(&info_, file_.bytes, static_cast<unsigned long>(file_.count));
  jpeg_save_markers(&info_, description_marker, longest_marker);
  jpeg_read_header(&info_, TRUE);
  switch (info_.jpeg_color_space) {
    case JCS_GRAYSCALE:
    case JCS_RGB:
    case JCS_YCbCr: info_.out_color_space = JCS_RGB; return true;
    case JCS_CMYK:
    case JCS_YCCK: info_.out_color_space = JCS_CMYK; return true;
    default: return refuse("is an unsupported kind of JPEG (unknown colours)");
  }
}

int JpegDecoder::orientation() const {
  // EXIF longer than a marker continues in the next markers. Of several packets of XMP the last counts, and only if
  // EXIF has no orientation. Both as in Pillow.
  std::string exif;
  std::string_view xmp;
  for (jpeg_saved_marker_ptr marker = info_.marker_list; marker != nullptr; marker = marker->next) {
    if (marker->marker != description_marker) continue;
    const std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
    if (data.substr(0, exif_name.size()) == exif_name) exif += data.substr(exif_name.size());
    if (data.substr(0, xmp_name.size()) == xmp_name) xmp = data.substr(xmp_name.size());
  }
  const int orientation = exif_orientation(exif);
  return orientation != no_orientation ? orientation : xmp_orientation(xmp);
}

void JpegDecoder::read_rgb(int64_t rows, int64_t row_bytes, uint8_t* target) {
  while (rows > 0) {
    JSAMPROW pointers[rows_at_once];
    const int wanted = static_cast<int>(std::min<int64_t>(rows, rows_at_once));
    for (int i = 0; i < wanted; ++i) pointers[i] = target + i * row_bytes;
    const int64_t got = jpeg_read_scanlines(&info_, pointers, static_cast<JDIMENSION>(wanted));
    target += got * row_bytes;
    rows -= got;
  }
}

// a * b / 255, rounded.
uint8_t product(int a, int b) {
  const int bits = a * b + 128;
  return static_cast<uint8_t>((bits + (bits >> 8)) >> 8);
}

// Adobe stores inverted inks: the share of light that each ink leaves.
void JpegDecoder::read_cmyk(int64_t rows, int64_t row_bytes, uint8_t* target, uint8_t* line) {
  JSAMPROW pointer = line;
  for (; rows > 0; --rows, target += row_bytes) {
    jpeg_read_scanlines(&info_, &pointer, 1);
    for (int64_t x = 0; x * 3 < row_bytes; ++x) {
      for (int64_t channel = 0; channel < 3; ++channel) {
        target[x * 3 + channel] = product(line[x * 4 + channel], line[x * 4 + 3]);
      }
    }
  }
}

bool JpegDecoder::read_region(int denominator, const Region& region, DecoderBuffers& buffers, Raster& raster) {
  if (setjmp(errors_.escape) != 0) return false;
  info_.scale_num = 1;
  info_.scale_denom = static_cast<unsigned int>(denominator);
  info_.dct_method = JDCT_ISLOW;
  info_.do_fancy_upsampling = TRUE;
  info_.do_block_smoothing = FALSE;  // smooths missing scans by reading neighbours further away than the extra pixels
  jpeg_start_decompress(&info_);
  const int64_t height = info_.output_height, width = info_.output_width;
  if (region.bottom() > height || region.right() > width) {
    return refuse("is damaged (its size differs from its header)");
  }

  JDIMENSION left = 0, columns = info_.output_width;
  const int64_t first = std::max<int64_t>(region.left - margin, 0), end = std::min(region.right() + margin, width);
  // libjpeg miscounts the columns of a component with subsampling above 2 that a reduced scale partly undoes.
  const bool counts = denominator == 1 || info_.max_h_samp_factor <= 2;
  if (counts && end - first < width) {
    left = static_cast<JDIMENSION>(first);
    columns = static_cast<JDIMENSION>(end - first);
    jpeg_crop_scanline(&info_, &left, &columns);
  }
  const int64_t top = std::max<int64_t>(region.top - margin, 0), rows = region.bottom() - top;
  if (top > 0) jpeg_skip_scanlines(&info_, static_cast<JDIMENSION>(top));

  const int64_t row_bytes = int64_t{columns} * 3;
  raster = {{top, left, rows, columns}, row_bytes, buffers.pixels.reserve(rows * row_bytes)};
  if (info_.out_color_space == JCS_CMYK) {
    read_cmyk(rows, row_bytes, buffers.pixels.data(), buffers.line.reserve(int64_t{columns} * 4));
  } else {
    read_rgb(rows, row_bytes, buffers.pixels.data());
  }
  return true;
}

bool JpegDecoder::has_end(const uint8_t* bytes, int64_t count) const {
  while (count >= 2) {
    const void* const found = memrchr(bytes + 1, end_marker[1], static_cast<size_t>(count - 1));
    if (found == nullptr) return false;
    count = static_cast<const uint8_t*>(found) - bytes;
    if (bytes[count - 1] == end_marker[0]) return true;
  }
  return false;
}

}  // namespace

std::unique_ptr<Decoder> open_jpeg(const FileView& file) {
  if (file.count < 3 || file.bytes[0] != 0xff || file.bytes[1] != 0xd8 || file.bytes[2] != 0xff) return nullptr;
  return std::make_unique<JpegDecoder>(file);
}

}  // namespace sluice
