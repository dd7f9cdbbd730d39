// Vectors of neighbouring channels, the cover of their rows by a grid, and column sums in a fixed order.
#pragma once

#include <initializer_list>
#include <type_traits>

#include "launch.h"

// Unrolls a loop over an array that must stay in registers.
#ifdef __CUDACC__
#define SL_UNROLL _Pragma("unroll")
#else
#define SL_UNROLL
#endif

namespace sluice {

constexpr int pack_bytes = 16;  // the widest load

// Bytes and integers convert by value.
__device__ inline float to_float(uint8_t value) { return static_cast<float>(value); }
__device__ inline float to_float(int32_t value) { return static_cast<float>(value); }

// n neighbouring elements that a thread loads and stores at once. `from` and `to` must be aligned like the pack.
template <typename T, int n, typename = void>
struct alignas(n * sizeof(T) < pack_bytes ? n * sizeof(T) : pack_bytes) Pack {
  T values[n];

  __device__ static Pack load(const T* from) { return *reinterpret_cast<const Pack*>(from); }
  __device__ void store(T* to) const { *reinterpret_cast<Pack*>(to) = *this; }
  __device__ float get(int k) const { return to_float(values[k]); }
  __device__ void set(int k, float value) { values[k] = from_float<T>(value); }
};

// Stored in pairs, because a GPU keeps every 16-bit value in a 32-bit register.
template <int n>
struct alignas(2 * n < pack_bytes ? 2 * n : pack_bytes) Pack<bf16, n, std::enable_if_t<n % 2 == 0>> {
  uint32_t pairs[n / 2];

  __device__ static Pack load(const bf16* from) { return *reinterpret_cast<const Pack*>(from); }
  __device__ void store(bf16* to) const { *reinterpret_cast<Pack*>(to) = *this; }
  __device__ float get(int k) const {
    const uint32_t pair = pairs[k / 2], wide = k % 2 == 0 ? pair << 16 : pair & 0xffff0000u;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
  }
  __device__ void set(int k, float value) {
    const uint32_t bits = from_float<bf16>(value).bits;
    pairs[k / 2] = k % 2 == 0 ? (pairs[k / 2] & 0xffff0000u) | bits : (pairs[k / 2] & 0xffffu) | bits << 16;
  }
};

// Calls body with the number of elements of T that a thread takes together, as a compile-time constant: 16 bytes if
// rows of `channels` elements divide into packs and all addresses, unless null, are aligned to a pack; else one.
template <typename T, typename Body>
void with_packs(int64_t channels, std::initializer_list<const void*> addresses, const Body& body) {
  constexpr int wide = pack_bytes / sizeof(T);
  bool whole = channels % wide == 0;
  for (const void* const address : addresses) whole = whole && reinterpret_cast<uintptr_t>(address) % pack_bytes == 0;
  if (whole) {
    body(std::integral_constant<int, wide>{});
  } else {
    body(std::integral_constant<int, 1>{});
  }
}

// Calls body(k, value) for the n floats at `from` in order. `from` must be aligned like a pack.
template <int n, typename Body>
__device__ void each_of(const float* from, const Body& body) {
  constexpr int widest = pack_bytes / sizeof(float), width = n < widest ? n : widest;
  for (int begin = 0; begin < n; begin += width) {
    const auto pack = Pack<float, width>::load(from + begin);
    for (int k = 0; k < width; ++k) body(begin + k, pack.get(k));
  }
}

// Covers `images` times `rows` rows of channels with blocks, by sizes alone. The threads of a block take neighbouring
// packs of a row (`packs`), then neighbouring rows of an image (`lanes`), then, if images are small, neighbouring
// images (`together`). A thread goes down `run` rows, `lanes` apart, with the same channels. Images are cut into
// `parts` of rows, and wide rows into `tiles`; a block has one part and one tile.
struct Cover {
  int64_t images, rows, channels, run;
  int packs, lanes, together;
  unsigned tiles, parts;

  // A run is long enough to pay for the work before and after it, and short enough for sums in f32. It is longer than
  // the shortest run only if there are enough blocks.
  static constexpr int64_t run_of_maps = 4, run_of_sums = 8, longest_run = 32, enough_blocks = 512;

