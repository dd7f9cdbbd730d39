// A gated block that this build has kernels for, and how its images are divided among them.
#pragma once

#include <optional>
#include <vector>

#include "gated_chain.h"
#include "gated_full.h"

namespace sluice {

// Images whose masks open few channels are computed channel by channel, the others in full, if that is faster. The rule
// reads the shape and the image's own mask alone, so that the bits of an image do not depend on the other images.
class GatedBlock {
 public:
  // Whether this build has kernels for the table.
  static bool supports(const GatedTable& table);

  // Of a table that is supported and not empty.
  explicit GatedBlock(const GatedTable& table);

  // Images that open at least so many channels of the first mask are computed in full.
  int32_t full_from() const;

  // The weights of open channels, then those of images in full unless they are the same.
  int64_t packed_floats(int32_t index) const;
  void pack(sl_context* context, int32_t index, const float* weights, float* packed) const;
  // Throws std::bad_alloc.
  void forward(sl_context* context, const GatedCall& call) const;

 private:
  bool shares_weights(int32_t index) const;
  int64_t full_offset(int32_t index) const { return shares_weights(index) ? 0 : open_.packed_floats(index); }
  void forward_full(sl_context* context, const GatedCall& call, const std::vector<int32_t>& images) const;

  GatedTable table_;
  GatedChain open_;
  // At most one of them: by ordinary convolutions, or as if masks opened whole vectors.
  std::optional<GatedFull> full_;
  std::optional<GatedChain> vectors_;
};

}  // namespace sluice
