// Positions that count for ever, in rings that do not grow.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dt {

// Where the element of a position lies in a ring of `size`. Divided in 64 bits: a 32-bit size_t would cut the
// position, and the order would break after 2^32 samples, which is three days at 16 kHz.
constexpr size_t ring_place(int64_t position, size_t size) {
  return static_cast<size_t>(static_cast<uint64_t>(position) % size);
}

}  // namespace dt
