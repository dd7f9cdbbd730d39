// Tests of recorded work: what a launch repeats, whose memory it writes to, and what cannot be recorded.
#include "helpers.h"

using namespace sluice_test;

namespace {

class Graph {
 public:
  explicit Graph(sl_context* context) : context_(context) { REQUIRE(sl_graph_begin(context, &graph_) == SL_OK); }
  ~Graph() { sl_graph_destroy(context_, graph_); }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  operator sl_graph*() const { return graph_; }

 private:
  sl_context* context_;
  sl_graph* graph_ = nullptr;
};

int64_t live_buffers(sl_context* context) {
  int64_t stats[4];
  REQUIRE(sl_memory_stats(context, stats) == SL_OK);
  return stats[3];
}

// Bytes taken from the system, once unused blocks are returned.
int64_t reserved(sl_context* context) {
  int64_t stats[4];
  REQUIRE(sl_memory_trim(context) == SL_OK);
  REQUIRE(sl_memory_stats(context, stats) == SL_OK);
  return stats[1];
}

}  // namespace

TEST_CASE("a CPU records no work") {
  const Context context;
  if (!on_cpu()) return;
  sl_graph* graph = nullptr;
  CHECK(sl_graph_begin(context, &graph) == SL_ERROR_UNSUPPORTED);
  CHECK(last_error_mentions("records no work"));
  CHECK(graph == nullptr);
  CHECK(sl_graph_destroy(context, nullptr) == SL_OK);
}

