// Power spectrum of real frames in double precision.
#pragma once

#include <cstddef>

#include "common/allocator.h"

namespace dt {

// Radix-2 FFT of a real signal, done as a complex one of half the length. One thread at a time.
class RealFft {
 public:
  // n: a power of two, 4 .. 2^20 (checked by the caller).
  explicit RealFft(size_t n);

  // power[b] = |DFT(x)[b]|^2.  x: [n].  power: [n / 2 + 1].
  void power_spectrum(const double* x, double* power);
  int64_t bytes() const { return 2 * bytes_of(re_) + 2 * bytes_of(cos_) + bytes_of(reversed_); }

 private:
  void transform();

  size_t half_;
  // Real and imaginary parts apart, so that the inner loops vectorise.
  Vector<double> re_, im_;  // [n / 2]
  Vector<double> cos_,
      sin_;                  // exp(-2 pi i k / size), k = 0 .. size / 2 - 1, at [size / 2 + k] for every size
  Vector<size_t> reversed_;  // bit-reversed index
};

}  // namespace dt
