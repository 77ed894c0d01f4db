// What all log-mel front ends of a model share: window, FFT tables and triangular filters.
// docs/bundle-format.md, "Log-mel".
#pragma once

#include <cstddef>

#include "audio/fft.h"
#include "common/allocator.h"

namespace dt {

// Lengths in samples, frequencies in Hz.
struct MelSpec {
  int sample_rate_hz;
  int n_mels;
  int window_length;
  int hop_length;
  int n_fft;  // a power of two, at least window_length
  double f_min_hz;
  double f_max_hz;
  double log_floor;
};

// Immutable; any thread.
class LogMelTable {
 public:
  // Throws dt::Error(DT_BAD_BUNDLE) when the numbers of `spec` are out of range.
  explicit LogMelTable(const MelSpec& spec);

  const MelSpec& spec() const { return spec_; }
  // Writes the row of one window.  samples: [window_length].
  // scratch: [scratch_size()], overwritten.  row: [n_mels].
  void row(const float* samples, double* scratch, float* row) const;
  size_t scratch_size() const {
    return 2 * static_cast<size_t>(spec_.n_fft) + static_cast<size_t>(spec_.n_fft) / 2 + 1;
  }

 private:
  // The bins of one triangular filter: filter_weights_[first_weight ..] belong to bins first_bin ...
  struct Filter {
    int first_bin;
    int n_bins;
    size_t first_weight;
  };

  void build_filters();

  MelSpec spec_;
  RealFft fft_;
  Vector<double> hann_;
  Vector<Filter> filters_;
  Vector<double> filter_weights_;
};

}  // namespace dt
