// The exported functions of gated convolutions at inference.
#include "gated_block.h"

namespace {

using sluice::GatedBlock;
using sluice::GatedTable;

int32_t check_table(const char* name, const sl_context* context, const sl_gated_shape* shape,
                    const sl_gated_convolution* convolutions, GatedTable* table) {
  SL_REQUIRE_POINTERS(name, context);
  return sluice::check_gated_table(name, shape, convolutions, table);
}

// As check_table, of a table that there are kernels for.
int32_t check_supported(const char* name, const sl_context* context, const sl_gated_shape* shape,
                        const sl_gated_convolution* convolutions, GatedTable* table) {
  SL_TRY(check_table(name, context, shape, convolutions, table));
  return GatedBlock::supports(*table) ? SL_OK : sluice::gated_unsupported(name, *table);
}

}  // namespace

SL_API int32_t sl_gated_supports(sl_context* context, const sl_gated_shape* host_shape,
                                 const sl_gated_convolution* host_convolutions, int32_t* host_supported) {
  GatedTable table;
  SL_TRY(check_table("sl_gated_supports", context, host_shape, host_convolutions, &table));
  SL_REQUIRE_POINTERS("sl_gated_supports", host_supported);
  *host_supported = GatedBlock::supports(table) ? 1 : 0;
  return SL_OK;
}

SL_API int32_t sl_gated_full_from(sl_context* context, const sl_gated_shape* host_shape,
                                  const sl_gated_convolution* host_convolutions, int32_t* host_open) {
  constexpr const char* name = "sl_gated_full_from";
  GatedTable table;
  SL_TRY(check_supported(name, context, host_shape, host_convolutions, &table));
  SL_REQUIRE_POINTERS(name, host_open);
  *host_open = table.is_empty() ? sluice::gated_never_full(table) : GatedBlock(table).full_from();
  return SL_OK;
}

SL_API int32_t sl_gated_packed_bytes(sl_context* context, const sl_gated_shape* host_shape,
                                     const sl_gated_convolution* host_convolutions, int32_t index,
                                     int64_t* host_bytes) {
  constexpr const char* name = "sl_gated_packed_bytes";
  GatedTable table;
  SL_TRY(check_supported(name, context, host_shape, host_convolutions, &table));
  SL_TRY(sluice::check_gated_index(name, table, index));
  SL_REQUIRE_POINTERS(name, host_bytes);
  *host_bytes = table.is_empty() ? 0 : GatedBlock(table).packed_floats(index) * int64_t{sizeof(float)};
  return SL_OK;
}

SL_API int32_t sl_gated_pack(sl_context* context, const sl_gated_shape* host_shape,
                             const sl_gated_convolution* host_convolutions, int32_t index, const float* weights,
                             void* packed) {
  GatedTable table;
  SL_TRY(check_supported("sl_gated_pack", context, host_shape, host_convolutions, &table));
  SL_TRY(sluice::check_gated_index("sl_gated_pack", table, index));
  if (table.is_empty()) return SL_OK;
  const GatedBlock block(table);
  if (block.packed_floats(index) == 0) return SL_OK;
  SL_TRY(sluice::check_gated_pack(weights, packed));
  block.pack(context, index, weights, static_cast<float*>(packed));
  return SL_OK;
}

SL_API int32_t sl_gated_forward(sl_context* context, const sl_gated_shape* host_shape,
                                const sl_gated_convolution* host_convolutions, int32_t products,
                                const uint64_t* host_operands, const void* x, const void* residual, void* y,
                                float* pooled) {
  GatedTable table;
  SL_TRY(check_supported("sl_gated_forward", context, host_shape, host_convolutions, &table));
  if (table.is_empty()) return SL_OK;
  sluice::GatedCall call;
  SL_TRY(sluice::check_gated_forward(table, products, host_operands, x, residual, y, pooled, &call));
  SL_BEGIN
  GatedBlock(table).forward(context, call);
  return SL_OK;
  SL_END("sl_gated_forward", table.words().text)
}
