// How images go through the convolutions of a gated block, and how threads share them.
#include "gated_chain.h"

#include <algorithm>
#include <numeric>

#include "gated_cuts.h"

namespace sluice {

// Floats of memory for a map of open channels, in whole cache lines.
static int64_t hidden_floats(const GatedLayer& layer) {
  return padded(layer.out_pixels() * padded(layer.out_channels) * element_bytes(layer.dtype) / int64_t{sizeof(float)});
}

// The images in work together, with the operands of each convolution. Their memory holds lists of open channels, the
// norm's scale and shift of those channels, and hidden maps.
class GatedChain::Images {
 public:
  Images(const GatedChain& chain, const GatedCall& call, const Constants& constants, int64_t most)
      : chain_(chain), call_(call), constants_(constants) {
    opening.reserve(static_cast<size_t>(most));
    between.reserve(static_cast<size_t>(most));
    middle.reserve(static_cast<size_t>(most));
    closing.reserve(static_cast<size_t>(most));
  }

  // Takes the images of a list, at most `most`. Throws nothing.
  void take(const int32_t* images, int64_t count, float* memory) {
    opening.clear();
    between.clear();
    middle.clear();
    closing.clear();
    for (int64_t i = 0; i < count; ++i) add(images[i], memory + i * chain_.image_floats());
  }

  std::vector<OpeningConvolution> opening;
  std::vector<BetweenConvolution> between;
  std::vector<OpeningConvolution> middle;
  std::vector<ClosingConvolution> closing;

 private:
  void add(int64_t image, float* memory) {
    const auto take = [&](int64_t floats) {
      float* const taken = memory;
      memory += floats;
      return taken;
    };
    const auto opened = [&](int32_t index) {
      const int64_t channels = chain_.table_.layers[index].out_channels;
      const GatedOperands& operands = call_.layers[index];
      return GatedChannels(operands.mask + image * channels, channels, chain_.takes_vectors(index), operands.scale,
                           operands.shift, take(GatedChannels::floats(channels)));
    };
    const auto map = [&](int32_t index, int64_t pitch) {
      return HiddenMap{take(hidden_floats(chain_.table_.layers[index])), pitch};
    };
    const GatedOperands& last = call_.layers[chain_.table_.count - 1];
    const GatedChannels one = opened(0);
    const auto open = [&](HiddenMap to) {
      opening.push_back(
          chain_.opening_.image(call_.layers[0], chain_.opening_.all_of(call_, image), one, to, constants_.zeros));
    };
    if (chain_.table_.count == 2) {
      const HiddenMap hidden = map(0, chain_.closing_.in_pitch(one.count));
      open(hidden);
      closing.push_back(chain_.closing_.image(call_, image, last, hidden, one));
      return;
    }
    const GatedChannels two = opened(1);
    if (chain_.middle_) {
      const HiddenMap hidden1 = map(0, one.count), hidden2 = map(1, two.count);
      open(hidden1);
      const LayerInput from{hidden1.values, hidden1.pitch, one.as_inputs(chain_.table_.first().out_channels)};
      middle.push_back(chain_.middle_->image(call_.layers[1], from, two, hidden2, constants_.zeros));
      closing.push_back(chain_.closing_.image(call_, image, last, hidden2, two));
      return;
    }
    const BetweenLayer& layer = *chain_.between_;
    const HiddenMap hidden1 = map(0, layer.in_pitch(one.count)), hidden2 = map(1, layer.out_pitch(two.count));
    open(hidden1);
    between.push_back(layer.image(call_.layers[1].packed, one, hidden1, two, hidden2, constants_.in_order,
                                  take(layer.image_floats())));
    closing.push_back(chain_.closing_.image(call_, image, last, hidden2, two));
  }

