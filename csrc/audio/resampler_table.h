// The filter of the resampler: a Kaiser-windowed sinc, sampled at the phases that a pair of rates needs.
#pragma once

#include <cstdint>

#include "common/allocator.h"

namespace dt {

// Impulse response at time t (in input samples) for a conversion whose lower rate is `ratio` <= 1 times the
// input rate. Zero beyond resampler_half_width(ratio).
double resampler_impulse(double t, double ratio);

// Half the length of the impulse response, in input samples.
double resampler_half_width(double ratio);

// Coefficient rows for every phase, or, when that would be too many (22051 -> 16000 Hz has 16000 phases), for
// a fixed number of phases with linear interpolation between neighbours. At most about 1 MiB.
class ResamplerTable {
 public:
  ResamplerTable(int rate_in_hz, int rate_out_hz);

  bool copies() const { return n_phases_ == 1 && step_ == 1; }
  int64_t bytes() const { return bytes_of(rows_); }
  // Input samples on each side of the output's position; rows are 2 * half_length() long.
  int64_t half_length() const { return half_; }
  // The input time of output j is j * step_whole() + j * step_phase() / n_phases().
  int64_t n_phases() const { return n_phases_; }
  int64_t step_whole() const { return step_ / n_phases_; }
  int64_t step_phase() const { return step_ % n_phases_; }

  // One output sample.  in: the 2 * half_length() input samples from (position - half_length() + 1) on.
  // phase: 0 .. n_phases() - 1.
  float apply(const float* in, int64_t phase) const;

 private:
  int64_t n_phases_;  // rate_out / gcd
  int64_t step_;      // rate_in / gcd
  int64_t half_;
  int64_t n_rows_;  // phases in the table; n_phases_, or fewer when interpolating
  bool interpolates_;
  Vector<float> rows_;  // [n_rows_ (+ 1 when interpolating), 2 * half_]
};

}  // namespace dt
