#include "audio/log_mel.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "common/error.h"

namespace dt {
namespace {

// Used audio is dropped, and long pushes are worked through, in blocks of about this many samples.
constexpr size_t kBlock = 1024;

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

LogMel::LogMel(const MelSpec& spec)
    : spec_(checked(spec)),
      fft_(static_cast<size_t>(spec.n_fft)),
      frame_(static_cast<size_t>(spec.n_fft), 0.0),
      power_(static_cast<size_t>(spec.n_fft) / 2 + 1) {
  constexpr double kTwoPi = 6.283185307179586476925286766559;
  for (int i = 0; i < spec.window_length; ++i) {
    hann_.push_back(0.5 - 0.5 * std::cos(kTwoPi * i / spec.window_length));
  }
  build_filters();
  // A block may wait to be dropped while another one comes in, so that pushes never allocate.
  buffer_.reserve(2 * kBlock + 2 * static_cast<size_t>(spec.window_length));
  reset();
}

int64_t LogMel::bytes() const {
  return fft_.bytes() + bytes_of(hann_) + bytes_of(filters_) + bytes_of(filter_weights_) + bytes_of(frame_) +
         bytes_of(power_) + bytes_of(buffer_);
}

void LogMel::build_filters() {
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

void LogMel::reset() {
  buffer_.assign(static_cast<size_t>(spec_.window_length / 2), 0.0f);  // the first window starts in silence
  begin_ = 0;
  n_samples_ = 0;
  n_rows_ = 0;
}

void LogMel::push(const float* samples, size_t n, Vector<float>& mel) {
  for (size_t done = 0; done < n;) {
    const size_t block = std::min(n - done, kBlock);
    buffer_.insert(buffer_.end(), samples + done, samples + done + block);
    done += block;
    n_samples_ += static_cast<int64_t>(block);
    emit_ready(mel);
  }
}

void LogMel::flush(Vector<float>& mel) {
  // Just enough silence for the last row whose centre lies inside the signal, and not for the one after it.
  const int64_t n_rows = (n_samples_ + spec_.hop_length - 1) / spec_.hop_length;
  if (n_rows > n_rows_) {
    const size_t needed =
        begin_ + static_cast<size_t>((n_rows - 1 - n_rows_) * spec_.hop_length + spec_.window_length);
    buffer_.resize(needed, 0.0f);
    emit_ready(mel);
  }
  reset();
}

void LogMel::emit_ready(Vector<float>& mel) {
  while (begin_ + static_cast<size_t>(spec_.window_length) <= buffer_.size()) {
    append_row(buffer_.data() + begin_, mel);
    begin_ += static_cast<size_t>(spec_.hop_length);
    ++n_rows_;
  }
  if (begin_ < kBlock) return;
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
  begin_ = 0;
}

void LogMel::append_row(const float* samples, Vector<float>& mel) {
  for (size_t i = 0; i < hann_.size(); ++i) frame_[i] = samples[i] * hann_[i];
  fft_.power_spectrum(frame_.data(), power_.data());
  for (const Filter& filter : filters_) {
    const double* weight = filter_weights_.data() + filter.first_weight;
    double energy = 0.0;
    for (int i = 0; i < filter.n_bins; ++i)
      energy += weight[i] * power_[static_cast<size_t>(filter.first_bin + i)];
    mel.push_back(static_cast<float>(std::log(energy + spec_.log_floor)));
  }
}

}  // namespace dt
