// Computes BLAKE2b-512 digests, which tell whether unpacked files equal the packed ones.
#pragma once

#include <sodium.h>

#include <string>

namespace launcher {

class Digest {
 public:
  Digest() { crypto_generichash_init(&state_, nullptr, 0, crypto_generichash_BYTES_MAX); }
  void add(const void* bytes, size_t count) {
    crypto_generichash_update(&state_, static_cast<const unsigned char*>(bytes), count);
  }
  // Lower-case hexadecimal, 128 characters.
  std::string text() {
    unsigned char bytes[crypto_generichash_BYTES_MAX];
    crypto_generichash_final(&state_, bytes, sizeof bytes);
    char text[2 * sizeof bytes + 1];
    return sodium_bin2hex(text, sizeof text, bytes, sizeof bytes);
  }

 private:
  crypto_generichash_state state_;
};

}  // namespace launcher
