// Decodes image files: chooses the region and the scale to decode, and cuts the frames.
#include "decode.h"

#include <algorithm>

#include "../include/sluice.h"
#include "file.h"
#include "jpeg.h"
#include "png.h"

namespace sluice {
namespace {

constexpr int64_t most_file_bytes = int64_t{1} << 30;
constexpr int64_t most_idle_bytes = int64_t{64} << 20;

// Bytes to read first, from the beginning for the header and from the end for the end marker.
constexpr int64_t beginning_bytes = 64 << 10, end_bytes = 4 << 10;

// Factors by which libjpeg can shrink an image while it decodes.
constexpr int denominators[] = {8, 4, 2};

// Opens a file, and refuses it if it is empty or too large.
Reason open_image(const char* path, InputFile& file) {
  Reason reason = file.open(path);
  if (!reason.empty()) return reason;
  if (file.size() == 0) return "is empty";
  if (file.size() > most_file_bytes) {
    return "has " + std::to_string(file.size()) + " bytes, more than the limit of " + std::to_string(most_file_bytes);
  }
  return {};
}

// Makes the decoder of a file and reads the header. `cut` as in Decoder::read_header.
Reason open_decoder(const FileView& view, std::unique_ptr<Decoder>& decoder, PictureHeader& header, bool& cut) {
  decoder = open_jpeg(view);
  if (decoder == nullptr) decoder = open_png(view);
  if (decoder == nullptr) return "is neither JPEG nor PNG";
  Reason reason = decoder->read_header(header, cut);
  return reason.empty() ? size_reason(header.height, header.width) : reason;
}

Reason check_end(const Decoder& decoder, const FileView& view) {
  const int64_t position = decoder.position();
  return decoder.has_end(view.bytes + position, view.count - position) ? Reason() : "is truncated";
}

// Reads the first `count` bytes of a file, or all if it has fewer.
Reason read_beginning(const InputFile& file, int64_t bytes, ByteBuffer& buffer, FileView& view) {
  view.count = std::min(bytes, file.size());
  uint8_t* const target = buffer.reserve(view.count);
  view.bytes = target;
  view.file = &file;
  return file.read(0, view.count, target);
}

// Opens a decoder on the whole file.
Reason inspect_whole(const InputFile& file, Scratch& scratch, PictureHeader& header) {
  FileView view;
  Reason reason = read_beginning(file, file.size(), scratch.file, view);
  std::unique_ptr<Decoder> decoder;
  bool cut = false;
  if (reason.empty()) reason = open_decoder(view, decoder, header, cut);
  return reason.empty() ? check_end(*decoder, view) : reason;
}

// Opens a decoder on the beginning and the end of a file, which suffices for most files.
Reason inspect_file(const InputFile& file, Scratch& scratch, PictureHeader& header) {
  if (file.size() <= beginning_bytes + end_bytes) return inspect_whole(file, scratch, header);
  FileView view;
  Reason reason = read_beginning(file, beginning_bytes, scratch.file, view);
  std::unique_ptr<Decoder> decoder;
  bool cut = false;
  if (reason.empty()) reason = open_decoder(view, decoder, header, cut);
  if (cut) return inspect_whole(file, scratch, header);
  if (!reason.empty()) return reason;
  uint8_t* const end = scratch.decoder.line.reserve(end_bytes);
  reason = file.read(file.size() - end_bytes, end_bytes, end);
  if (!reason.empty() || decoder->has_end(end, end_bytes)) return reason;
  decoder.reset();  // before the bytes that it points to
  return inspect_whole(file, scratch, header);
}

Reason check_frame(const PictureHeader& header, const int32_t* frame) {
  const int64_t height = header.upright_height(), width = header.upright_width();
  const int64_t top = frame[SL_FRAME_TOP], left = frame[SL_FRAME_LEFT];
  if (top + frame[SL_FRAME_HEIGHT] <= height && left + frame[SL_FRAME_WIDTH] <= width) return {};
  return "has " + std::to_string(height) + " x " + std::to_string(width) + " pixels, and a crop of " +
         std::to_string(frame[SL_FRAME_HEIGHT]) + " x " + std::to_string(frame[SL_FRAME_WIDTH]) + " at row " +
         std::to_string(top) + ", column " + std::to_string(left) + " is not inside";
}

// The largest factor by which decoding may shrink the image without enlarging any view afterwards.
int choose_denominator(int64_t views, const int32_t* frames) {
  for (const int denominator : denominators) {
    const auto suits = [&](int64_t view) {
      const int32_t* const frame = frames + view * SL_FRAME_COLUMNS;
      return int64_t{frame[SL_FRAME_RESIZED_HEIGHT]} * denominator <= frame[SL_FRAME_HEIGHT] &&
             int64_t{frame[SL_FRAME_RESIZED_WIDTH]} * denominator <= frame[SL_FRAME_WIDTH];
    };
    bool all = true;
    for (int64_t view = 0; view < views; ++view) all = all && suits(view);
    if (all) return denominator;
  }
  return 1;
}

// An axis of an image that is decoded at 1 / `denominator` of its size.
struct ScaledAxis {
  int64_t size, denominator;
  bool reversed;  // turned, so that the last pixel, which may be incomplete, comes first

