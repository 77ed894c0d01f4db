// Power spectrum of real frames in double precision.
#pragma once

#include <cstddef>

#include "common/allocator.h"

namespace dt {

// Radix-2 FFT of a real signal, done as a complex one of half the length. Any thread: it holds tables only.
class RealFft {
 public:
  // n: a power of two, 4 .. 2^20 (checked by the caller).
  explicit RealFft(size_t n);

  // power[b] = |DFT(x)[b]|^2.  x: [n].  work: [n], overwritten.  power: [n / 2 + 1].
  void power_spectrum(const double* x, double* work, double* power) const;

 private:
  void transform(double* re, double* im) const;

  size_t half_;
  Vector<double> cos_,
      sin_;                  // exp(-2 pi i k / size), k = 0 .. size / 2 - 1, at [size / 2 + k] for every size
  Vector<size_t> reversed_;  // bit-reversed index
};

}  // namespace dt
