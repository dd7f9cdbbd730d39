// Augmented views: crops, resizes and recolours a source image by a row of parameters, for each output image.
#include "augment.h"

#include "../../common/augment_checks.h"
#include "../../common/augment_parameters.h"
#include "../context.h"

namespace sluice {
namespace {

// The buffers of a thread, allocated before the threads start: an exception must not leave a parallel loop.
struct Workspace {
  ResampleAxis vertical, horizontal;
  std::vector<float> planes, lines, spare, padded, kernel;

  Workspace(int64_t height, int64_t width, int64_t out_height, int64_t out_width)
      : vertical(height, out_height),
        horizontal(width, out_width),
        planes(static_cast<size_t>(3 * out_height * out_width)),
        lines(static_cast<size_t>(3 * out_height * width + 1)),
        spare(static_cast<size_t>(out_height * out_width)),
        padded(static_cast<size_t>(3 * out_height * out_width)),
        kernel(static_cast<size_t>(2 * (out_height + out_width))) {}
};

struct Views {
  int64_t height, width, out_height, out_width;
  const uint8_t* images;
  const int32_t* indices;
  const float* parameters;
  float mean[3], scale[3];

  template <typename T>
  void make(int64_t view, Workspace& workspace, T* y) const;

  template <typename T>
  void write(const Planes& planes, bool flip, T* y) const;
};

void jitter(const Planes& planes, const float* row) {
  int order[4];
  if (row[SL_AUGMENT_JITTER_ORDER] == -1.0f || !jitter_order(row[SL_AUGMENT_JITTER_ORDER], order)) return;
  for (const int operation : order) {
    const float value = row[SL_AUGMENT_BRIGHTNESS + operation];
    if (operation == 3) {
      if (value != 0.0f) adjust_hue(planes, value);
    } else if (value != 1.0f) {
      constexpr void (*adjust[3])(const Planes&, float) = {adjust_brightness, adjust_contrast, adjust_saturation};
      adjust[operation](planes, value);
    }
  }
}

template <typename T>
void Views::make(int64_t view, Workspace& workspace, T* y) const {
  const float* const row = parameters + view * SL_AUGMENT_COLUMNS;
  const auto whole = [row](int column) { return static_cast<int64_t>(row[column]); };
  const int64_t corner = (indices[view] * height + whole(SL_AUGMENT_CROP_TOP)) * width + whole(SL_AUGMENT_CROP_LEFT);
  const Crop crop{images + corner * 3, width * 3, whole(SL_AUGMENT_CROP_HEIGHT), whole(SL_AUGMENT_CROP_WIDTH)};
  const Planes planes{out_height, out_width, workspace.planes.data()};
  workspace.vertical.set(crop.height, out_height);
  workspace.horizontal.set(crop.width, out_width);
  resample(crop, workspace.vertical, workspace.horizontal, workspace.lines.data(), planes);
  jitter(planes, row);
  if (row[SL_AUGMENT_GRAYSCALE] != 0.0f) to_grayscale(planes);
  if (row[SL_AUGMENT_BLUR_SIGMA] > 0.0f) {
    gaussian_blur(planes, row[SL_AUGMENT_BLUR_SIGMA], workspace.spare.data(), workspace.padded.data(),
                  workspace.kernel.data());
  }
  if (row[SL_AUGMENT_SOLARIZE] != 0.0f) solarize(planes);
  write(planes, row[SL_AUGMENT_FLIP] != 0.0f, y + view * 3 * planes.pixels());
}

template <typename T>
void Views::write(const Planes& planes, bool flip, T* y) const {
  for (int64_t row = 0; row < out_height; ++row) {
    for (int64_t x = 0; x < out_width; ++x) {
      const int64_t source = row * out_width + (flip ? out_width - 1 - x : x);
      T* const target = y + (row * out_width + x) * 3;
      for (int channel = 0; channel < 3; ++channel) {
        target[channel] = from_float<T>((planes.plane(channel)[source] - mean[channel]) * scale[channel]);
      }
    }
  }
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_augment(sl_context* context, int32_t dtype, int64_t count_in, int64_t height, int64_t width,
                          int64_t count, int64_t out_height, int64_t out_width, const uint8_t* images,
                          const int32_t* indices, const float* parameters, const float* host_mean,
                          const float* host_std, void* y) {
  SL_BEGIN
  SL_REQUIRE_POINTERS("sl_augment", context);
  SL_TRY(check_augment(count_in, height, width, count, out_height, out_width, images, indices, parameters, host_mean,
                       host_std, y));
  const bool empty = count * out_height * out_width == 0;
  for (int64_t view = 0; !empty && view < count; ++view) {
    SL_REQUIRE(indices[view] >= 0 && indices[view] < count_in, "sl_augment: index %d of view %lld is outside 0..%lld",
               indices[view], (long long)view, (long long)(count_in - 1));
    const char* const wrong = wrong_parameter(parameters + view * SL_AUGMENT_COLUMNS, height, width);
    SL_REQUIRE(wrong == nullptr, "sl_augment: the parameters of view %lld (images of %lld x %lld) have %s",
               (long long)view, (long long)height, (long long)width, wrong);
  }
  SL_REQUIRE(dtype == SL_F32 || dtype == SL_BF16, "sl_augment: dtype %d is neither f32 nor bf16", dtype);
  if (empty) return SL_OK;
  Views views{height, width, out_height, out_width, images, indices, parameters, {}, {}};
  for (int channel = 0; channel < 3; ++channel) {
    views.mean[channel] = host_mean[channel];
    views.scale[channel] = 1.0f / host_std[channel];
  }
  std::vector<Workspace> workspaces(static_cast<size_t>(context->threads),
                                    Workspace(height, width, out_height, out_width));
  SL_DISPATCH(dtype, "sl_augment", [&](auto zero) {
    using T = decltype(zero);
    parallel_for(context->threads, count, 1, [&](int64_t view, int64_t) {
      views.make(view, workspaces[static_cast<size_t>(omp_get_thread_num())], static_cast<T*>(y));
    });
  });
  return SL_OK;
  SL_END("sl_augment")
}
