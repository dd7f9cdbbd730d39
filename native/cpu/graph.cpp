// Recorded work, which a CPU does not have: its calls compute before they return.
#include "../common/graph_checks.h"
#include "context.h"

namespace {
int32_t unsupported(const char* name) { return sluice::fail(SL_ERROR_UNSUPPORTED, "%s: a CPU records no work", name); }
}  // namespace

SL_API int32_t sl_graph_begin(sl_context* context, sl_graph** host_graph) {
  SL_REQUIRE_POINTERS("sl_graph_begin", context, host_graph);
  return unsupported("sl_graph_begin");
}

SL_API int32_t sl_graph_end(sl_context* context, sl_graph* graph) {
  SL_REQUIRE_POINTERS("sl_graph_end", context, graph);
  return unsupported("sl_graph_end");
}

SL_API int32_t sl_graph_launch(sl_context* context, sl_graph* graph) {
  SL_REQUIRE_POINTERS("sl_graph_launch", context, graph);
  return unsupported("sl_graph_launch");
}

SL_API int32_t sl_graph_destroy(sl_context* context, sl_graph* graph) {
  SL_REQUIRE_POINTERS("sl_graph_destroy", context);
  return graph == nullptr ? SL_OK : unsupported("sl_graph_destroy");
}

SL_API int32_t sl_upload_constant(sl_context* context, void* destination, const void* host_source, int64_t bytes) {
  SL_REQUIRE_POINTERS("sl_upload_constant", context, destination, host_source);
  SL_TRY(sluice::check_constant(bytes));
  return sl_upload(context, nullptr, destination, host_source, bytes);
}
