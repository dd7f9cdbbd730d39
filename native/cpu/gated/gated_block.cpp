// A gated block that this build has kernels for, and how its images are divided among them.
#include "gated_block.h"

#include <algorithm>

#include "gated_wide.h"

namespace sluice {
namespace {

bool in_vectors(int64_t channels) { return channels % gated_vector == 0; }

// Whether masks open whole vectors of channels.
bool opens_vectors(const GatedTable& table) {
  const auto opens = [](const GatedLayer& layer) { return !layer.masked() || in_vectors(layer.group); };
  return std::all_of(table.layers, table.layers + table.count, opens);
}

// The table as if masks opened whole vectors of channels. A mask may open a part of a group.
GatedTable with_vectors(GatedTable table) {
  for (int32_t index = 0; index < table.count; ++index) {
    GatedLayer& layer = table.layers[index];
    if (layer.masked()) layer.group = gated_vector;
  }
  return table;
}

// Whether there are kernels for it with_vectors.
bool takes_vectors(const GatedTable& table) {
  const GatedLayer& first = table.first();
  if (first.dtype == SL_BF16) return true;
  return table.count == 2 && in_vectors(first.out_channels) && gated_vectors_supported(SL_F32);
}

// Open channels in bf16 come in vectors. Others are multiplied in f32.
GatedTable of_open(const GatedTable& table) { return opens_vectors(table) ? table : with_maps(table, SL_F32); }

}  // namespace

// The one place that knows which tables there are kernels for: 3x3, 3x3 (a basic block) and 1x1, 3x3, 1x1 (a
// bottleneck), with a mask behind each but the last. Of those the first 3x3 may have a stride. In bf16, channels come
// in whole vectors.
bool GatedBlock::supports(const GatedTable& table) {
  const auto is = [&](int32_t index, int32_t kernel, bool may_stride) {
    const GatedLayer& layer = table.layers[index];
    return layer.kernel == kernel && layer.is_centred() && (may_stride || layer.stride == 1) &&
           layer.masked() == (index + 1 < table.count);
  };
  const bool narrow = table.first().dtype == SL_BF16;
  if (narrow) {
    const auto whole = [](const GatedLayer& layer) {
      return in_vectors(layer.in_channels) && in_vectors(layer.out_channels);
    };
    if (!gated_vectors_supported(SL_BF16) || !std::all_of(table.layers, table.layers + table.count, whole))
      return false;
  }
  if (table.count == 2) return is(0, 3, true) && is(1, 3, false);
  return table.count == 3 && is(0, 1, false) && is(1, 3, true) && is(2, 1, false);
}

GatedBlock::GatedBlock(const GatedTable& table) : table_(table), open_(of_open(table)) {
  if (open_.computes_all_as_fast()) return;
  if (GatedFull::supports(table)) {
    full_.emplace(table);
  } else if (!opens_vectors(table) && takes_vectors(table)) {
    vectors_.emplace(with_vectors(table));
  }
}

int32_t GatedBlock::full_from() const {
  if (!full_ && !vectors_) return gated_never_full(table_);
  if (table_.first().dtype == SL_F32) return GatedFull::worthwhile_from(table_);
  // A product in f32 takes twice as long as one in bf16, and maps are converted besides. (The share as measured)
  return static_cast<int32_t>(pieces(3 * table_.first().out_channels, 8));
}

// A closing convolution in tiles has the weights of an ordinary convolution, and one in f32 reads the same weights for
// vectors as for single channels.
bool GatedBlock::shares_weights(int32_t index) const {
  const bool closes = index == 1 && table_.first().dtype == SL_F32;
  return closes && (vectors_ || open_.closes_in_tiles());
}

int64_t GatedBlock::packed_floats(int32_t index) const {
  const int64_t open = open_.packed_floats(index);
  if (shares_weights(index)) return open;
  if (full_) return open + full_->packed_floats(index);
  return vectors_ ? open + vectors_->packed_floats(index) : open;
}

void GatedBlock::pack(sl_context* context, int32_t index, const float* weights, float* packed) const {
  open_.pack(context, index, weights, packed);
  float* const full = packed + full_offset(index);
  if (shares_weights(index)) return;
  if (full_) full_->pack(context, index, weights, full);
  if (vectors_) vectors_->pack(context, index, weights, full);
}

void GatedBlock::forward_full(sl_context* context, const GatedCall& call, const std::vector<int32_t>& images) const {
  GatedCall full = call;
  for (int32_t index = 0; index < table_.count; ++index) full.layers[index].packed += full_offset(index);
  if (full_) return full_->forward(context, full, images);
  vectors_->forward(context, full, images);
}

void GatedBlock::forward(sl_context* context, const GatedCall& call) const {
  const int64_t channels = table_.first().out_channels;
  const int64_t from = full_from();
  std::vector<int32_t> open, full;
  open.reserve(static_cast<size_t>(table_.batch));
  for (int32_t image = 0; image < table_.batch; ++image) {
    const float* const mask = call.layers[0].mask + image * channels;
    const int64_t count = from > channels ? 0 : channels - std::count(mask, mask + channels, 0.0f);
    (count >= from ? full : open).push_back(image);
  }
  if (!open.empty() && table_.first().dtype == SL_BF16 && vectors_) {
    forward_wide(context, table_, open_, call, open);
  } else if (!open.empty()) {
    open_.forward(context, call, open);
  }
  if (!full.empty()) forward_full(context, call, full);
}

}  // namespace sluice
