#include "common/sha256.h"

#include <cstring>

#include "common/sha256_blocks.h"

namespace dt {

std::array<uint8_t, 32> sha256(const uint8_t* data, size_t n) {
  // First 32 bits of the fractional parts of the square roots of the first 8 primes (section 5.3.3).
  uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  const size_t done = n / 64 * 64;
  sha256_mix(state, data, n / 64);

  // Padding: a one bit, zeros, and the length in bits as 64-bit big endian.
  uint8_t tail[128] = {};
  const size_t rest = n - done;
  if (rest != 0) std::memcpy(tail, data + done, rest);
  tail[rest] = 0x80;
  const size_t tail_bytes = rest < 56 ? 64 : 128;
  const uint64_t n_bits = uint64_t{n} * 8;
  for (int i = 0; i < 8; ++i) tail[tail_bytes - 1 - i] = static_cast<uint8_t>(n_bits >> (8 * i));
  sha256_mix(state, tail, tail_bytes / 64);

  std::array<uint8_t, 32> digest;
  for (int i = 0; i < 32; ++i) digest[i] = static_cast<uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
  return digest;
}

std::string sha256_hex(const uint8_t* data, size_t n) {
  static const char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(64);
  for (const uint8_t byte : sha256(data, n)) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace dt
