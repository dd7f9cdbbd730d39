// Images of a gated block whose maps are bf16, in kernels whose maps are f32.
#include "gated_wide.h"

#include <algorithm>
#include <numeric>

#include "../lanes.h"

namespace sluice {
namespace {

// Converts some images at a time, so that their maps stay in the cache.
class WideImages {
 public:
  WideImages(sl_context* context, const GatedTable& table, const GatedCall& call, int64_t most)
      : context_(context),
        table_(table),
        call_(call),
        shares_x_(call.x == call.residual),
        memory_(context, floats(table, most) * int64_t{sizeof(float)}) {
    float* room = memory_.get<float>();
    const auto take = [&](int64_t count) {
      float* const taken = room;
      room += padded(count);
      return taken;
    };
    x_ = take(most * table.x_elements());
    residual_ = shares_x_ ? x_ : take(most * table.y_elements());
    y_ = take(most * table.y_elements());
    for (int32_t index = 0; index < table.count; ++index)
      masks_[index] = take(table.layers[index].masked() ? most * table.layers[index].out_channels : 0);
  }

  void run(const GatedChain& chain, const int32_t* images, int64_t count) {
    read(images, count);
    GatedCall wide = call_;
    wide.element = sizeof(float);
    wide.x = x_;
    wide.residual = residual_;
    wide.y = y_;
    wide.pooled = nullptr;
    for (int32_t index = 0; index < table_.count; ++index) {
      if (table_.layers[index].masked()) wide.layers[index].mask = masks_[index];
    }
    std::vector<int32_t> all(static_cast<size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    chain.forward(context_, wide, all);
    write(images, count);
  }

 private:
  static int64_t floats(const GatedTable& table, int64_t most) {
    int64_t count = padded(most * table.x_elements()) + 2 * padded(most * table.y_elements());
    for (int32_t index = 0; index < table.count; ++index) count += padded(most * table.layers[index].out_channels);
    return count;
  }

  void read(const int32_t* images, int64_t count) {
    const int64_t x_length = table_.x_elements(), y_length = table_.y_elements();
    const bf16* const x = static_cast<const bf16*>(call_.x);
    const bf16* const residual = static_cast<const bf16*>(call_.residual);
    const auto widen = [](int64_t n, const bf16* from, float* to) {
      write_run(n, to, [from](auto kind, int64_t i) { return kind.load(from + i); });
    };
    parallel_for(context_->threads, count, 1, [&](int64_t i, int64_t) {
      widen(x_length, x + images[i] * x_length, x_ + i * x_length);
      if (!shares_x_) widen(y_length, residual + images[i] * y_length, residual_ + i * y_length);
      for (int32_t index = 0; index < table_.count; ++index) {
        const int64_t channels = table_.layers[index].out_channels;
        const float* const mask = call_.layers[index].mask;
        if (mask != nullptr) std::copy_n(mask + images[i] * channels, channels, masks_[index] + i * channels);
      }
    });
  }

  void write(const int32_t* images, int64_t count) {
    const int64_t length = table_.y_elements(), channels = table_.last().out_channels;
    const GlobalPool pool(table_.last().out_pixels(), channels);
    const RequiredScratch scratch(context_, context_->threads * pool.scratch_floats() * int64_t{sizeof(float)});
    parallel_for(context_->threads, count, 1, [&](int64_t i, int64_t) {
      const float* const from = y_ + i * length;
      bf16* const to = static_cast<bf16*>(call_.y) + images[i] * length;
      write_run(length, to, [from](auto kind, int64_t at) { return kind.load(from + at); });
      if (call_.pooled == nullptr) return;
      float* const room = scratch.get<float>() + omp_get_thread_num() * pool.scratch_floats();
      pool.image(to, room, call_.pooled + images[i] * channels);
    });
  }

  sl_context* context_;
  const GatedTable& table_;
  const GatedCall& call_;
  bool shares_x_;
  RequiredScratch memory_;
  float *x_, *residual_, *y_;
  float* masks_[SL_GATED_MOST_CONVOLUTIONS];
};

}  // namespace

GatedTable with_maps(GatedTable table, int32_t dtype) {
  for (int32_t index = 0; index < table.count; ++index) table.layers[index].dtype = dtype;
  return table;
}

void forward_wide(sl_context* context, const GatedTable& table, const GatedChain& chain, const GatedCall& call,
                  const std::vector<int32_t>& images) {
  constexpr int64_t cached_floats = 1 << 20;
  const int64_t count = static_cast<int64_t>(images.size());
  const int64_t of_image = table.x_elements() + 2 * table.y_elements();
  // Threads take whole images only if there are some for each.
  const int64_t most = std::min(count, std::max<int64_t>(8 * context->threads, cached_floats / of_image));
  WideImages wide(context, table, call, most);
  for (int64_t begin = 0; begin < count; begin += most)
    wide.run(chain, images.data() + begin, std::min(most, count - begin));
}

}  // namespace sluice
