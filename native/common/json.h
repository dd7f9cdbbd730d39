// Text of JSON, as far as descriptions of devices need it.
#pragma once

#include <cstring>
#include <string>

#include "status.h"

namespace sluice {

// A string with its quotes; characters that JSON would have escaped by number are left out.
inline std::string json_string(const std::string& text) {
  std::string result = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') result += '\\';
    if (static_cast<unsigned char>(letter) >= ' ') result += letter;
  }
  return result + "\"";
}

inline std::string json_requirement(const std::string& name, bool found, const std::string& detail) {
  return "{\"name\":" + json_string(name) + ",\"found\":" + (found ? "true" : "false") +
         ",\"detail\":" + json_string(detail) + "}";
}

// Copies a text to where the caller of `name`, an exported function, wants it.
inline int32_t write_text(const char* name, const std::string& text, char* host_text, int64_t capacity) {
  SL_REQUIRE(static_cast<int64_t>(text.size()) < capacity, "%s: capacity is %lld bytes, the text needs %zu", name,
             static_cast<long long>(capacity), text.size() + 1);
  std::memcpy(host_text, text.c_str(), text.size() + 1);
  return SL_OK;
}

}  // namespace sluice
