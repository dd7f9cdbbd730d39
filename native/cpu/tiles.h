// Tile registers and the product of bf16 tiles (TDPBF16PS), by AMX and in plain C++ with the same bits.
#pragma once

#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstring>

namespace sluice {

// A tile has 16 rows of 64 bytes: 16 floats, or 16 pairs of bf16.
constexpr int64_t tile_rows = 16, tile_lanes = 16, tile_row_bytes = 64;
// The elements of the sum that a product adds to each float, and those of a bf16 tile.
constexpr int64_t tile_depth = 2 * tile_lanes, tile_elements = tile_rows * tile_depth;

// Whether the processor has tiles, and the operating system saves them for this process's threads, for which it must be
// asked: without its permission, the first use of a tile kills the process.
inline bool has_tiles() {
  constexpr long request_permission = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  static const bool has = __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16") &&
                          syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
  return has;
}

// Both forms have eight tiles, numbered at compile time.
//   load<t>(from, row_bytes)   copies 16 rows that lie row_bytes apart to tile t
//   store<t>(to, row_bytes)    copies them back
//   multiply_add<c, a, b>()    c[row][lane] += the sum over 16 pairs of a[row][pair] times b[pair][lane]

// The registers of the processor. They belong to a thread: one object at a time, used by the thread that made it.
class AmxTiles {
 public:
  AmxTiles() {
    Configuration configuration{};
    configuration.palette = 1;
    for (int tile = 0; tile < 8; ++tile) {
      configuration.row_bytes[tile] = tile_row_bytes;
      configuration.rows[tile] = tile_rows;
    }
    asm volatile("ldtilecfg %0" : : "m"(configuration));
  }
  ~AmxTiles() { asm volatile("tilerelease"); }
  AmxTiles(const AmxTiles&) = delete;
  AmxTiles& operator=(const AmxTiles&) = delete;

  template <int tile>
  void load(const void* from, int64_t row_bytes) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(row_bytes), "i"(tile) : "memory");
  }
  template <int tile>
  void store(void* to, int64_t row_bytes) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(row_bytes), "i"(tile) : "memory");
  }
  template <int c, int a, int b>
  void multiply_add() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(c), "i"(a), "i"(b));
  }

 private:
  // The operand of LDTILECFG.
  struct alignas(64) Configuration {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
  };
  static_assert(sizeof(Configuration) == 64);
};

// The same on every processor, so that kernels of tiles can be tested on those without AMX.
class PlainTiles {
 public:
  template <int tile>
  void load(const void* from, int64_t row_bytes) {
    for (int64_t row = 0; row < tile_rows; ++row)
      std::memcpy(tiles_[tile][row], static_cast<const char*>(from) + row * row_bytes, tile_row_bytes);
  }
  template <int tile>
  void store(void* to, int64_t row_bytes) {
    for (int64_t row = 0; row < tile_rows; ++row)
      std::memcpy(static_cast<char*>(to) + row * row_bytes, tiles_[tile][row], tile_row_bytes);
  }
  template <int c, int a, int b>
  void multiply_add() {
    const unsigned callers = _mm_getcsr();
    _mm_setcsr(flush_denormals);
    add_products(tiles_[a], tiles_[b], tiles_[c]);
    _mm_setcsr(callers);
  }

 private:
  using Tile = uint32_t[tile_rows][tile_lanes];

  // Rounds to nearest even, raises nothing, and takes and returns denormals as 0, as the instruction does whatever the
  // thread's mode is.
  static constexpr unsigned flush_denormals = 0x9fc0;

  static float wide(uint32_t upper_half) {
    float value;
    std::memcpy(&value, &upper_half, sizeof value);
    return value;
  }

  // Not inlined, because the compiler knows nothing of the mode and would move sums past its change. First members of
  // pairs have a sum of their own, and so have second ones.
  [[gnu::noinline]] static void add_products(const Tile& a, const Tile& b, Tile& c) {
    for (int64_t row = 0; row < tile_rows; ++row) {
      float first[tile_lanes] = {}, second[tile_lanes] = {};
      for (int64_t pair = 0; pair < tile_lanes; ++pair) {
        const float left = wide(a[row][pair] << 16), right = wide(a[row][pair] & 0xffff0000);
        for (int64_t lane = 0; lane < tile_lanes; ++lane) {
          first[lane] = std::fma(left, wide(b[pair][lane] << 16), first[lane]);
          second[lane] = std::fma(right, wide(b[pair][lane] & 0xffff0000), second[lane]);
        }
      }
      for (int64_t lane = 0; lane < tile_lanes; ++lane) {
        const float sum = wide(c[row][lane]) + (first[lane] + second[lane]);
        std::memcpy(&c[row][lane], &sum, sizeof sum);
      }
    }
  }

  alignas(64) Tile tiles_[8] = {};
};

}  // namespace sluice
