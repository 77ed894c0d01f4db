// IEEE 754 binary16, for float16 weights, casts and the storage of kernels; host and device give the same
// bits.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/philox.h"

#if defined(__CUDACC__)
#include <cuda_fp16.h>
#endif

namespace dt {

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

// The bits of the nearest binary16; a NaN becomes the quiet one that the device gives.
inline uint16_t float_to_half(float value) {
  if (value != value) return 0x7FFF;
  const float rounded = round_to_half(value);
  uint32_t bits;
  std::memcpy(&bits, &rounded, sizeof bits);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
  const uint32_t exponent = (bits >> 23) & 0xFFu, fraction = bits & 0x7FFFFFu;
  if (exponent == 0xFF) return static_cast<uint16_t>(sign | 0x7C00u);
  if (exponent < 113) {  // zero or subnormal: a multiple of 2^-24
    const float magnitude = rounded < 0 ? -rounded : rounded;
    return static_cast<uint16_t>(sign | static_cast<uint16_t>(magnitude * 0x1p24f));
  }
  return static_cast<uint16_t>(sign | ((exponent - 112) << 10) | (fraction >> 13));
}

// Binary16 as it lies in memory.
struct Half {
  uint16_t bits;
};

DT_HD inline float to_float(float value) { return value; }
DT_HD inline float to_float(Half value) {
#if defined(__CUDA_ARCH__)
  return __half2float(__ushort_as_half(value.bits));
#else
  return half_to_float(value.bits);
#endif
}

// Rounds to nearest, ties to even.
DT_HD inline void store_float(float value, float* out) { *out = value; }
DT_HD inline void store_float(float value, Half* out) {
#if defined(__CUDA_ARCH__)
  out->bits = __half_as_ushort(__float2half_rn(value));
#else
  out->bits = float_to_half(value);
#endif
}

}  // namespace dt