  int64_t scaled() const { return (size + denominator - 1) / denominator; }

  // The frame's columns: begin and length of the crop, the size to resize it to, and the begin of the wanted pixels.
  void set(int64_t begin, int64_t length, int64_t resized, int64_t window, int64_t count, int64_t group,
           ResizeAxis& axis) const {
    // In full-size pixels, from the edge of the first pixel of the reduced image.
    const int64_t from = begin + (reversed ? scaled() * denominator - size : 0);
    const int64_t first = from / denominator, last = (from + length + denominator - 1) / denominator;
    const double offset = static_cast<double>(from - first * denominator) / static_cast<double>(denominator);
    axis.set(first, last, offset, static_cast<double>(length) / static_cast<double>(denominator), resized, window,
             count, group);
  }
};

// The smallest region that contains all pixels that the views read.
Region union_of(const std::vector<ViewAxes>& views, int64_t count) {
  int64_t top = INT64_MAX, left = INT64_MAX, bottom = 0, right = 0;
  for (int64_t view = 0; view < count; ++view) {
    const ViewAxes& axes = views[static_cast<size_t>(view)];
    top = std::min(top, axes.vertical.begin());
    left = std::min(left, axes.horizontal.begin());
    bottom = std::max(bottom, axes.vertical.end());
    right = std::max(right, axes.horizontal.end());
  }
  return {top, left, bottom - top, right - left};
}

}  // namespace

void Scratch::trim() {
  for (ByteBuffer* buffer : {&file, &upright, &decoder.pixels, &decoder.line}) buffer->trim(most_idle_bytes);
}

Reason inspect_image(const char* path, Scratch& scratch, int32_t* size) {
  InputFile file;
  Reason reason = open_image(path, file);
  PictureHeader header;
  if (reason.empty()) reason = inspect_file(file, scratch, header);
  size[0] = reason.empty() ? static_cast<int32_t>(header.upright_height()) : 0;
  size[1] = reason.empty() ? static_cast<int32_t>(header.upright_width()) : 0;
  return reason;
}

Reason decode_image(const char* path, const FrameSize& size, const int32_t* frames, uint8_t* pixels, int64_t stride,
                    Scratch& scratch) {
  FileView view;
  {
    InputFile file;
    Reason reason = open_image(path, file);
    if (reason.empty()) reason = read_beginning(file, file.size(), scratch.file, view);
    if (!reason.empty()) return reason;
    view.file = nullptr;  // all bytes are in memory
  }
  std::unique_ptr<Decoder> decoder;
  PictureHeader header;
  bool cut = false;
  Reason reason = open_decoder(view, decoder, header, cut);
  if (reason.empty()) reason = check_end(*decoder, view);
  for (int64_t i = 0; i < size.views && reason.empty(); ++i) {
    reason = check_frame(header, frames + i * SL_FRAME_COLUMNS);
  }
  if (!reason.empty()) return reason;

  const Orientation& orientation = header.orientation;
  const int64_t denominator = decoder->scales() ? choose_denominator(size.views, frames) : 1;
  const ScaledAxis rows{header.upright_height(), denominator, orientation.flipped};
  const ScaledAxis columns{header.upright_width(), denominator, orientation.mirrored};
  if (static_cast<int64_t>(scratch.views.size()) < size.views) scratch.views.resize(static_cast<size_t>(size.views));
  for (int64_t i = 0; i < size.views; ++i) {
    const int32_t* const frame = frames + i * SL_FRAME_COLUMNS;
    ViewAxes& axes = scratch.views[static_cast<size_t>(i)];
    rows.set(frame[SL_FRAME_TOP], frame[SL_FRAME_HEIGHT], frame[SL_FRAME_RESIZED_HEIGHT], frame[SL_FRAME_WINDOW_TOP],
             size.height, row_group, axes.vertical);
    columns.set(frame[SL_FRAME_LEFT], frame[SL_FRAME_WIDTH], frame[SL_FRAME_RESIZED_WIDTH], frame[SL_FRAME_WINDOW_LEFT],
                size.width, column_group, axes.horizontal);
  }

  const Region wanted = union_of(scratch.views, size.views);
  const Region stored = stored_region(orientation, rows.scaled(), columns.scaled(), wanted);
  Raster raster;
  reason = decoder->decode(static_cast<int>(denominator), stored, scratch.decoder, raster);
  if (!reason.empty()) return reason;
  if (orientation.turns()) {
    raster = turn_upright(orientation, rows.scaled(), columns.scaled(), raster, scratch.upright);
  }
  for (int64_t i = 0; i < size.views; ++i) {
    const ViewAxes& axes = scratch.views[static_cast<size_t>(i)];
    resize(raster, axes.vertical, axes.horizontal, scratch.resize, pixels + i * stride);
  }
  return {};
}

}  // namespace sluice
