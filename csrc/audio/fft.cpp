#include "audio/fft.h"

#include <cmath>

namespace dt {

RealFft::RealFft(size_t n) : half_(n / 2), cos_(n), sin_(n), reversed_(half_) {
  constexpr double kTwoPi = 6.283185307179586476925286766559;
  for (size_t size = 2; size <= n; size *= 2) {
    for (size_t k = 0; k < size / 2; ++k) {
      const double angle = -kTwoPi * static_cast<double>(k) / static_cast<double>(size);
      cos_[size / 2 + k] = std::cos(angle);
      sin_[size / 2 + k] = std::sin(angle);
    }
  }
  for (size_t i = 0, r = 0; i < half_; ++i) {
    reversed_[i] = r;
    size_t bit = half_ / 2;
    for (; bit > 0 && (r & bit); bit /= 2) r ^= bit;
    r |= bit;
  }
}

// Decimation in time on bit-reversed input; Cormen et al., "Introduction to Algorithms", iterative FFT.
void RealFft::transform(double* re, double* im) const {
  for (size_t m = 1; m < half_; m *= 2) {
    const double *wr = &cos_[m], *wi = &sin_[m];
    for (size_t start = 0; start < half_; start += 2 * m) {
      double *ar = re + start, *ai = im + start, *br = ar + m, *bi = ai + m;
      for (size_t k = 0; k < m; ++k) {
        const double pr = br[k] * wr[k] - bi[k] * wi[k], pi = br[k] * wi[k] + bi[k] * wr[k];
        br[k] = ar[k] - pr;
        bi[k] = ai[k] - pi;
        ar[k] += pr;
        ai[k] += pi;
      }
    }
  }
}

void RealFft::power_spectrum(const double* x, double* work, double* power) const {
  // Real and imaginary parts apart, so that the inner loops vectorise.
  double *re = work, *im = work + half_;
  for (size_t i = 0; i < half_; ++i) {
    re[reversed_[i]] = x[2 * i];
    im[reversed_[i]] = x[2 * i + 1];
  }
  transform(re, im);
  // With z[i] = x[2i] + j x[2i+1], Z = DFT(z): the even part E = (Z[k] + conj Z[h-k]) / 2, the odd part
  // O = (Z[k] - conj Z[h-k]) / 2j, and X[k] = E + exp(-2 pi j k / n) O.
  const double dc = re[0] + im[0], nyquist = re[0] - im[0];
  power[0] = dc * dc;
  power[half_] = nyquist * nyquist;
  const double *wr = &cos_[half_], *wi = &sin_[half_];
  for (size_t k = 1; k < half_; ++k) {
    const double zr = re[k], zi = im[k], mr = re[half_ - k], mi = -im[half_ - k];
    const double even_re = 0.5 * (zr + mr), even_im = 0.5 * (zi + mi);
    const double odd_re = 0.5 * (zi - mi), odd_im = -0.5 * (zr - mr);
    const double x_re = even_re + odd_re * wr[k] - odd_im * wi[k];
    const double x_im = even_im + odd_re * wi[k] + odd_im * wr[k];
    power[k] = x_re * x_re + x_im * x_im;
  }
}

}  // namespace dt
