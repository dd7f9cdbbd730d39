// Tests the choice of convolution engines: measuring, exporting as text, and importing a text.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>

#include "helpers.h"

using namespace sluice_test;

namespace {

// The engines of the stand-in for cuDNN: heuristic A's have ranks from 0, of which 3 is the first that fits (1 with
// bf16 operands). The fallbacks have ranks from 4, of which 6 is the fastest of all that fit. Engines 3 and 6 compute
// the same bits.
bool on_stand_in() { return device_is("\"name\":\"hostcuda\""); }

std::string exported(sl_context* context) {
  int64_t bytes = 0;
  REQUIRE(sl_plans_export(context, nullptr, 0, &bytes) == SL_OK);
  std::string text(static_cast<size_t>(bytes), '#');
  int64_t again = 0;
  REQUIRE(sl_plans_export(context, &text[0], bytes, &again) == SL_OK);
  REQUIRE(again == bytes);
  REQUIRE(text.back() == '\0');
  text.pop_back();
  return text;
}

bool is_remark(const std::string& line) { return line.rfind('#', 0) == 0; }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// The lines without remarks.
std::vector<std::string> plain_lines_of(const std::string& text) {
  std::vector<std::string> lines = lines_of(text);
  lines.erase(std::remove_if(lines.begin(), lines.end(), is_remark), lines.end());
  return lines;
}

// The same text with another rank for every convolution.
std::string with_rank(const std::string& text, const std::string& rank) {
  std::string changed;
  for (const std::string& line : lines_of(text)) {
    const bool stays = changed.empty() || is_remark(line);
    changed += (stays ? line : line.substr(0, line.rfind(' ') + 1) + rank) + "\n";
  }
  return changed;
}

void take(sl_context* context, const std::string& text) { REQUIRE(sl_plans_import(context, text.c_str()) == SL_OK); }

constexpr sl_conv_shape shapes[] = {{2, 5, 6, 4, 6, 3, 3, 1, 1, SL_F32}, {1, 7, 7, 6, 2, 1, 1, 2, 0, SL_F32}};

// The results of a shape in all directions, one after the other. With `accumulate`, results are added to 1 if their
// direction can.
std::vector<float> convolve(sl_context* context, const sl_conv_shape& s, int32_t accumulate) {
  const int64_t out_height = (s.height + 2 * s.padding - s.kernel_height) / s.stride + 1;
  const int64_t out_width = (s.width + 2 * s.padding - s.kernel_width) / s.stride + 1;
  const int64_t x_count = int64_t{s.batch} * s.height * s.width * s.in_channels;
  const int64_t weights_count = int64_t{s.out_channels} * s.kernel_height * s.kernel_width * s.in_channels;
  const int64_t y_count = s.batch * out_height * out_width * s.out_channels;
  const Buffer<float> x(context, random_values(x_count, 1)), weights(context, random_values(weights_count, 2));
  const Buffer<float> dy(context, random_values(y_count, 3)), y(context, y_count);
  const Buffer<float> dx(context, std::vector<float>(static_cast<size_t>(x_count), 1.0f));
  const Buffer<float> dw(context, std::vector<float>(static_cast<size_t>(weights_count), 1.0f));
  for (const int32_t direction : {SL_CONV_FORWARD, SL_CONV_BACKWARD_DATA}) {
    int64_t bytes = 0;
    REQUIRE(sl_conv_packed_bytes(context, &s, direction, &bytes) == SL_OK);
    const Buffer<uint8_t> packed(context, bytes);
    REQUIRE(sl_conv_pack(context, &s, direction, weights, packed) == SL_OK);
    const int32_t status = direction == SL_CONV_FORWARD
                               ? sl_conv_forward(context, &s, x, packed, y)
                               : sl_conv_backward_data(context, &s, dy, packed, dx, accumulate);
    REQUIRE_MESSAGE(status == SL_OK, sl_last_error());
  }
  REQUIRE(sl_conv_backward_weights(context, &s, x, dy, dw, accumulate) == SL_OK);
  std::vector<float> results = y.get();
  for (const Buffer<float>* const more : {&dx, &dw}) {
    for (const float value : more->get()) results.push_back(value);
  }
  return results;
}

std::vector<float> convolve_all(sl_context* context, int32_t accumulate = 0) {
  std::vector<float> results;
  for (const sl_conv_shape& shape : shapes) {
    for (const float value : convolve(context, shape, accumulate)) results.push_back(value);
  }
  return results;
}

// Whether the results of two engines agree within the rounding differences of engines.
bool same(const std::vector<float>& actual, const std::vector<float>& expected) {
  return relative_error(actual, expected) <= (on_stand_in() ? 0.0 : 4e-6);
}

// Whether the device is the stand-in.
void check_ranks(sl_context* context, const std::string& rank) {
  const std::string text = exported(context);
  CHECK(lines_of(text).size() > 1);
  CHECK(text == with_rank(text, rank));
}

}  // namespace

