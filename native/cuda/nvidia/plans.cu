// The engines of convolutions: turns measuring on and off, and writes and reads the choices as text.
//
// The first line names device and library. Each further line describes a convolution: the integers of its key and the
// rank of its engine (see ConvCandidates), separated by blanks. Lines that begin with # are for people, about the
// convolution above them.
#include <cstring>
#include <sstream>
#include <string>

#include "cudnn.h"
#include "device_names.h"

namespace sluice {
namespace {

// A rank names the same engine only with the same release of cuDNN on the same device.
int32_t first_line(const char* name, const sl_context* context, std::string* line) {
  DeviceNames names;
  SL_TRY(device_names(name, context->device, &names));
  *line = "sluice plans 2; " + names.device + "; " + names.isa + "; cuDNN " + cudnn_version_text();
  return SL_OK;
}

std::string line_of(const ConvKey& key, int64_t rank) {
  std::string line;
  for (const int64_t value : key) line += std::to_string(value) + " ";
  return line + std::to_string(rank);
}

// Adds the choice of a line, and points `latest` to it. False if the line has none, or its convolution already has a
// choice.
bool read_line(const std::string& line, int32_t number, ConvChoices* choices, ConvChoice** latest) {
  std::istringstream words(line);
  ConvKey key{};
  int64_t rank = -1;
  for (int64_t& value : key) {
    if (!(words >> value) || value < 0) return false;
  }
  if (!(words >> rank) || rank < 0) return false;
  // Writing the choice again must give the same line; otherwise the line is not of this format.
  if (line != line_of(key, rank)) return false;
  const auto [place, added] = choices->emplace(key, ConvChoice{rank, number, ""});
  *latest = &place->second;
  return added;
}

int32_t read_choices(sl_context* context, const char* host_text, ConvChoices* choices) {
  std::string expected, line;
  SL_TRY(first_line("sl_plans_import", context, &expected));
  std::istringstream lines(host_text);
  std::getline(lines, line);
  SL_REQUIRE(line == expected, "sl_plans_import: line 1 is \"%.200s\", want \"%s\": measure again with --autotune",
             line.c_str(), expected.c_str());
  ConvChoice* latest = nullptr;
  for (int32_t number = 2; std::getline(lines, line); ++number) {
    if (line.rfind('#', 0) == 0) {
      if (latest != nullptr) latest->remarks += line + "\n";
      continue;
    }
    SL_REQUIRE(read_line(line, number, choices, &latest),
               "sl_plans_import: line %d, \"%.200s\", is not a new convolution's %zu integers and its engine's rank, 0 "
               "or more: measure again with --autotune",
               number, line.c_str(), ConvKey{}.size());
  }
  return SL_OK;
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_context_autotune(sl_context* context, int32_t measure) {
  SL_ENTER("sl_context_autotune", context);
  SL_BEGIN
  cudnn_of(context).autotune(measure != 0);
  return SL_OK;
  SL_END("sl_context_autotune")
}

SL_API int32_t sl_plans_export(sl_context* context, char* host_text, int64_t capacity, int64_t* host_bytes) {
  SL_ENTER("sl_plans_export", context);
  SL_REQUIRE(capacity >= 0, "sl_plans_export: capacity is %lld, want 0 or more", static_cast<long long>(capacity));
  if (capacity > 0) SL_REQUIRE_POINTERS("sl_plans_export", host_text);
  SL_REQUIRE_POINTERS("sl_plans_export", host_bytes);
  SL_BEGIN
  std::string text;
  SL_TRY(first_line("sl_plans_export", context, &text));
  text += "\n";
  for (const auto& [key, choice] : cudnn_of(context).choices()) {
    text += line_of(key, choice.rank) + "\n" + choice.remarks;
  }
  *host_bytes = static_cast<int64_t>(text.size()) + 1;
  if (*host_bytes <= capacity) std::memcpy(host_text, text.c_str(), text.size() + 1);
  return SL_OK;
  SL_END("sl_plans_export")
}

SL_API int32_t sl_plans_import(sl_context* context, const char* host_text) {
  SL_ENTER("sl_plans_import", context);
  SL_REQUIRE_POINTERS("sl_plans_import", host_text);
  SL_BEGIN
  ConvChoices choices;
  SL_TRY(read_choices(context, host_text, &choices));
  cudnn_of(context).take_choices(choices);
  return SL_OK;
  SL_END("sl_plans_import")
}
