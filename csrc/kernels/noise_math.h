// Logarithm, sine and cosine for the noise, from + - * / alone. Every IEEE 754 machine rounds those alike, so
// that host and device (both compiled without contraction) give the same bits of noise, which the vendors'
// math libraries do not promise.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/host_device.h"

namespace dt {

// Natural logarithm within 2 ulp. u: normal, above 0.
DT_HD inline double noise_log(double u) {
  uint64_t bits;
  memcpy(&bits, &u, sizeof bits);
  int exponent = static_cast<int>(bits >> 52) - 1023;
  bits = (bits & 0xFFFFFFFFFFFFFull) | 0x3FF0000000000000ull;
  double m;
  memcpy(&m, &bits, sizeof m);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    ++exponent;
  }
  // log m = 2 atanh(s), |s| <= 0.1716: the term after the last, z^11 / 23, is below 1e-18.
  const double s = (m - 1.0) / (m + 1.0), z = s * s;
  double series = 1.0 / 21;
  for (int k = 19; k >= 3; k -= 2) series = series * z + 1.0 / k;
  constexpr double kLn2Hi = 0x1.62e42fefap-1, kLn2Lo = 0x1.cf79abc9e3b39p-40;  // their sum is ln 2 to 88 bits
  return exponent * kLn2Hi + (2.0 * s + (2.0 * s * z * series + exponent * kLn2Lo));
}

// Sine and cosine of 2 pi u within 2e-16. u: 0 .. 1. The reduction to an eighth of a turn is exact.
DT_HD inline void noise_sincos(double u, double* sine, double* cosine) {
  const int quarter = static_cast<int>(u * 4.0 + 0.5);
  const double a = 6.283185307179586476925286766559 * (u - 0.25 * quarter), z = a * a;
  // Taylor: with |a| <= pi/4 the terms left out, a^19 / 19! and a^20 / 20!, are below 1e-19.
  double s = 1.0, c = 1.0;
  for (int k = 16; k >= 2; k -= 2) s = 1.0 - z * s / (k * (k + 1.0));
  for (int k = 17; k >= 1; k -= 2) c = 1.0 - z * c / (k * (k + 1.0));
  s *= a;
  const bool odd = (quarter & 1) != 0;
  const double swapped_s = odd ? c : s, swapped_c = odd ? s : c;
  *sine = (quarter & 2) != 0 ? -swapped_s : swapped_s;
  *cosine = ((quarter + 1) & 2) != 0 ? -swapped_c : swapped_c;
}

}  // namespace dt
