// Walks through the chunks of a PNG to find its orientation.
#include "png_notes.h"

#include <zlib.h>

#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "exif.h"
#include "file.h"

namespace sluice {
namespace {

constexpr int64_t signature_bytes = 8, head_bytes = 8, sum_bytes = 4;

// Most chunks to read, the largest chunk, and the largest text that a chunk inflates to.
constexpr int64_t most_chunks = 100000, most_chunk_bytes = 8000000, most_text_bytes = 1 << 20;

// Most texts to read for an orientation: a file of 20 MB can contain 20,000 texts that inflate to 1 MB each.
constexpr int64_t most_texts = 64;

constexpr std::string_view profile_keyword = "Raw profile type exif", xmp_keyword = "XML:com.adobe.xmp";

// The orientations found. Of several eXIf blocks the first counts, of several texts the last, as in Pillow.
struct Notes {
  std::optional<std::string> exif, profile, xmp;
  int64_t texts = 0;
};

// Returns false if the file ends before.
bool read(const FileView& png, int64_t offset, int64_t bytes, uint8_t* target) {
  if (offset + bytes <= png.count) {
    std::memcpy(target, png.bytes + offset, static_cast<size_t>(bytes));
    return true;
  }
  return png.file != nullptr && offset + bytes <= png.file->size() && png.file->read(offset, bytes, target).empty();
}

uint32_t big_endian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

// Removes the part up to the next zero byte from a text, and returns it without the zero; nothing if there is no zero.
std::optional<std::string_view> take_field(std::string_view& text) {
  const size_t end = text.find('\0');
  if (end == text.npos) return std::nullopt;
  const std::string_view field = text.substr(0, end);
  text.remove_prefix(end + 1);
  return field;
}

std::optional<std::string> inflated(std::string_view packed) {
  std::string text(most_text_bytes, '\0');
  uLongf bytes = static_cast<uLongf>(most_text_bytes);
  const auto* const source = reinterpret_cast<const Bytef*>(packed.data());
  if (uncompress(reinterpret_cast<Bytef*>(text.data()), &bytes, source, packed.size()) != Z_OK) return std::nullopt;
  text.resize(bytes);
  return text;
}

// The text after the keyword of a tEXt, zTXt or iTXt chunk.
std::optional<std::string> text_of(std::string_view type, std::string_view data) {
  if (type == "tEXt") return std::string(data);
  const bool international = type == "iTXt";
  if (data.size() < 2) return std::nullopt;
  const bool packed = !international || data[0] != 0;
  const char method = data[international ? 1 : 0];
  data.remove_prefix(international ? 2 : 1);
  // Skip language and translated keyword.
  if (international && (!take_field(data) || !take_field(data))) return std::nullopt;
  if (!packed) return std::string(data);
  return method == 0 ? inflated(data) : std::nullopt;
}

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

// Decodes the block in a text profile: an empty line, a name, a length, then hexadecimal digits with white space.
// Empty if the text has another form.
std::string profile_block(std::string_view text) {
  for (int line = 0; line < 3; ++line) {
    const size_t end = text.find('\n');
    if (end == text.npos) return {};
    text.remove_prefix(end + 1);
  }
  std::string block;
  int half = -1;
  for (const char letter : text) {
    if (letter == ' ' || (letter >= '\t' && letter <= '\r')) continue;
    const int value = hex_value(letter);
    if (value < 0) return {};
    if (half >= 0) block.push_back(static_cast<char>(half << 4 | value));
    half = half >= 0 ? -1 : value;
  }
  return block;
}

bool is_text(std::string_view type) { return type == "tEXt" || type == "zTXt" || type == "iTXt"; }

// Records the orientation in a chunk.
void take_note(std::string_view type, std::string_view data, Notes& notes) {
  if (type == "eXIf") {
    if (!notes.exif) notes.exif = data;
    return;
  }
  const std::optional<std::string_view> keyword = take_field(data);
  if (!keyword) return;
  std::optional<std::string>* const note = *keyword == profile_keyword ? &notes.profile
                                           : *keyword == xmp_keyword   ? &notes.xmp
                                                                       : nullptr;
  if (note == nullptr || ++notes.texts > most_texts) return;
  if (std::optional<std::string> text = text_of(type, data)) *note = std::move(text);
}

Notes read_notes(const FileView& png) {
  Notes notes;
  std::string chunk;
  int64_t at = signature_bytes;
  for (int64_t i = 0; i < most_chunks; ++i) {
    uint8_t head[head_bytes];
    if (!read(png, at, head_bytes, head)) break;
    const int64_t length = big_endian(head);
    const std::string_view type(reinterpret_cast<const char*>(head) + 4, 4);
    if (type == "IEND") break;
    if ((type == "eXIf" || is_text(type)) && length <= most_chunk_bytes) {
      // Skip type, data and checksum.
      chunk.resize(static_cast<size_t>(type.size() + length + sum_bytes));
      auto* const bytes = reinterpret_cast<uint8_t*>(chunk.data());
      if (!read(png, at + 4, static_cast<int64_t>(chunk.size()), bytes)) break;
      const size_t summed = chunk.size() - sum_bytes;
      const bool sound = crc32(0, bytes, static_cast<uInt>(summed)) == big_endian(bytes + summed);
      const std::string_view data = std::string_view(chunk).substr(4, static_cast<size_t>(length));
      if (sound) take_note(type, data, notes);
    }
    at += head_bytes + length + sum_bytes;
  }
  return notes;
}

}  // namespace

int png_orientation(const FileView& png) {
  const Notes notes = read_notes(png);
  int orientation = no_orientation;
  if (notes.exif) {
    orientation = exif_orientation(*notes.exif);
  } else if (notes.profile) {
    orientation = exif_orientation(profile_block(*notes.profile));
  }
  if (orientation == no_orientation && notes.xmp) orientation = xmp_orientation(*notes.xmp);
  return orientation == no_orientation ? 1 : orientation;
}

}  // namespace sluice
