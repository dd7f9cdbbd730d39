// Augmented views: crops, resizes and recolours a source image by a row of parameters, for each output image.
#include "../../common/augment_checks.h"
#include "blur.h"
#include "colour.h"
#include "resample.h"

namespace sluice {
namespace {

// A view that needs at most this much memory uses shared memory; 32 x 32 from 32 x 32 does.
constexpr int64_t shared_bytes = 30 << 10;
// The memory of all larger views that are made at once: it should stay in the cache between two operations. But every
// multiprocessor has work for as many blocks as fit.
constexpr int64_t scratch_bytes = int64_t{64} << 20;
constexpr int large_threads = 1024;
constexpr int64_t large_blocks = 2;  // of a multiprocessor, which has room for 2,048 threads
constexpr int64_t most_blocks = 1 << 20;

// The layout of the memory of a view, in bytes from its beginning.
struct Layout {
  int64_t firsts, counts, raw_kernel, kernel, vertical, horizontal, planes, lines, bytes;

  Layout(int64_t height, int64_t width, int64_t out_height, int64_t out_width) {
    const int64_t outputs = out_height + out_width, pixels = out_height * out_width;
    firsts = 0;
    counts = firsts + outputs * int64_t{sizeof(int64_t)};
    raw_kernel = counts + outputs * int64_t{sizeof(int64_t)};
    kernel = raw_kernel + 2 * outputs * int64_t{sizeof(double)};
    vertical = kernel + floats(2 * outputs);
    horizontal = vertical + floats(out_height * ResampleRule(height, out_height).capacity());
    planes = horizontal + floats(out_width * ResampleRule(width, out_width).capacity());
    lines = planes + floats(3 * pixels);
    // The blur reuses the memory of the lines, which are no longer needed after the resize.
    const int64_t end = lines + floats(std::max(3 * out_height * width, 3 * pixels));
    constexpr int64_t alignment = 256;
    bytes = (end + alignment - 1) / alignment * alignment;
  }

  static int64_t floats(int64_t count) { return count * int64_t{sizeof(float)}; }

  template <typename T>
  __device__ static T* at(unsigned char* memory, int64_t offset) {
    return reinterpret_cast<T*>(memory + offset);
  }
};

struct Views {
  int64_t count_in, height, width, out_height, out_width;
  const uint8_t* images;
  const int32_t* indices;
  const float* parameters;
  float mean[3], scale[3];

  // Gives the same result in every thread.
  __device__ Fault fault_of(int64_t view) const {
    if (indices[view] < 0 || indices[view] >= count_in) return fault_augment_index;
    const char* const wrong = wrong_parameter(parameters + view * SL_AUGMENT_COLUMNS, height, width);
    return wrong == nullptr ? no_fault : fault_augment_parameter;
  }

  __device__ Crop crop(int64_t view, const float* row) const {
    const auto whole = [row](int column) { return static_cast<int64_t>(row[column]); };
    const int64_t corner = (indices[view] * height + whole(SL_AUGMENT_CROP_TOP)) * width + whole(SL_AUGMENT_CROP_LEFT);
    return {images + corner * 3, width * 3, whole(SL_AUGMENT_CROP_HEIGHT), whole(SL_AUGMENT_CROP_WIDTH)};
  }

  template <typename T>
  __device__ void make(int64_t view, const Layout& layout, unsigned char* memory, T* y) const;

