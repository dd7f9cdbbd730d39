// A table of convolutions that this build computes for open channels alone.
#pragma once

#include <optional>
#include <vector>

#include "gated_layers.h"

namespace sluice {

// The convolutions in order: an opening one, perhaps one between two masks, a closing one.
class GatedChain {
 public:
  // Of a table that GatedBlock supports, not empty; in bf16 one whose masks open whole vectors.
  explicit GatedChain(const GatedTable& table);

  int64_t packed_floats(int32_t index) const;
  void pack(sl_context* context, int32_t index, const float* weights, float* packed) const;
  // Computes the channels that are open in the images of the list. Throws std::bad_alloc.
  void forward(sl_context* context, const GatedCall& call, const std::vector<int32_t>& images) const;

  // Whether all channels cost no more than an ordinary convolution: open channels come in vectors, and are not so few
  // that only an ordinary convolution takes tiles.
  bool computes_all_as_fast() const { return opening_.takes_vectors() && opening_.has_tiles(); }
  // Whether the last convolution's weights are those of an ordinary convolution in Winograd's tiles.
  bool closes_in_tiles() const { return closing_.tiles() != 0; }

 private:
  class Images;

  // What kernels read besides operands: 0, 1, ... up to the channels of every hidden map, and a zero for each input.
  struct Constants {
    const int32_t* in_order;
    const float* zeros;
  };

  // Whether the list of the convolution's open outputs holds whole vectors.
  bool takes_vectors(int32_t index) const { return (index == 0 || middle_) && opening_.takes_vectors(); }
  int64_t weight_floats() const;
  int64_t images_together(int64_t images, int threads) const;
  int64_t image_floats() const;
  int64_t scratch_floats(int64_t together) const;
  void forward_images(const GatedCall& call, const std::vector<int32_t>& images, const Constants& constants,
                      int threads, int64_t together, float* memory, float* scratch) const;
  void forward_pieces(const GatedCall& call, const std::vector<int32_t>& images, const Constants& constants,
                      int threads, float* memory, float* scratch) const;

  GatedTable table_;
  OpeningLayer opening_;
  // Of a table of three, between two masks: channels one by one, or vectors.
  std::optional<BetweenLayer> between_;
  std::optional<OpeningLayer> middle_;
  ClosingLayer closing_;
};

}  // namespace sluice
