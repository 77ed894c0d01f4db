// Streaming sample-rate conversion of mono audio: band-limited, zero phase, exact in time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "audio/resampler_table.h"
#include "common/allocator.h"

namespace dt {

// Output sample j is the signal at input time j * rate_in / rate_out, exactly (integer arithmetic, no drift);
// the input is silence before its first and after its last sample. Flat to 0.91 of the lower Nyquist
// frequency, more than 100 dB down from that frequency on. The size of the pushes never matters, bit for bit.
// Equal rates copy. Memory does not depend on the length of the signal. One thread at a time.
class Resampler {
 public:
  // Rates in Hz, 1000..768000. Throws dt::Error(DT_INVALID_ARGUMENT) outside that range.
  Resampler(int rate_in_hz, int rate_out_hz);
  // With a table that other resamplers of these rates use too.
  explicit Resampler(std::shared_ptr<const ResamplerTable> table);

  // Appends to `out` every output sample whose input is complete.  in: n samples, finite; NULL only if n is
  // 0.
  // Does not allocate when `out` has room for them.
  void push(const float* in, size_t n, Vector<float>& out);

  // Ends the signal: appends the remaining samples, ceil(n_in * rate_out / rate_in) in all, and resets.
  void flush(Vector<float>& out);

  // Back to the state after construction.
  void reset();

  // Input samples after its own time that an output sample waits for; 0 for equal rates.
  int64_t latency_in_samples() const { return copies_ ? 0 : table_->half_length(); }
  // Memory without the table.
  int64_t bytes() const { return bytes_of(buffer_); }

 private:
  void emit(int64_t end_in, Vector<float>& out);
  void drop_used();

  std::shared_ptr<const ResamplerTable> table_;
  bool copies_;
  Vector<float> buffer_;  // input not yet done with; buffer_[0] is input sample base_
  int64_t base_ = 0;
  int64_t position_ = 0;  // floor of the next output's input time
  int64_t phase_ = 0;     // its fraction, in units of 1 / table_->n_phases()
};

// A table that several resamplers share. Rates and errors as for Resampler.
std::shared_ptr<const ResamplerTable> make_resampler_table(int rate_in_hz, int rate_out_hz);

}  // namespace dt
