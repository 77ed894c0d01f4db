// Streaming log-mel spectrogram; the same numbers as python/diffusiontalker/spec/mel.py.
// docs/bundle-format.md, "Log-mel".
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "audio/log_mel_table.h"
#include "common/allocator.h"

namespace dt {

// Mel frame m is centred on sample m * hop_length; the audio is silence before its first and after its last
// sample. The size of the pushes never matters, bit for bit. Memory does not depend on the length of the
// signal. One thread at a time.
class LogMel {
 public:
  explicit LogMel(std::shared_ptr<const LogMelTable> table);
  // With a table of its own. Throws dt::Error(DT_BAD_BUNDLE) when the numbers of `spec` are out of range.
  explicit LogMel(const MelSpec& spec) : LogMel(make_hooked<LogMelTable>(spec)) {}

  // Appends to `mel` the rows (n_mels floats each) that are complete.  samples: n mono samples at
  // sample_rate_hz, -1..1, finite; NULL only if n is 0.
  void push(const float* samples, size_t n, Vector<float>& mel);

  // Ends the signal: appends the remaining rows, ceil(n / hop_length) in all, and resets.
  void flush(Vector<float>& mel);

  // Back to the state after construction.
  void reset();

  int n_mels() const { return table_->spec().n_mels; }
  // Memory without the table.
  int64_t bytes() const { return bytes_of(scratch_) + bytes_of(buffer_); }

 private:
  void emit_ready(Vector<float>& mel);

  std::shared_ptr<const LogMelTable> table_;
  Vector<double> scratch_;
  Vector<float> buffer_;  // audio from the start of the next window on
  size_t begin_ = 0;      // where in buffer_ that window starts
  int64_t n_samples_ = 0;
  int64_t n_rows_ = 0;
};

}  // namespace dt