  // For packs of n channels. No size may be 0.
  Cover(int64_t images_, int64_t rows_, int64_t channels_, int n, int64_t shortest_run)
      : images(images_), rows(rows_), channels(channels_) {
    const auto ceiling = [](int64_t a, int64_t b) { return (a + b - 1) / b; };
    const int64_t row_packs = channels / n, row_tiles = ceiling(row_packs, block_threads);
    packs = static_cast<int>(ceiling(row_packs, row_tiles));
    lanes = static_cast<int>(std::min<int64_t>(block_threads / packs, ceiling(rows, shortest_run)));
    together = static_cast<int>(std::min<int64_t>(block_threads / packs / lanes, images));
    const int64_t steps = ceiling(rows, lanes), wanted = steps * ceiling(images, together) * row_tiles / enough_blocks;
    const int64_t row_parts = ceiling(steps, std::clamp(wanted, shortest_run, longest_run));
    run = ceiling(steps, row_parts);
    tiles = static_cast<unsigned>(row_tiles);
    parts = static_cast<unsigned>(row_parts);
  }

  dim3 blocks() const { return grid_of((images + together - 1) / together * parts * tiles); }

  // Bytes of partial sums: [images, parts, quantities, channels] f64.
  int64_t partial_bytes(int quantities) const {
    return images * parts * quantities * channels * static_cast<int64_t>(sizeof(double));
  }

  __device__ unsigned tile() const { return blockIdx.x % tiles; }
  __device__ unsigned part() const { return blockIdx.x / tiles % parts; }
  __device__ int64_t first_image() const { return static_cast<int64_t>(blockIdx.x / tiles / parts) * together; }
};

// The work of a thread: the rows first, first + step, ... before end, counted through all images, and its first
// channel. A thread without work has no rows, but its channel is valid.
struct Place {
  int64_t first = 0, end = 0, step = 1, channel = 0;
};

template <int n>
__device__ Place place_of(const Cover& cover) {
  const int line = threadIdx.x / cover.packs, lane = line % cover.lanes, member = line / cover.lanes;
  const int64_t image = cover.first_image() + member, begin = cover.part() * cover.run * cover.lanes;
  const int64_t channel = (static_cast<int64_t>(cover.tile()) * cover.packs + threadIdx.x % cover.packs) * n;
  const int64_t part_end = begin + cover.run * cover.lanes;
  const int64_t end = part_end < cover.rows ? part_end : cover.rows;
  Place place;
  if (member >= cover.together || image >= cover.images || channel >= cover.channels) return place;
  if (begin + lane >= end) return place;
  place.first = image * cover.rows + begin + lane;
  place.end = image * cover.rows + end;
  place.step = cover.lanes;
  place.channel = channel;
  return place;
}

// Calls use(row, load(row)) for each row of a place, in order. Starts the loads of `at_once` rows before it uses the
// first of them.
template <int at_once, typename Load, typename Use>
__device__ void for_rows(const Place& place, const Load& load, const Use& use) {
  for (int64_t row = place.first; row < place.end; row += at_once * place.step) {
    decltype(load(row)) loaded[at_once] = {};
    SL_UNROLL
    for (int i = 0; i < at_once; ++i) {
      if (row + i * place.step < place.end) loaded[i] = load(row + i * place.step);
    }
    SL_UNROLL
    for (int i = 0; i < at_once; ++i) {
      if (row + i * place.step < place.end) use(row + i * place.step, loaded[i]);
    }
  }
}

// Adds the sums of a block's threads, and writes a partial sum for each of the block's images and channels. About n
// lanes are added in Lane's precision, the rest in f64.
template <int quantities, int n, typename Lane>
__device__ void fold(const Cover& cover, const Lane (&values)[quantities][n], double* partials) {
  // The padding puts the packs of a row into different banks of shared memory.
  __shared__ Lane lanes[quantities][n][block_threads + warp_threads / n];
  __shared__ double sums[quantities][block_threads];
  const int thread = threadIdx.x, columns = cover.together * cover.packs * n;
  const int groups = columns < block_threads ? block_threads / columns : 1;
  const auto write = [&](int column, int quantity, double sum) {
    const int64_t image = cover.first_image() + column / (cover.packs * n);
    const int64_t channel = static_cast<int64_t>(cover.tile()) * cover.packs * n + column % (cover.packs * n);
    if (image >= cover.images || channel >= cover.channels) return;
    partials[((image * cover.parts + cover.part()) * quantities + quantity) * cover.channels + channel] = sum;
  };
  for (int quantity = 0; quantity < quantities; ++quantity) {
    for (int k = 0; k < n; ++k) lanes[quantity][k][thread] = values[quantity][k];
  }
  __syncthreads();
  for (int task = thread; task < columns * groups; task += block_threads) {
    const int column = task % columns, pack = column / n;
    const int first = pack / cover.packs * cover.lanes * cover.packs + pack % cover.packs;
    for (int quantity = 0; quantity < quantities; ++quantity) {
      Lane sum = 0;
      for (int lane = task / columns; lane < cover.lanes; lane += groups) {
        sum += lanes[quantity][column % n][first + lane * cover.packs];
      }
      if (groups == 1) {
        write(column, quantity, sum);
      } else {
        sums[quantity][task] = sum;
      }
    }
  }
  __syncthreads();
  if (groups == 1 || thread >= columns) return;
  for (int quantity = 0; quantity < quantities; ++quantity) {
    double sum = 0.0;
    for (int group = 0; group < groups; ++group) sum += sums[quantity][group * columns + thread];
    write(thread, quantity, sum);
  }
}

template <int quantities, typename Term, typename Finish>
__global__ void merge_kernel(int64_t parts, int64_t columns, int width, const Term term, const Finish finish) {
  __shared__ double sums[quantities][block_threads];
  const int lane = threadIdx.x / width, lanes = block_threads / width;
  const int64_t tiles = (columns + width - 1) / width, image = blockIdx.x / tiles;
  const int64_t column = blockIdx.x % tiles * width + threadIdx.x % width;
  double total[quantities] = {};
  if (column < columns) {
    for (int64_t part = lane; part < parts; part += lanes) term(image, part, column, total);
  }
  for (int quantity = 0; quantity < quantities; ++quantity) sums[quantity][threadIdx.x] = total[quantity];
  __syncthreads();
  if (lane != 0 || column >= columns) return;
  for (int other = 1; other < lanes; ++other) {
    for (int quantity = 0; quantity < quantities; ++quantity) {
      total[quantity] += sums[quantity][other * width + threadIdx.x];
    }
  }
  finish(image, column, total);
}

// Sums over `parts` in f64. term(image, part, column, total) adds a part to total[quantities], and
// finish(image, column, total) takes the sums. Both are __device__ lambdas.
template <int quantities, typename Term, typename Finish>
int32_t merge(const sl_context* context, const char* name, int64_t images, int64_t parts, int64_t columns,
              const Term& term, const Finish& finish) {
  int lanes = 1;
  while (lanes < warp_threads && 4 * lanes < parts) lanes *= 2;
  const int width = block_threads / lanes;
  return launch(context, name, grid_of(images * ((columns + width - 1) / width)), block_threads,
                merge_kernel<quantities, Term, Finish>, parts, columns, width, term, finish);
}

// The term for partial sums in the layout that fold writes, [images, parts, quantities, columns].
template <int quantities>
struct PartialSums {
  const double* partials;
  int64_t parts, columns;

