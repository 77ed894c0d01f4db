// IEEE 754 binary16, for float16 weights and casts.
#pragma once

#include <cstdint>
#include <cstring>

namespace dt::reference {

// Exact.
inline float half_to_float(uint16_t h) {
  const uint32_t sign = static_cast<uint32_t>(h & 0x8000u) << 16;
  uint32_t exponent = (h >> 10) & 0x1Fu, fraction = h & 0x3FFu, bits;
  if (exponent == 0x1F) {
    bits = sign | 0x7F800000u | (fraction << 13);
  } else if (exponent == 0) {  // zero or subnormal: fraction * 2^-24
    const float value = static_cast<float>(fraction) * 0x1p-24f;
    std::memcpy(&bits, &value, sizeof bits);
    bits |= sign;
  } else {
    bits = sign | ((exponent + 112) << 23) | (fraction << 13);
  }
  float out;
  std::memcpy(&out, &bits, sizeof out);
  return out;
}

// Rounds to the nearest value that binary16 has, ties to even; beyond 65520 to infinity.
inline float round_to_half(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude >= 0x7F800000u) return value;  // infinity, NaN
  const float absolute = value < 0 ? -value : value;
  float rounded;
  if (absolute >= 65520.0f) {
    const uint32_t infinity = 0x7F800000u;
    std::memcpy(&rounded, &infinity, sizeof rounded);
  } else if (absolute < 0x1p-14f) {
    rounded =
        (absolute + 0.5f) - 0.5f;  // the spacing of floats in [0.5, 1) is 2^-24, that of binary16 subnormals
  } else {
    const uint32_t even = (magnitude >> 13) & 1u, cut = (magnitude + 0xFFFu + even) & ~0x1FFFu;
    std::memcpy(&rounded, &cut, sizeof rounded);
  }
  return (bits >> 31) ? -rounded : rounded;
}

}  // namespace dt::reference
