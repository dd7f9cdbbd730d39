// A gated block that computes every channel of some images.
#include "gated_full.h"

#include <algorithm>

#include "../winograd/winograd.h"

namespace sluice {

bool GatedFull::supports(const GatedTable& table) {
  constexpr int64_t most_channels = 256;
  if (table.count != 2 || table.first().stride != 1 || table.first().dtype != SL_F32) return false;
  const int64_t most = std::max(table.first().in_channels, table.first().out_channels);
  if (std::max(most, table.last().out_channels) > most_channels) return false;
  return winograd_suits(as_convolution(table.first(), table.batch)) &&
         winograd_suits(as_convolution(table.last(), table.batch));
}

GatedFull::GatedFull(const GatedTable& table)
    : table_(table), pool_(table.last().out_pixels(), table.last().out_channels) {}

// Estimates, in units of a tile's work at one position for one channel and 16 others. Of the channels C, open ones cost
// C / 16 products in each convolution, and the sum across a vector's lanes in the first one, about 1.4; all channels
// cost 2 C / 16. Besides, maps are transformed, at about 0.5 a channel. Few channels are summed directly if they are
// open, with four times as many products but without transforms: then the border is a little below a half, as measured.
int32_t GatedFull::worthwhile_from(const GatedTable& table) {
  constexpr int32_t transforms = 8, lane_sums = 22;
  const int64_t channels = table.first().out_channels;
  if (std::min(table.first().in_channels, channels) < GatedTiles::fewest_channels)
    return static_cast<int32_t>(pieces(7 * channels, 16));
  const int64_t full = channels + transforms;
  return static_cast<int32_t>(pieces(channels * full, full + lane_sums));
}

int64_t GatedFull::packed_floats(int32_t index) const {
  return winograd_packed_bytes(shape(index, table_.batch), SL_CONV_FORWARD) / int64_t{sizeof(float)};
}

void GatedFull::pack(sl_context* context, int32_t index, const float* weights, float* packed) const {
  winograd_pack(context, shape(index, table_.batch), SL_CONV_FORWARD, weights, packed);
}

// The operands of either convolution for a list of images, with a hidden map of each.
struct GatedFull::Work {
  WinogradInference first, last;

  Work(const GatedCall& call, const int32_t* images)
      : first{images, nullptr, {call.layers[0].scale, call.layers[0].shift, nullptr, call.layers[0].mask}},
        last{nullptr, images, {call.layers[1].scale, call.layers[1].shift, call.residual, nullptr}} {}
};

void GatedFull::pool(const GatedCall& call, int32_t image, float* scratch) const {
  const int64_t channels = table_.last().out_channels;
  pool_.image(SL_F32, call.y_at(image * table_.y_elements()), scratch, call.pooled + image * channels);
}

// Many images: each thread takes some through both convolutions, so that hidden maps stay in its cache.
void GatedFull::forward_chunks(sl_context* context, const GatedCall& call, const std::vector<int32_t>& images,
                               const float* const (&packed)[2]) const {
  const int64_t count = static_cast<int64_t>(images.size());
  const int64_t together = std::min(winograd_images_together(shape(0, 1)), pieces(count, context->threads));
  const int64_t hidden_floats = padded(together * table_.first().out_pixels() * table_.first().out_channels);
  const int64_t scratch_floats =
      std::max({winograd_thread_floats(shape(0, 1)), winograd_thread_floats(shape(1, 1)), pool_.scratch_floats()});
  const int64_t floats = hidden_floats + padded(scratch_floats);
  const RequiredScratch memory(context, context->threads * floats * int64_t{sizeof(float)});
  parallel_for(context->threads, count, together, [&](int64_t begin, int64_t end) {
    float* const hidden = memory.get<float>() + omp_get_thread_num() * floats;
    float* const scratch = hidden + hidden_floats;
    const int32_t* const own = images.data() + begin;
    const int32_t batch = static_cast<int32_t>(end - begin);
    const Work work(call, own);
    winograd_infer_on_thread(shape(0, batch), work.first, call.x, packed[0], hidden, scratch);
    winograd_infer_on_thread(shape(1, batch), work.last, hidden, packed[1], call.y, scratch);
    if (call.pooled == nullptr) return;
    for (int32_t i = 0; i < batch; ++i) pool(call, own[i], scratch);
  });
}

void GatedFull::forward(sl_context* context, const GatedCall& call, const std::vector<int32_t>& images) const {
  const float* const packed[2] = {call.layers[0].packed, call.layers[1].packed};
  if (static_cast<int64_t>(images.size()) >= 2 * context->threads) {
    return forward_chunks(context, call, images, packed);
  }
  const int32_t batch = static_cast<int32_t>(images.size());
  const int64_t hidden_floats = padded(batch * table_.first().out_pixels() * table_.first().out_channels);
  const int64_t floats = hidden_floats + context->threads * padded(pool_.scratch_floats());
  const RequiredScratch memory(context, floats * int64_t{sizeof(float)});
  float* const hidden = memory.get<float>();
  const Work work(call, images.data());
  winograd_infer(context, shape(0, batch), work.first, call.x, packed[0], hidden);
  winograd_infer(context, shape(1, batch), work.last, hidden, packed[1], call.y);
  if (call.pooled == nullptr) return;
  parallel_for(context->threads, batch, 1, [&](int64_t i, int64_t) {
    pool(call, images[static_cast<size_t>(i)],
         hidden + hidden_floats + omp_get_thread_num() * padded(pool_.scratch_floats()));
  });
}

}  // namespace sluice
