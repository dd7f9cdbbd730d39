// A table of convolutions that this build computes for open channels alone.
#pragma once

#include <optional>

#include "gated_layers.h"

namespace sluice {

// The convolutions in order: an opening one, perhaps one between two masks, a closing one.
class GatedChain {
 public:
  // Whether this build has kernels for the table.
  static bool supports(const GatedTable& table);

  // Of a table that is supported and not empty.
  explicit GatedChain(const GatedTable& table);

  int64_t packed_floats(int32_t index) const;
  void pack(sl_context* context, int32_t index, const float* weights, float* packed) const;
  // Throws std::bad_alloc.
  void forward(sl_context* context, const GatedCall& call) const;

 private:
  class Images;

  int64_t weight_floats() const;
  int64_t images_together(int threads) const;
  int64_t image_floats() const;
  int64_t scratch_floats(int64_t together) const;
  void forward_images(const GatedCall& call, int threads, int64_t together, float* memory, float* scratch) const;
  void forward_pieces(const GatedCall& call, int threads, float* memory, float* scratch) const;

  GatedTable table_;
  OpeningLayer opening_;
  std::optional<BetweenLayer> between_;
  ClosingLayer closing_;
};

}  // namespace sluice
