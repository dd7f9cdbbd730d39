// Writes the JSON of device descriptions.
#pragma once

#include <cstring>
#include <string>

#include "status.h"

namespace sluice {

// A string in quotes. Control characters are dropped, not escaped.
inline std::string json_string(const std::string& text) {
  std::string result = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') result += '\\';
    if (static_cast<unsigned char>(letter) >= ' ') result += letter;
  }
  return result + "\"";
}

// A requirement of a library. If it is not `needed`, a device can be used without it.
inline std::string json_requirement(const std::string& name, bool needed, bool found, const std::string& detail) {
  const auto truth = [](bool value) { return std::string(value ? "true" : "false"); };
  return "{\"name\":" + json_string(name) + ",\"needed\":" + truth(needed) + ",\"found\":" + truth(found) +
         ",\"detail\":" + json_string(detail) + "}";
}

// Copies a text with its final zero into the buffer of the caller of `name`, an exported function.
inline int32_t write_text(const char* name, const std::string& text, char* host_text, int64_t capacity) {
  SL_REQUIRE(static_cast<int64_t>(text.size()) < capacity, "%s: capacity is %lld bytes, the text needs %zu", name,
             static_cast<long long>(capacity), text.size() + 1);
  std::memcpy(host_text, text.c_str(), text.size() + 1);
  return SL_OK;
}

}  // namespace sluice
