#include "audio/resampler_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace dt {
namespace {

constexpr double kPi = 3.141592653589793238462643383280;

// The pass band ends at kPassBand of the lower Nyquist frequency, the stop band starts at 1; the cut-off (-6
// dB) is halfway. kStopBandDb leaves a few dB for float coefficients and the interpolated tables.
constexpr double kPassBand = 0.912;
constexpr double kStopBandDb = 108.0;
constexpr double kCutOff = 0.5 * (1.0 + kPassBand);
// Kaiser's design formulas: Oppenheim & Schafer, "Discrete-Time Signal Processing", section 7.5.3.
constexpr double kKaiserBeta = 0.1102 * (kStopBandDb - 8.7);

// Rows of the exact table when it is at most this large (44.1 -> 16 kHz needs 70 000 floats).
constexpr int64_t kMaxTableFloats = 1 << 18;
// Phases per sample of the lower rate when interpolating: the error of linear interpolation is at most
// (pi / 1024)^2 / 8, -118 dB.
constexpr int64_t kInterpolatedPhases = 1024;

// Modified Bessel function of order 0 by its power series, all of whose terms are positive; x <= kKaiserBeta.
double bessel_i0(double x) {
  // 1 / k!^2 in Horner form; 40 terms reach 1e-16 for x =
  // 12. Divisions would dominate the building of a table.
  constexpr int kTerms = 40;
  static const auto inverse_squares = [] {
    std::array<double, kTerms + 1> v{};
    for (int k = 1; k <= kTerms; ++k) v[static_cast<size_t>(k)] = 1.0 / (static_cast<double>(k) * k);
    return v;
  }();
  const double q = 0.25 * x * x;
  double sum = 1.0;
  for (size_t k = kTerms; k >= 1; --k) sum = 1.0 + q * inverse_squares[k] * sum;
  return sum;
}

constexpr size_t kLanes = 16;

// Sixteen partial sums in a fixed order: the compiler may vectorise without changing the result, and the
// result does not depend on the alignment of the pointers. n is a multiple of kLanes.
float dot(const float* a, const float* b, size_t n) {
  float sum[kLanes] = {};
  for (size_t i = 0; i < n; i += kLanes) {
    for (size_t j = 0; j < kLanes; ++j) sum[j] += a[i + j] * b[i + j];
  }
  for (size_t width = kLanes / 2; width > 0; width /= 2) {
    for (size_t j = 0; j < width; ++j) sum[j] += sum[j + width];
  }
  return sum[0];
}

}  // namespace

double resampler_half_width(double ratio) {
  const double transition = kPi * (1.0 - kPassBand);  // radians per sample of the lower rate
  return 0.5 * (kStopBandDb - 7.95) / (2.285 * transition) / ratio;
}

double resampler_impulse(double t, double ratio) {
  const double u = t / resampler_half_width(ratio);
  if (!(std::fabs(u) < 1.0)) return 0.0;
  static const double peak = bessel_i0(kKaiserBeta);
  const double window = bessel_i0(kKaiserBeta * std::sqrt(1.0 - u * u)) / peak;
  const double cut_off = kCutOff * ratio, x = kPi * cut_off * t;
  return cut_off * window * (std::fabs(x) < 1e-9 ? 1.0 : std::sin(x) / x);
}

ResamplerTable::ResamplerTable(int rate_in_hz, int rate_out_hz) {
  const int64_t divisor = std::gcd(rate_in_hz, rate_out_hz);
  n_phases_ = rate_out_hz / divisor;
  step_ = rate_in_hz / divisor;
  const double ratio = std::min(1.0, static_cast<double>(rate_out_hz) / rate_in_hz);
  const int64_t round_to = kLanes / 2;
  half_ = static_cast<int64_t>(std::ceil(resampler_half_width(ratio))) + 1;
  half_ = (half_ + round_to - 1) / round_to * round_to;
  interpolates_ = n_phases_ * 2 * half_ > kMaxTableFloats;
  n_rows_ = interpolates_ ? static_cast<int64_t>(std::ceil(kInterpolatedPhases * ratio)) : n_phases_;
  rows_.reserve(static_cast<size_t>((n_rows_ + 1) * 2 * half_));
  for (int64_t row = 0; row < n_rows_ + (interpolates_ ? 1 : 0); ++row) {
    const double fraction = static_cast<double>(row) / static_cast<double>(n_rows_);
    for (int64_t i = 0; i < 2 * half_; ++i) {
      rows_.push_back(
          static_cast<float>(resampler_impulse(static_cast<double>(i - half_ + 1) - fraction, ratio)));
    }
  }
}

float ResamplerTable::apply(const float* in, int64_t phase) const {
  const size_t length = static_cast<size_t>(2 * half_);
  if (!interpolates_) return dot(rows_.data() + static_cast<size_t>(phase) * length, in, length);
  const int64_t scaled = phase * n_rows_, row = scaled / n_phases_;
  const float fraction = static_cast<float>(scaled % n_phases_) / static_cast<float>(n_phases_);
  const float* low_row = rows_.data() + static_cast<size_t>(row) * length;
  const float low = dot(low_row, in, length), high = dot(low_row + length, in, length);
  return low + fraction * (high - low);
}

}  // namespace dt