  template <typename T>
  __device__ void write(const Planes& planes, bool inverted, bool flip, T* y) const;
};

template <typename T>
__device__ void Views::make(int64_t view, const Layout& layout, unsigned char* memory, T* y) const {
  const float* const row = parameters + view * SL_AUGMENT_COLUMNS;
  int64_t* const firsts = Layout::at<int64_t>(memory, layout.firsts);
  int64_t* const counts = Layout::at<int64_t>(memory, layout.counts);
  const ResampleAxis vertical{out_height, firsts, counts, Layout::at<float>(memory, layout.vertical)};
  const ResampleAxis horizontal{out_width, firsts + out_height, counts + out_height,
                                Layout::at<float>(memory, layout.horizontal)};
  const Planes planes{out_height, out_width, Layout::at<float>(memory, layout.planes)};
  float* const lines = Layout::at<float>(memory, layout.lines);
  resample(crop(view, row), vertical, horizontal, lines, planes);
  __syncthreads();
  jitter(planes, row);
  if (row[SL_AUGMENT_GRAYSCALE] != 0.0f) {
    for_each_pixel(planes, [](float& red, float& green, float& blue) { make_gray(red, green, blue); });
  }
  __syncthreads();
  if (row[SL_AUGMENT_BLUR_SIGMA] > 0.0f) {
    const BlurWeights weights{Layout::at<double>(memory, layout.raw_kernel), Layout::at<float>(memory, layout.kernel)};
    gaussian_blur(planes, row[SL_AUGMENT_BLUR_SIGMA], weights, lines);
  }
  write(planes, row[SL_AUGMENT_SOLARIZE] != 0.0f, row[SL_AUGMENT_FLIP] != 0.0f, y + view * 3 * planes.pixels());
}

// Writes the view, solarised if `inverted`. Neighbouring threads write neighbouring channels.
template <typename T>
__device__ void Views::write(const Planes& planes, bool inverted, bool flip, T* y) const {
  for_each_place(out_height, out_width * 3, [&](int64_t row, int64_t place) {
    const int64_t x = place / 3, source = row * out_width + (flip ? out_width - 1 - x : x);
    const int channel = static_cast<int>(place - 3 * x);
    const float value = planes.plane(channel)[source];
    const float average = channel == 0 ? mean[0] : channel == 1 ? mean[1] : mean[2];
    const float factor = channel == 0 ? scale[0] : channel == 1 ? scale[1] : scale[2];
    y[row * out_width * 3 + place] = from_float<T>(((inverted ? solarized(value) : value) - average) * factor);
  });
}

// A block makes one view; the first block makes the view `first`. `scratch` holds the memory of a view for each block,
// unless views fit into shared memory.
template <typename T, int threads, bool fits>
__global__ void __launch_bounds__(threads) augment_kernel(const Views views, const Layout layout,
                                                          unsigned char* scratch, int64_t first, T* y, int32_t* fault) {
  alignas(16) __shared__ unsigned char own[fits ? shared_bytes : 16];
  unsigned char* const memory = fits ? own : scratch + blockIdx.x * layout.bytes;
  const int64_t view = first + blockIdx.x;
  const Fault found = views.fault_of(view);
  if (found == no_fault) {
    views.make(view, layout, memory, y);
  } else if (threadIdx.x == 0) {
    *fault = found;
  }
}

template <typename T, int threads, bool fits>
int32_t augment(sl_context* context, const Views& views, const Layout& layout, int64_t count, T* y) {
  const int64_t cached = std::max(scratch_bytes / layout.bytes, large_blocks * context->multiprocessors);
  const int64_t together = std::min(count, fits ? most_blocks : cached);
  const int64_t bytes = fits ? 0 : together * layout.bytes;
  const Scratch scratch(context->allocator, bytes);
  if (!fits && !scratch) return out_of_memory("sl_augment", context->allocator, bytes);
  for (int64_t first = 0; first < count; first += together) {
    const dim3 blocks(static_cast<unsigned>(std::min(together, count - first)));
    SL_TRY(launch(context, "sl_augment", blocks, threads, augment_kernel<T, threads, fits>, views, layout,
                  scratch.get<unsigned char>(), first, y, context->fault));
  }
  return SL_OK;
}

template <typename T>
int32_t augment(sl_context* context, const Views& views, int64_t count, void* y) {
  const Layout layout(views.height, views.width, views.out_height, views.out_width);
  T* const out = static_cast<T*>(y);
  return layout.bytes <= shared_bytes ? augment<T, block_threads, true>(context, views, layout, count, out)
                                      : augment<T, large_threads, false>(context, views, layout, count, out);
}

}  // namespace
}  // namespace sluice

using namespace sluice;

SL_API int32_t sl_augment(sl_context* context, int32_t dtype, int64_t count_in, int64_t height, int64_t width,
                          int64_t count, int64_t out_height, int64_t out_width, const uint8_t* images,
                          const int32_t* indices, const float* parameters, const float* host_mean,
                          const float* host_std, void* y) {
  SL_ENTER("sl_augment", context);
  SL_BEGIN
  SL_TRY(check_augment(count_in, height, width, count, out_height, out_width, images, indices, parameters, host_mean,
                       host_std, y));
  const bool empty = count * out_height * out_width == 0;
  SL_REQUIRE(dtype == SL_F32 || dtype == SL_BF16, "sl_augment: dtype %d is neither f32 nor bf16", dtype);
  if (empty) return SL_OK;
  Views views{count_in, height, width, out_height, out_width, images, indices, parameters, {}, {}};
  for (int channel = 0; channel < 3; ++channel) {
    views.mean[channel] = host_mean[channel];
    views.scale[channel] = 1.0f / host_std[channel];
  }
  int32_t status = SL_OK;
  SL_DISPATCH(dtype, "sl_augment", [&](auto zero) { status = augment<decltype(zero)>(context, views, count, y); });
  return status;
  SL_END("sl_augment")
}
