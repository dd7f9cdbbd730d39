// Recorded work: a CUDA graph of the compute stream, with the memory that it writes to.
#include <cstring>
#include <new>
#include <vector>

#include "../common/graph_checks.h"
#include "context.h"

struct sl_graph {
  sl_context* context;
  sluice::Allocator::Pool* pool = nullptr;  // the memory of the recorded calls
  std::vector<void*> constants;             // pinned copies of what the recorded calls upload
  cudaGraphExec_t executable = nullptr;     // null until the recording has ended
};

namespace sluice {
namespace {

int32_t check_graph(const char* name, const sl_context* context, const sl_graph* graph) {
  SL_REQUIRE_POINTERS(name, context, graph);
  SL_REQUIRE(graph->context == context, "%s: the graph belongs to another context", name);
  return cuda_status(name, cudaSetDevice(context->device));
}

// Ends the capture of the compute stream, and gives later calls ordinary memory again. *captured is null if the capture
// has become invalid.
cudaError_t end_capture(sl_context* context, cudaGraph_t* captured) {
  *captured = nullptr;
  context->recording = nullptr;
  context->allocator.use_pool(nullptr);
  return cudaStreamEndCapture(context->stream, captured);
}

// Copies the data to memory that lives as long as the graph. Null if there is no room.
void* keep(sl_graph& graph, const void* data, int64_t bytes) {
  graph.constants.reserve(graph.constants.size() + 1);  // nothing throws once the copy has memory
  void* const copy = graph.context->host_allocator.allocate(bytes);
  if (copy == nullptr) return nullptr;
  graph.constants.push_back(copy);
  std::memcpy(copy, data, static_cast<size_t>(bytes));
  return copy;
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_graph_begin(sl_context* context, sl_graph** host_graph) {
  SL_BEGIN
  SL_ENTER("sl_graph_begin", context);
  SL_REQUIRE_POINTERS("sl_graph_begin", host_graph);
  SL_TRY(check_not_recording("sl_graph_begin", context));
  auto graph = std::make_unique<sl_graph>();
  graph->context = context;
  // The memory that plain calls have left serves nobody from now on, and cannot be freed during the capture.
  context->allocator.trim();
  graph->pool = context->allocator.make_pool();
  // Relaxed: the allocator may ask for memory meanwhile.
  const cudaError_t error = cudaStreamBeginCapture(context->stream, cudaStreamCaptureModeRelaxed);
  if (error != cudaSuccess) {
    context->allocator.drop_pool(graph->pool);
    return cuda_status("sl_graph_begin", error);
  }
  context->allocator.use_pool(graph->pool);
  context->recording = *host_graph = graph.release();
  return SL_OK;
  SL_END("sl_graph_begin")
}

SL_API int32_t sl_graph_end(sl_context* context, sl_graph* graph) {
  SL_TRY(check_graph("sl_graph_end", context, graph));
  SL_REQUIRE(context->recording == graph, "sl_graph_end: the graph is not being recorded");
  cudaGraph_t captured = nullptr;
  SL_CUDA("sl_graph_end", end_capture(context, &captured));
  const cudaError_t error = cudaGraphInstantiate(&graph->executable, captured, 0);
  cudaGraphDestroy(captured);
  if (error != cudaSuccess) graph->executable = nullptr;
  return cuda_status("sl_graph_end", error);
}

SL_API int32_t sl_graph_launch(sl_context* context, sl_graph* graph) {
  SL_TRY(check_graph("sl_graph_launch", context, graph));
  SL_TRY(check_not_recording("sl_graph_launch", context));
  SL_REQUIRE(graph->executable != nullptr, "sl_graph_launch: the graph was not recorded to its end");
  return cuda_status("sl_graph_launch", cudaGraphLaunch(graph->executable, context->stream));
}

SL_API int32_t sl_graph_destroy(sl_context* context, sl_graph* graph) {
  SL_ENTER("sl_graph_destroy", context);
  if (graph == nullptr) return SL_OK;
  SL_TRY(check_graph("sl_graph_destroy", context, graph));
  if (context->recording != graph) {
    SL_TRY(check_not_recording("sl_graph_destroy", context));
  } else {
    cudaGraph_t captured = nullptr;
    if (end_capture(context, &captured) == cudaSuccess) cudaGraphDestroy(captured);
    cudaGetLastError();  // clears the error: whoever destroys a recording under way knows that it is of no use
  }
  const int32_t status = cuda_status("sl_graph_destroy", cudaStreamSynchronize(context->stream));
  if (graph->executable != nullptr) cudaGraphExecDestroy(graph->executable);
  for (void* const copy : graph->constants) context->host_allocator.release(copy);
  context->allocator.drop_pool(graph->pool);
  delete graph;
  return status;
}

SL_API int32_t sl_upload_constant(sl_context* context, void* destination, const void* host_source, int64_t bytes) {
  SL_BEGIN
  SL_ENTER("sl_upload_constant", context);
  SL_REQUIRE_POINTERS("sl_upload_constant", destination, host_source);
  SL_TRY(check_constant(bytes));
  if (bytes == 0) return SL_OK;
  if (context->recording == nullptr) return sl_upload(context, nullptr, destination, host_source, bytes);
  const void* const source = keep(*context->recording, host_source, bytes);
  if (source == nullptr) return out_of_memory("sl_upload_constant", context->host_allocator, bytes);
  return cuda_status("sl_upload_constant", cudaMemcpyAsync(destination, source, static_cast<size_t>(bytes),
                                                           cudaMemcpyHostToDevice, context->stream));
  SL_END("sl_upload_constant")
}