  const GatedChain& chain_;
  const GatedCall& call_;
  const Constants constants_;
};

GatedChain::GatedChain(const GatedTable& table)
    : table_(table), opening_(table.first(), table.batch), closing_(table.last(), table.batch) {
  if (table.count != 3) return;
  if (opening_.takes_vectors()) {
    middle_.emplace(table.layers[1], table.batch);
  } else {
    between_.emplace(table.layers[1]);
  }
}

int64_t GatedChain::packed_floats(int32_t index) const {
  if (index == 0) return opening_.packed_floats();
  if (index + 1 == table_.count) return closing_.packed_floats();
  return middle_ ? middle_->packed_floats() : between_->packed_floats();
}

void GatedChain::pack(sl_context* context, int32_t index, const float* weights, float* packed) const {
  if (index == 0) {
    opening_.pack(context, weights, packed);
  } else if (index + 1 == table_.count) {
    closing_.pack(context, weights, packed);
  } else if (middle_) {
    middle_->pack(context, weights, packed);
  } else {
    between_->pack(context, weights, packed);
  }
}

int64_t GatedChain::weight_floats() const {
  int64_t floats = 0;
  for (int32_t index = 0; index < table_.count; ++index) floats += packed_floats(index);
  return floats;
}

// How many images a thread takes together. Weights are then read in pieces that fit a core's cache, each for all of the
// images, instead of whole for each image. That helps if the weights outgrow the cache, or, in front of a convolution
// between two masks, if maps are small.
int64_t GatedChain::images_together(int64_t images, int threads) const {
  constexpr int64_t cached_floats = 192 << 10, many_pixels = 512, most_images = 8;
  // Many tiles of an image stay in the cache if few images are taken together.
  constexpr int64_t most_tiles = 32, most_of_few_tiles = 128;
  const bool alone = between_ ? table_.first().in_pixels() >= many_pixels : weight_floats() <= cached_floats;
  if (alone) return 1;
  const int64_t tiles = middle_ ? middle_->tiles() : closing_.tiles();
  const int64_t most =
      tiles == 0 ? most_images : pieces(tiles > gated_few_tiles ? most_tiles : most_of_few_tiles, tiles);
  const int64_t rounds = pieces(images, most * threads);
  return pieces(images, rounds * threads);
}

int64_t GatedChain::image_floats() const {
  int64_t floats = between_ ? between_->image_floats() : 0;
  for (int32_t index = 0; index + 1 < table_.count; ++index) {
    const GatedLayer& layer = table_.layers[index];
    floats += GatedChannels::floats(layer.out_channels) + hidden_floats(layer);
  }
  return floats;
}

// Of a thread that takes so many images together.
int64_t GatedChain::scratch_floats(int64_t together) const {
  int64_t ends = std::max(opening_.scratch_floats(together), closing_.scratch_floats(together));
  if (middle_) ends = std::max(ends, middle_->scratch_floats(together));
  return padded(between_ ? std::max(ends, between_->scratch_floats()) : ends);
}

// Many images: each is computed by one thread from beginning to end. The cost of an image depends on its masks, so
// threads take the next images when they are ready; the bits do not depend on which thread computes an image.
void GatedChain::forward_images(const GatedCall& call, const std::vector<int32_t>& images, const Constants& constants,
                                int threads, int64_t together, float* memory, float* scratch) const {
  const int64_t count = static_cast<int64_t>(images.size());
  std::vector<Images> own;
  own.reserve(static_cast<size_t>(threads));
  for (int thread = 0; thread < threads; ++thread) own.emplace_back(*this, call, constants, together);
#pragma omp parallel num_threads(threads)
  {
    hold_signals_from_worker();
    const int64_t thread = omp_get_thread_num();
    Images& work = own[static_cast<size_t>(thread)];
    float* const room = scratch + thread * scratch_floats(together);
#pragma omp for schedule(dynamic, 1) nowait
    for (int64_t begin = 0; begin < count; begin += together) {
      work.take(images.data() + begin, std::min(together, count - begin), memory + thread * together * image_floats());
      opening_.run(work.opening, room);
      if (between_) between_->run(work.between, room);
      if (middle_) middle_->run(work.middle, room);
      closing_.run(work.closing, room);
      if (call.pooled == nullptr) continue;
      for (const ClosingConvolution& image : work.closing) closing_.pool(image, room);
    }
  }
}

// Few images: threads share each of them, in pieces of channels and pixels.
void GatedChain::forward_pieces(const GatedCall& call, const std::vector<int32_t>& images, const Constants& constants,
                                int threads, float* memory, float* scratch) const {
  const int64_t count = static_cast<int64_t>(images.size());
  Images work(*this, call, constants, count);
  work.take(images.data(), count, memory);
  const Cuts opening = opening_.cuts(work.opening, threads), closing = closing_.cuts(images.size(), threads);
  const Cuts between = between_ ? between_->cuts(work.between, threads) : Cuts{};
  const Cuts middle = middle_ ? middle_->cuts(work.middle, threads) : Cuts{};
  const int64_t positions = between_ ? between_->positions() : 0;
#pragma omp parallel num_threads(threads)
  {
    hold_signals_from_worker();
    float* const room = scratch + omp_get_thread_num() * scratch_floats(1);
    if (positions > 0) {
#pragma omp for schedule(dynamic, 1) nowait
      for (int64_t i = 0; i < count * positions; ++i)
        between_->gather(work.between[static_cast<size_t>(i / positions)], i % positions);
    }
#pragma omp for schedule(dynamic, 1)
    for (int64_t i = 0; i < count * opening.count(); ++i)
      opening_.run(work.opening[static_cast<size_t>(i / opening.count())], opening.at(i), room);
    if (between_) {
#pragma omp for schedule(dynamic, 1)
      for (int64_t i = 0; i < count * between.count(); ++i)
        between_->run(work.between[static_cast<size_t>(i / between.count())], between.at(i), room);
    }
    if (middle_) {
#pragma omp for schedule(dynamic, 1)
      for (int64_t i = 0; i < count * middle.count(); ++i)
        middle_->run(work.middle[static_cast<size_t>(i / middle.count())], middle.at(i), room);
    }
#pragma omp for schedule(dynamic, 1)
    for (int64_t i = 0; i < count * closing.count(); ++i)
      closing_.run(work.closing[static_cast<size_t>(i / closing.count())], closing.at(i), room);
    if (call.pooled != nullptr) {
#pragma omp for schedule(dynamic, 1) nowait
      for (int64_t i = 0; i < count; ++i) closing_.pool(work.closing[static_cast<size_t>(i)], room);
    }
  }
}

void GatedChain::forward(sl_context* context, const GatedCall& call, const std::vector<int32_t>& images) const {
  const int threads = context->threads;
  const int64_t count = static_cast<int64_t>(images.size());
  const bool whole_images = threads == 1 || count >= 2 * threads;
  const int64_t together = whole_images ? images_together(count, threads) : 1;
  const int64_t slots = whole_images ? threads * together : count;
  const int64_t channels = table_.layers[table_.count - 2].out_channels;
  int64_t zero_count = 0;
  for (int32_t index = 0; index < table_.count; ++index)
    zero_count = std::max(zero_count, table_.layers[index].in_channels);
  const int64_t constant_floats = padded(channels) + padded(zero_count);
  const int64_t floats = constant_floats + slots * image_floats();
  const int64_t bytes = (floats + threads * scratch_floats(together)) * int64_t{sizeof(float)};
  const RequiredScratch scratch(context, bytes);
  float* const constant = scratch.get<float>();
  float* const memory = constant + constant_floats;
  int32_t* const in_order = reinterpret_cast<int32_t*>(constant);
  float* const zeros = constant + padded(channels);
  std::iota(in_order, in_order + channels, 0);
  std::fill_n(zeros, zero_count, 0.0f);
  if (whole_images) {
    forward_images(call, images, {in_order, zeros}, threads, together, memory, constant + floats);
  } else {
    forward_pieces(call, images, {in_order, zeros}, threads, memory, constant + floats);
  }
}

}  // namespace sluice
