// Philox4x32-10, the counter-based generator of every random number (Salmon et al. 2011, "Parallel random numbers: as
// easy as 1, 2, 3").
#pragma once

#include <cstdint>

#include "host_device.h"

namespace sluice {

struct PhiloxWords {
  uint32_t word[4];
};

// Encrypts `counter` in ten rounds with the key (key_low, key_high).
SL_HOST_DEVICE inline PhiloxWords philox4x32(PhiloxWords counter, uint32_t key_low, uint32_t key_high) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t first = uint64_t{0xD2511F53u} * counter.word[0];
    const uint64_t second = uint64_t{0xCD9E8D57u} * counter.word[2];
    counter = {{static_cast<uint32_t>(second >> 32) ^ counter.word[1] ^ key_low, static_cast<uint32_t>(second),
                static_cast<uint32_t>(first >> 32) ^ counter.word[3] ^ key_high, static_cast<uint32_t>(first)}};
    key_low += 0x9E3779B9u;
    key_high += 0xBB67AE85u;
  }
  return counter;
}

// The midpoint of one of 2^24 equal intervals of (0, 1), rounded to f32.
SL_HOST_DEVICE inline float philox_uniform(uint32_t bits) { return (static_cast<float>(bits >> 8) + 0.5f) * 0x1p-24f; }

}  // namespace sluice