TEST_CASE("a constant arrives as an upload does") {
  const Context context;
  const std::vector<float> values = {1.0f, 2.0f, 3.0f};
  const Buffer<float> x(context, 3);
  REQUIRE(sl_upload_constant(context, x, values.data(), 12) == SL_OK);
  CHECK(x.get() == values);
  CHECK(sl_upload_constant(context, x, nullptr, 12) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_upload_constant(context, x, values.data(), -1) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_upload_constant(context, x, values.data(), (int64_t{256} << 10) + 1) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(last_error_mentions("262144"));
}

TEST_CASE("a launch repeats the recorded calls with what device memory then holds") {
  const Context context;
  if (on_cpu()) return;
  const Buffer<float> x(context, {1.0f, 2.0f}), y(context, {10.0f, 20.0f});
  const std::vector<float> addend = {100.0f, 200.0f};
  const Graph graph(context);
  {
    const Buffer<float> constant(context, 2);  // memory of the graph, which frees itself inside the recording
    std::vector<float> source = addend;
    REQUIRE(sl_upload_constant(context, constant, source.data(), 8) == SL_OK);
    REQUIRE(sl_axpby(context, SL_F32, 2, 1.0f, constant, 1.0f, y) == SL_OK);
    REQUIRE(sl_axpby(context, SL_F32, 2, 1.0f, x, 1.0f, y) == SL_OK);
    source = {nan_value, nan_value};
  }
  REQUIRE(sl_graph_end(context, graph) == SL_OK);
  CHECK(y.get() == std::vector<float>{10.0f, 20.0f});  // nothing has run yet
  REQUIRE(sl_graph_launch(context, graph) == SL_OK);
  CHECK(y.get() == std::vector<float>{111.0f, 222.0f});
  x.set({3.0f, 4.0f});
  REQUIRE(sl_graph_launch(context, graph) == SL_OK);
  REQUIRE(sl_graph_launch(context, graph) == SL_OK);
  CHECK(y.get() == std::vector<float>{317.0f, 630.0f});
}

TEST_CASE("no other work gets memory of a graph, small or large, freed or kept") {
  for (const int64_t count : {int64_t{16}, int64_t{1} << 19}) {
    const Context context;
    if (on_cpu()) return;
    const int64_t before = live_buffers(context), taken = reserved(context);
    {
      const Graph graph(context);
      const Buffer<float> kept(context, count);
      const float* freed = nullptr;
      {
        const Buffer<float> temporary(context, count);
        freed = temporary.data();
        REQUIRE(sl_fill(context, SL_F32, count, 7.0f, temporary) == SL_OK);
        REQUIRE(sl_copy(context, nullptr, kept, temporary, count * 4) == SL_OK);
      }
      REQUIRE(sl_graph_end(context, graph) == SL_OK);
      const std::vector<float> values = random_values(count, 5);
      const Buffer<float> other(context, values);
      CHECK(other.data() != freed);
      REQUIRE(sl_graph_launch(context, graph) == SL_OK);
      CHECK(other.get() == values);
      CHECK(kept.get() == std::vector<float>(static_cast<size_t>(count), 7.0f));
    }
    CHECK(live_buffers(context) == before);
    CHECK(reserved(context) == taken);
  }
}

TEST_CASE("memory of a graph that is still live outlives the graph") {
  const Context context;
  if (on_cpu()) return;
  const int64_t taken = reserved(context);
  {
    sl_graph* graph = nullptr;
    REQUIRE(sl_graph_begin(context, &graph) == SL_OK);
    const Buffer<float> kept(context, 4);
    REQUIRE(sl_fill(context, SL_F32, 4, 3.0f, kept) == SL_OK);
    REQUIRE(sl_graph_end(context, graph) == SL_OK);
    REQUIRE(sl_graph_launch(context, graph) == SL_OK);
    REQUIRE(sl_graph_destroy(context, graph) == SL_OK);
    CHECK(kept.get() == std::vector<float>(4, 3.0f));
    CHECK(reserved(context) > taken);
  }
  CHECK(reserved(context) == taken);
}

TEST_CASE("what waits for the device or follows the host cannot be recorded") {
  const Context context;
  if (on_cpu()) return;
  const Buffer<float> x(context, {1.0f}), y(context, {5.0f});
  float host = 0.0f;
  sl_event* event = nullptr;
  REQUIRE(sl_event_create(context, &event) == SL_OK);
  sl_graph* other = nullptr;
  const Graph earlier(context);
  REQUIRE(sl_graph_end(context, earlier) == SL_OK);
  {
    const Graph graph(context);
    CHECK(sl_graph_destroy(context, earlier) == SL_ERROR_UNSUPPORTED);
    CHECK(sl_graph_launch(context, graph) == SL_ERROR_UNSUPPORTED);
    CHECK(sl_graph_begin(context, &other) == SL_ERROR_UNSUPPORTED);
    CHECK(sl_upload(context, nullptr, x, &host, 4) == SL_ERROR_UNSUPPORTED);
    CHECK(last_error_mentions("recorded"));
    CHECK(sl_download(context, nullptr, &host, x, 4) == SL_ERROR_UNSUPPORTED);
    CHECK(sl_synchronize(context) == SL_ERROR_UNSUPPORTED);
    CHECK(sl_memory_trim(context) == SL_ERROR_UNSUPPORTED);
    CHECK(sl_event_record(context, event, nullptr) == SL_ERROR_UNSUPPORTED);
    CHECK(sl_event_synchronize(context, event) == SL_ERROR_UNSUPPORTED);
    REQUIRE(sl_copy(context, nullptr, y, x, 4) == SL_OK);
  }
  // The recording is lost, and the context computes as before.
  CHECK(y.get() == std::vector<float>{5.0f});
  REQUIRE(sl_copy(context, nullptr, y, x, 4) == SL_OK);
  CHECK(y.get() == std::vector<float>{1.0f});
  CHECK(sl_event_destroy(context, event) == SL_OK);
}

TEST_CASE("graphs refuse wrong handles") {
  const Context context, other;
  if (on_cpu()) return;
  const Graph graph(context);
  CHECK(sl_graph_end(other, graph) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_graph_end(context, nullptr) == SL_ERROR_INVALID_ARGUMENT);
  REQUIRE(sl_graph_end(context, graph) == SL_OK);
  CHECK(sl_graph_end(context, graph) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_graph_launch(other, graph) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_graph_destroy(other, graph) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_graph_begin(context, nullptr) == SL_ERROR_INVALID_ARGUMENT);
  CHECK(sl_graph_launch(context, graph) == SL_OK);
}