  __device__ void operator()(int64_t image, int64_t part, int64_t column, double (&total)[quantities]) const {
    const double* const at = partials + (image * parts + part) * quantities * columns + column;
    for (int quantity = 0; quantity < quantities; ++quantity) total[quantity] += at[quantity * columns];
  }
};

template <typename Lane, int n, typename T>
__global__ void column_sums_kernel(const Cover cover, const T* x, double* partials) {
  const Place place = place_of<n>(cover);
  Lane sums[1][n] = {};
  for_rows<4>(
      place, [&](int64_t row) { return Pack<T, n>::load(x + row * cover.channels + place.channel); },
      [&](int64_t, const Pack<T, n>& value) {
        for (int k = 0; k < n; ++k) sums[0][k] += static_cast<Lane>(value.get(k));
      });
  fold(cover, sums, partials);
}

template <typename Lane, int n, typename T, typename Finish>
int32_t packed_column_sums(sl_context* context, const char* name, int64_t images, int64_t rows, int64_t channels,
                           const T* x, const Finish& finish) {
  const Cover cover(images, rows, channels, n, Cover::run_of_sums);
  const Scratch scratch(context->allocator, cover.partial_bytes(1));
  if (!scratch) return out_of_memory(name, context->allocator, cover.partial_bytes(1));
  double* const partials = scratch.get<double>();
  SL_TRY(launch(context, name, cover.blocks(), block_threads, column_sums_kernel<Lane, n, T>, cover, x, partials));
  const PartialSums<1> term{partials, cover.parts, channels};
  return merge<1>(context, name, images, cover.parts, channels, term, finish);
}

// Sums each channel of x over the rows of each image, and calls finish(image, channel, total), a __device__ lambda,
// with the sum in total[0]. Threads add short runs in Lane's precision; the rest is added in f64. No size may be 0.
template <typename Lane, typename T, typename Finish>
int32_t column_sums(sl_context* context, const char* name, int64_t images, int64_t rows, int64_t channels, const T* x,
                    const Finish& finish) {
  int32_t status = SL_OK;
  with_packs<T>(channels, {x}, [&](auto n) {
    status = packed_column_sums<Lane, decltype(n)::value>(context, name, images, rows, channels, x, finish);
  });
  return status;
}

}  // namespace sluice
