// A gated block that computes every channel of some images: of those whose masks open so many that it is faster.
#pragma once

#include <vector>

#include "gated_layers.h"

namespace sluice {

// A basic block in Winograd's tiles, all channels at the speed of an ordinary convolution, norms and masks included.
class GatedFull {
 public:
  // Whether the block can be computed so, and its weights are few enough to be packed a second time.
  static bool supports(const GatedTable& table);

  explicit GatedFull(const GatedTable& table);

  // From how many channels on that an image opens in f32 one by one, all of them are faster.
  static int32_t worthwhile_from(const GatedTable& table);

  int64_t packed_floats(int32_t index) const;
  void pack(sl_context* context, int32_t index, const float* weights, float* packed) const;

  // Computes the images of the list. Throws std::bad_alloc.
  void forward(sl_context* context, const GatedCall& call, const std::vector<int32_t>& images) const;

 private:
  struct Work;

  void pool(const GatedCall& call, int32_t image, float* scratch) const;
  void forward_chunks(sl_context* context, const GatedCall& call, const std::vector<int32_t>& images,
                      const float* const (&packed)[2]) const;
  sl_conv_shape shape(int32_t index, int32_t batch) const { return as_convolution(table_.layers[index], batch); }

  GatedTable table_;
  GlobalPool pool_;
};

}  // namespace sluice
