// Division by a number known only at run time, as one multiplication and shift: a kernel that streams through
// memory would wait for the device's division.
// Source: Granlund, Montgomery, "Division by invariant integers using multiplication", PLDI 1994,
// theorem 4.2.
#pragma once

#include <cstdint>

#include "kernels/host_device.h"

namespace dt {

// Exact for every n below 2^31. divisor: 1 .. 2^31.
struct FastDivide {
  uint32_t divisor = 1, multiplier = 0, shift = 0;

  FastDivide() = default;
  explicit FastDivide(uint32_t d) : divisor(d) {
    while ((uint64_t{1} << shift) < d) ++shift;
    multiplier = static_cast<uint32_t>(((uint64_t{1} << (31 + shift)) + d - 1) / d);
  }

  DT_HD uint32_t quotient(uint32_t n) const {
    return static_cast<uint32_t>((uint64_t{n} * multiplier) >> (31 + shift));
  }
  DT_HD uint32_t remainder(uint32_t n) const { return n - quotient(n) * divisor; }
};

}  // namespace dt