TEST_CASE("the CPU has no engines to choose from") {
  if (!on_cpu()) return;
  const Context context;
  CHECK(sl_context_autotune(context, 0) == SL_OK);
  CHECK(sl_context_autotune(context, 1) == SL_ERROR_UNSUPPORTED);
  CHECK(last_error_mentions("--autotune"));
  convolve_all(context);
  CHECK(exported(context).empty());
  take(context, "");
  CHECK(sl_plans_import(context, "sluice plans 2; A; B; cuDNN 9.0.0\n") == SL_ERROR_INVALID_ARGUMENT);
  CHECK(last_error_mentions("another device"));
}

TEST_CASE("plan functions refuse invalid arguments") {
  const Context context;
  char text[4] = "abc";
  int64_t bytes = -1;
  CHECK(sl_context_autotune(nullptr, 0) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_plans_export(nullptr, text, 4, &bytes) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_plans_export(context, nullptr, 4, &bytes) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_plans_export(context, text, -1, &bytes) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_plans_export(context, text, 4, nullptr) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_plans_import(nullptr, "") == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_plans_import(context, nullptr) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(bytes == -1);
  CHECK(std::string(text) == "abc");
}

TEST_CASE("an export that does not fit writes only the number of bytes that it needs") {
  if (on_cpu()) return;
  const Context context;
  const std::string text = exported(context);
  std::string room(text.size(), '#');
  int64_t bytes = 0;
  CHECK(sl_plans_export(context, &room[0], static_cast<int64_t>(room.size()), &bytes) == SL_OK);
  CHECK(bytes == static_cast<int64_t>(text.size()) + 1);
  CHECK(room == std::string(text.size(), '#'));
}

TEST_CASE("a context that imports another's text uses the same engines") {
  if (on_cpu()) return;
  for (const int32_t measure : {0, 1}) {
    CAPTURE(measure);
    const Context first, second;
    REQUIRE(sl_context_autotune(first, measure) == SL_OK);
    const std::string empty = exported(first);
    CHECK(empty.rfind("sluice plans 2; ", 0) == 0);
    CHECK(empty.find('\n') == empty.size() - 1);
    const std::vector<float> expected = convolve_all(first);
    const std::string text = exported(first);
    CHECK(text.rfind(empty, 0) == 0);
    CHECK(plain_lines_of(text).size() == 1 + 3 * std::size(shapes));
    take(second, text);
    CHECK(exported(second) == text);  // not used yet
    CHECK(convolve_all(second) == expected);
    CHECK(exported(second) == text);
    take(second, empty);
    CHECK(exported(second) == text);
  }
}

TEST_CASE("measured engines compute the same results as the first choices") {
  if (on_cpu()) return;
  for (const int32_t accumulate : {0, 1}) {
    CAPTURE(accumulate);
    const Context plain, measured;
    REQUIRE(sl_context_autotune(measured, 1) == SL_OK);
    const std::vector<float> expected = convolve_all(plain, accumulate);
    CHECK(same(convolve_all(measured, accumulate), expected));
    CHECK(same(convolve_all(measured, accumulate), expected));  // with the cached plan
    if (!on_stand_in()) continue;
    check_ranks(plain, "3");
    check_ranks(measured, "6");
  }
}

TEST_CASE("only new kinds of convolutions are measured, and only while measuring is on") {
  if (!on_stand_in()) return;
  const Context context;
  convolve(context, shapes[0], 0);
  REQUIRE(sl_context_autotune(context, 1) == SL_OK);
  convolve(context, shapes[0], 0);
  check_ranks(context, "3");
  REQUIRE(sl_context_autotune(context, 0) == SL_OK);
  convolve(context, shapes[1], 0);
  check_ranks(context, "3");
}

TEST_CASE("a plan uses its text's rank, and is refused with the line if that does not fit") {
  if (on_cpu()) return;
  const Context first;
  const std::vector<float> expected = convolve_all(first);
  const std::string text = exported(first);
  // The first convolution that is computed has some line of the text, which is sorted.
  const auto refused = [&](const std::string& rank) {
    const Context context;
    take(context, with_rank(text, rank));
    const sl_conv_shape& s = shapes[0];
    const Buffer<float> x(context, random_values(240, 1)), packed(context, random_values(216, 2)), y(context, 360);
    CHECK(sl_conv_forward(context, &s, x, packed, y) == SL_ERROR_BACKEND);
    CHECK(last_error_mentions("of the stored plans names engine " + rank + ", which cannot be used here"));
    CHECK(last_error_mentions("measure again with --autotune"));
    std::string line = "?";
    const std::vector<std::string> lines = lines_of(text);
    for (size_t i = 1; i < lines.size(); ++i) {
      if (lines[i].rfind("0 2 5 6 4 6 3 3 1 1 ", 0) == 0) line = std::to_string(i + 1);
    }
    CHECK(last_error_mentions("line " + line + " of the stored plans"));
    CHECK(exported(context) == with_rank(text, rank));
  };
  refused("1000000");
  if (!on_stand_in()) return;
  for (const char* const rank : {"0", "1", "2", "3", "4", "5", "6", "7"}) {
    CAPTURE(rank);
    if (std::string("346").find(rank) == std::string::npos) {
      refused(rank);
      continue;
    }
    const Context context;
    REQUIRE(sl_context_autotune(context, 1) == SL_OK);  // without effect: the text takes precedence
    take(context, with_rank(text, rank));
    CHECK(convolve_all(context) == expected);
    check_ranks(context, rank);
  }
}

TEST_CASE("a text does not change existing plans") {
  if (on_cpu()) return;
  const Context context;
  convolve_all(context);
  const std::string text = exported(context);
  take(context, with_rank(text, "6"));
  CHECK(exported(context) == text);
}

TEST_CASE("bf16 has its own plans") {
  if (!on_stand_in()) return;
  const sl_conv_shape s = {1, 3, 3, 8, 8, 1, 1, 1, 0, SL_BF16};
  for (const int32_t measure : {0, 1}) {
    const Context context;
    REQUIRE(sl_context_autotune(context, measure) == SL_OK);
    const Buffer<uint16_t> x(context, to_bf16(random_values(72, 1))), packed(context, to_bf16(random_values(64, 2)));
    const Buffer<uint16_t> y(context, 72);
    CHECK(sl_conv_forward(context, &s, x, packed, y) == SL_OK);
    check_ranks(context, measure == 0 ? "1" : "6");
  }
}

TEST_CASE("an engine whose workspace does not fit is skipped") {
  if (!on_stand_in()) return;
  const Context context;
  const sl_conv_shape& s = shapes[0];
  // No buffer here has the rounded size of a workspace, so a workspace cannot come from the cache.
  const Buffer<float> x(context, random_values(240, 1)), packed(context, random_values(216, 2)), y(context, 360);
  setenv("HOSTCUDA_MEMORY", "1", 1);
  const int32_t first_choice = sl_conv_forward(context, &s, x, packed, y);
  const Context measured;
  REQUIRE(sl_context_autotune(measured, 1) == SL_OK);
  const int32_t choice = sl_conv_forward(measured, &s, x, packed, y);
  unsetenv("HOSTCUDA_MEMORY");
  CHECK(first_choice == SL_ERROR_OUT_OF_MEMORY);
  CHECK(choice == SL_OK);
  check_ranks(measured, "6");
}

TEST_CASE("engines are named, also those left out for their workspace, and remarks stay with their convolutions") {
  if (!on_stand_in()) return;
  const Context context, other;
  convolve(context, shapes[0], 0);
  const std::string text = exported(context);
  std::vector<std::string> remarks = lines_of(text);
  remarks.erase(std::remove_if(remarks.begin(), remarks.end(), [](const auto& line) { return !is_remark(line); }),
                remarks.end());
  REQUIRE(remarks.size() == 6);
  for (size_t i = 0; i < remarks.size(); i += 2) {
    CHECK(remarks[i] == "# cuDNN's engine 1 with 1571 bytes of workspace");
    // Heuristic A names the engine of 8 GiB first, or second for the gradient of the weights.
    const std::string rank = i == 4 ? "1" : "0";
    CHECK(remarks[i + 1] == "# left out: rank " + rank + " needs 8589934592 bytes of workspace, more than 268435456");
  }
  take(other, lines_of(text)[0] + "\n# of nothing\n" + text.substr(text.find('\n') + 1) + "# anything\n");
  CHECK(exported(other) == text + "# anything\n");
}

TEST_CASE("a gradient is added by the convolution itself, or afterwards if no engine adds") {
  if (on_cpu()) return;
  for (const sl_conv_shape& s : shapes) {
    CAPTURE(s.stride);
    const Context context;
    const std::vector<float> once = convolve(context, s, 0), added = convolve(context, s, 1);
    // The engines of the stand-in do not add for strides above 1.
    const size_t plans = plain_lines_of(exported(context)).size() - 1;
    if (on_stand_in()) CHECK(plans == (s.stride == 1 ? 4u : 3u));
    REQUIRE(added.size() == once.size());
    const size_t y_count =
        once.size() - static_cast<size_t>(int64_t{s.batch} * s.height * s.width * s.in_channels) -
        static_cast<size_t>(int64_t{s.out_channels} * s.kernel_height * s.kernel_width * s.in_channels);
    for (size_t i = 0; i < once.size(); ++i) {
      const float expected = i < y_count ? once[i] : once[i] + 1.0f;
      CHECK(std::abs(added[i] - expected) <= 1e-5f * (1.0f + std::abs(expected)));
    }
  }
}

TEST_CASE("an invalid text is refused as a whole, with the line and the remedy") {
  if (on_cpu()) return;
  const Context first;
  convolve(first, shapes[0], 0);
  const std::string text = exported(first);
  const std::vector<std::string> lines = plain_lines_of(text);
  REQUIRE(lines.size() == 4);
  const std::string head = lines[0] + "\n" + lines[1] + "\n", key = lines[2].substr(0, lines[2].rfind(' '));
  const struct {
    std::string text;
    const char* line;
  } cases[] = {
      {"", "line 1 "},
      {"\n" + text, "line 1 "},
      {"sluice plans 1" + text.substr(14), "line 1 "},
      {"sluice plans 2; another GPU; sm_10; cuDNN 9.0.0\n" + lines[1] + "\n", "line 1 "},
      {lines[0] + " \n", "line 1 "},
      {head + "\n", "line 3,"},                             // nothing
      {head + key + "\n", "line 3,"},                       // one too few
      {head + lines[2] + " 1\n", "line 3,"},                // one too many
      {head + key + " -1\n" + lines[3] + "\n", "line 3,"},  // negative rank
      {head + key + " x\n", "line 3,"},                     // not a number
      {head + key + " 99999999999999999999\n", "line 3,"},  // beyond 64 bits
      {head + key + "  3\n", "line 3,"},                    // two blanks
      {head + key + " 3\r\n", "line 3,"},
      {head + "-" + lines[2] + "\n", "line 3,"},
      {head + lines[2] + "\n" + lines[1] + "\n", "line 4,"},  // twice
  };
  for (const auto& one : cases) {
    CAPTURE(one.text);
    const Context context;
    const std::string before = exported(context);
    CHECK(sl_plans_import(context, one.text.c_str()) == SL_ERROR_INVALID_ARGUMENT);
    CHECK(last_error_mentions(one.line));
    CHECK(last_error_mentions("measure again with --autotune"));
    CHECK(exported(context) == before);
  }
}
