#include "audio/log_mel_table.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "common/error.h"

namespace dt {
namespace {

// HTK mel scale.
double to_mel(double hz) { return 2595.0 * std::log10(1.0 + hz / 700.0); }
double from_mel(double mel) { return 700.0 * (std::pow(10.0, mel / 2595.0) - 1.0); }

void require(bool ok, const std::string& what) {
  if (!ok)
    throw Error(DT_BAD_BUNDLE, "the bundle's audio section is not usable: " + what + "; export it again");
}

const MelSpec& checked(const MelSpec& s) {
  require(s.sample_rate_hz >= 1000 && s.sample_rate_hz <= 768000,
          "sample_rate_hz is " + std::to_string(s.sample_rate_hz) + ", expected 1000..768000");
  require(s.n_mels >= 1 && s.n_mels <= 4096, "n_mels is " + std::to_string(s.n_mels) + ", expected 1..4096");
  require(s.n_fft >= 4 && s.n_fft <= (1 << 20) && (s.n_fft & (s.n_fft - 1)) == 0,
          "n_fft is " + std::to_string(s.n_fft) + ", expected a power of two, 4..1048576");
  require(s.window_length >= 2 && s.window_length <= s.n_fft,
          "window_length is " + std::to_string(s.window_length) + ", expected 2..n_fft");
  require(s.hop_length >= 1 && s.hop_length <= s.window_length,
          "hop_length is " + std::to_string(s.hop_length) + ", expected 1..window_length");
  require(s.f_min_hz >= 0 && s.f_min_hz < s.f_max_hz && s.f_max_hz <= s.sample_rate_hz,
          "f_min_hz and f_max_hz are " + std::to_string(s.f_min_hz) + " and " + std::to_string(s.f_max_hz) +
              ", expected 0 <= f_min_hz < f_max_hz <= sample_rate_hz");
  require(s.log_floor > 0 && std::isfinite(s.log_floor), "log_floor must be greater than 0");
  return s;
}

}  // namespace

LogMelTable::LogMelTable(const MelSpec& spec) : spec_(checked(spec)), fft_(static_cast<size_t>(spec.n_fft)) {
  constexpr double kTwoPi = 6.283185307179586476925286766559;
  for (int i = 0; i < spec.window_length; ++i) {
    hann_.push_back(0.5 - 0.5 * std::cos(kTwoPi * i / spec.window_length));
  }
  build_filters();
}

void LogMelTable::build_filters() {
  Vector<double> edges;
  const double mel_min = to_mel(spec_.f_min_hz), mel_max = to_mel(spec_.f_max_hz);
  for (int i = 0; i < spec_.n_mels + 2; ++i) {
    edges.push_back(from_mel(mel_min + (mel_max - mel_min) * i / (spec_.n_mels + 1)));
  }
  for (size_t m = 0; m + 2 < edges.size(); ++m) {
    Filter filter{0, 0, filter_weights_.size()};
    for (int bin = 0; bin <= spec_.n_fft / 2; ++bin) {
      const double hz = static_cast<double>(bin) * spec_.sample_rate_hz / spec_.n_fft;
      const double weight = std::min((hz - edges[m]) / (edges[m + 1] - edges[m]),
                                     (edges[m + 2] - hz) / (edges[m + 2] - edges[m + 1]));
      if (!(weight > 0)) continue;
      if (filter.n_bins == 0) filter.first_bin = bin;
      ++filter.n_bins;
      filter_weights_.push_back(weight);
    }
    filters_.push_back(filter);
  }
}

void LogMelTable::row(const float* samples, double* scratch, float* row) const {
  const auto n_fft = static_cast<size_t>(spec_.n_fft);
  double *frame = scratch, *work = frame + n_fft, *power = work + n_fft;
  for (size_t i = 0; i < hann_.size(); ++i) frame[i] = samples[i] * hann_[i];
  std::fill(frame + hann_.size(), frame + n_fft, 0.0);
  fft_.power_spectrum(frame, work, power);
  for (const Filter& filter : filters_) {
    const double* weight = filter_weights_.data() + filter.first_weight;
    double energy = 0.0;
    for (int i = 0; i < filter.n_bins; ++i)
      energy += weight[i] * power[static_cast<size_t>(filter.first_bin + i)];
    *row++ = static_cast<float>(std::log(energy + spec_.log_floor));
  }
}

}  // namespace dt
