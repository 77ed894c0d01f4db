// Streaming log-mel spectrogram; the same numbers as python/diffusiontalker/spec/mel.py.
// docs/bundle-format.md, "Log-mel".
#pragma once

#include <cstddef>
#include <cstdint>

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

// Mel frame m is centred on sample m * hop_length; the audio is silence before its first and after its last
// sample. The size of the pushes never matters, bit for bit. Memory does not depend on the length of the
// signal. One thread at a time.
class LogMel {
 public:
  // Throws dt::Error(DT_BAD_BUNDLE) when the numbers of `spec` are out of range.
  explicit LogMel(const MelSpec& spec);

  // Appends to `mel` the rows (n_mels floats each) that are complete.  samples: n mono samples at
  // sample_rate_hz, -1..1, finite; NULL only if n is 0.
  void push(const float* samples, size_t n, Vector<float>& mel);

  // Ends the signal: appends the remaining rows, ceil(n / hop_length) in all, and resets.
  void flush(Vector<float>& mel);

  // Back to the state after construction.
  void reset();

  int n_mels() const { return spec_.n_mels; }
  int64_t bytes() const;

 private:
  // The bins of one triangular filter: filter_weights_[first_weight ..] belong to bins first_bin ...
  struct Filter {
    int first_bin;
    int n_bins;
    size_t first_weight;
  };

  void build_filters();
  void emit_ready(Vector<float>& mel);
  void append_row(const float* samples, Vector<float>& mel);

  MelSpec spec_;
  RealFft fft_;
  Vector<double> hann_;
  Vector<Filter> filters_;
  Vector<double> filter_weights_;
  Vector<double> frame_, power_;  // [n_fft], [n_fft / 2 + 1]
  Vector<float> buffer_;          // audio from the start of the next window on
  size_t begin_ = 0;              // where in buffer_ that window starts
  int64_t n_samples_ = 0;
  int64_t n_rows_ = 0;
};

}  // namespace dt
