// Philox-4x32-10, the counter-based generator behind the sampler's noise, for host and device.
// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once

#include <cstdint>

#include "kernels/host_device.h"

namespace dt {

// Four 32-bit words: the counter going in, the random bits coming out.
struct Philox4x32 {
  uint32_t v[4];
};

// The key of one generator.
struct PhiloxKey {
  uint32_t v[2];
};

// Ten rounds on one counter; a pure function, so any counter may be asked for in any order.
DT_HD inline Philox4x32 philox_4x32_10(Philox4x32 counter, PhiloxKey key) {
  constexpr uint64_t kMultiplier0 = 0xD2511F53u, kMultiplier1 = 0xCD9E8D57u;  // table 2 of the paper
  constexpr uint32_t kWeyl0 = 0x9E3779B9u, kWeyl1 = 0xBB67AE85u;              // golden ratio, sqrt(3) - 1
  Philox4x32 c = counter;
  uint32_t k0 = key.v[0], k1 = key.v[1];
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = kMultiplier0 * c.v[0], p1 = kMultiplier1 * c.v[2];
    const uint32_t hi0 = static_cast<uint32_t>(p0 >> 32), lo0 = static_cast<uint32_t>(p0);
    const uint32_t hi1 = static_cast<uint32_t>(p1 >> 32), lo1 = static_cast<uint32_t>(p1);
    c = Philox4x32{{hi1 ^ c.v[1] ^ k0, lo1, hi0 ^ c.v[3] ^ k1, lo0}};
    k0 += kWeyl0;
    k1 += kWeyl1;
  }
  return c;
}

}  // namespace dt
