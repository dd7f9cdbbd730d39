// A table of convolutions that this build computes for open channels alone.
#pragma once

#include <optional>
#include <vector>

#include "gated_full.h"
#include "gated_layers.h"

namespace sluice {

// The convolutions in order: an opening one, perhaps one between two masks, a closing one. Images whose masks open most
// of the channels may be computed in full.
class GatedChain {
 public:
  // Whether this build has kernels for the table.
  static bool supports(const GatedTable& table);

  // Of a table that is supported and not empty.
  explicit GatedChain(const GatedTable& table);

  // Images that open at least so many channels of the first mask are computed in full.
  int32_t full_from() const;

  int64_t packed_floats(int32_t index) const;
  void pack(sl_context* context, int32_t index, const float* weights, float* packed) const;
  // Throws std::bad_alloc.
  void forward(sl_context* context, const GatedCall& call) const;

 private:
  class Images;

  // What kernels read besides operands: 0, 1, ... up to the channels of every hidden map, and a zero for each input.
  struct Constants {
    const int32_t* in_order;
    const float* zeros;
  };

  // Whether the list of the convolution's open outputs holds whole vectors.
  bool takes_vectors(int32_t index) const { return index == 0 && opening_.takes_vectors(); }
  int64_t open_floats(int32_t index) const;
  bool shares_weights(int32_t index) const;
  int64_t weight_floats() const;
  int64_t images_together(int64_t images, int threads) const;
  int64_t image_floats() const;
  int64_t scratch_floats(int64_t together) const;
  void forward_images(const GatedCall& call, const std::vector<int32_t>& images, const Constants& constants,
                      int threads, int64_t together, float* memory, float* scratch) const;
  void forward_pieces(const GatedCall& call, const std::vector<int32_t>& images, const Constants& constants,
                      int threads, float* memory, float* scratch) const;
  void forward_open(sl_context* context, const GatedCall& call, const std::vector<int32_t>& images) const;

  GatedTable table_;
  OpeningLayer opening_;
  std::optional<BetweenLayer> between_;
  ClosingLayer closing_;
  std::optional<GatedFull> full_;
};

}  // namespace sluice
