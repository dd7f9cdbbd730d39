// Images of a gated block whose maps are bf16, in kernels whose maps are f32.
#pragma once

#include <vector>

#include "gated_chain.h"

namespace sluice {

// The table with maps of another type.
GatedTable with_maps(GatedTable table, int32_t dtype);

// Computes the images of a list: `chain` is that of with_maps(table, SL_F32), and the operands are its own. Throws
// std::bad_alloc.
void forward_wide(sl_context* context, const GatedTable& table, const GatedChain& chain, const GatedCall& call,
                  const std::vector<int32_t>& images);

}  // namespace sluice
