// The seed of a recording, as python/diffusiontalker/api/seed.py makes it: 0 for silence, else the first 32
// bits of the BLAKE2b hash (RFC 7693, 4 bytes long) of one second of 16-bit samples from the first audible
// one on.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

constexpr int kAudible = 33;  // of 32767: -60 dBFS, so that quiet recordings count
constexpr size_t kBlock = 128, kDigestBytes = 4;
constexpr uint64_t kStart[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
constexpr uint8_t kOrder[10][16] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                                    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
                                    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
                                    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
                                    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
                                    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
                                    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
                                    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
                                    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
                                    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

uint64_t rotated(uint64_t x, int bits) { return x >> bits | x << (64 - bits); }

void mix(uint64_t (&v)[16], int a, int b, int c, int d, uint64_t x, uint64_t y) {
  v[a] += v[b] + x;
  v[d] = rotated(v[d] ^ v[a], 32);
  v[c] += v[d];
  v[b] = rotated(v[b] ^ v[c], 24);
  v[a] += v[b] + y;
  v[d] = rotated(v[d] ^ v[a], 16);
  v[c] += v[d];
  v[b] = rotated(v[b] ^ v[c], 63);
}

// n_bytes: of all blocks up to this one.
void compress(uint64_t (&h)[8], const uint8_t* block, uint64_t n_bytes, bool is_last) {
  uint64_t m[16], v[16];
  std::memcpy(m, block, kBlock);  // WebAssembly is little-endian, as the hash is
  std::copy_n(h, 8, v);
  std::copy_n(kStart, 8, v + 8);
  v[12] ^= n_bytes;
  if (is_last) v[14] = ~v[14];
  for (int round = 0; round < 12; ++round) {
    const uint8_t* s = kOrder[round % 10];
    for (int i = 0; i < 4; ++i) mix(v, i, 4 + i, 8 + i, 12 + i, m[s[2 * i]], m[s[2 * i + 1]]);
    for (int i = 0; i < 4; ++i) {
      mix(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, m[s[8 + 2 * i]], m[s[9 + 2 * i]]);
    }
  }
  for (int i = 0; i < 8; ++i) h[i] ^= v[i] ^ v[8 + i];
}

// The first four bytes of the digest as a number, the first byte being the highest.
uint32_t hash_of(std::vector<uint8_t> bytes) {
  uint64_t h[8];
  std::copy_n(kStart, 8, h);
  h[0] ^= 0x01010000 ^ kDigestBytes;
  const size_t n = bytes.size(), n_blocks = std::max<size_t>(1, (n + kBlock - 1) / kBlock);
  bytes.resize(n_blocks * kBlock, 0);
  for (size_t i = 0; i < n_blocks; ++i) {
    const bool is_last = i + 1 == n_blocks;
    compress(h, bytes.data() + i * kBlock, is_last ? n : (i + 1) * kBlock, is_last);
  }
  const auto low = static_cast<uint32_t>(h[0]);
  return low << 24 | (low & 0xff00) << 8 | (low >> 8 & 0xff00) | low >> 24;
}

// The mean of the channels; the first one where they cancel each other.
float one_channel(const float* frame, int n_channels) {
  if (n_channels == 1) return frame[0];
  float sum = 0, most = 0;
  for (int c = 0; c < n_channels; ++c) {
    sum += frame[c];
    most = std::max(most, std::fabs(frame[c]));
  }
  const float mean = sum / static_cast<float>(n_channels);
  return std::fabs(mean) < 0.1f * most ? frame[0] : mean;
}

int as_16_bits(float x) {
  if (std::isnan(x)) x = 0;
  return static_cast<int>(std::nearbyint(std::min(std::max(x, -1.0f), 1.0f) * 32767.0f));
}

}  // namespace

// samples: n_frames * n_channels interleaved floats of the beginning of a sound; a minute and a second are
// enough.
extern "C" uint32_t dt_web_seed_of_sound(const float* samples, size_t n_frames, int32_t n_channels,
                                         int32_t sample_rate_hz) {
  std::vector<uint8_t> bytes;
  const size_t wanted = 2 * static_cast<size_t>(sample_rate_hz);
  for (size_t i = 0; i < n_frames && bytes.size() < wanted; ++i) {
    const int number = as_16_bits(one_channel(samples + i * static_cast<size_t>(n_channels), n_channels));
    if (bytes.empty() && std::abs(number) < kAudible) continue;
    bytes.push_back(static_cast<uint8_t>(number & 0xff));
    bytes.push_back(static_cast<uint8_t>(number >> 8 & 0xff));
  }
  return bytes.empty() ? 0 : hash_of(std::move(bytes));
}
