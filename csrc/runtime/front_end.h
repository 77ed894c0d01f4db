// Audio in any rate and channel count to log-mel rows; the size of the pushes never matters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "audio/log_mel.h"
#include "audio/resampler.h"
#include "runtime/mel_ring.h"

namespace dt {

class FrontEnd {
 public:
  FrontEnd(const MelSpec& spec, std::vector<float> silence);

  // Throws DT_INVALID_ARGUMENT: channel count or rate out of range, another rate than before. Changes
  // nothing.
  void check_format(int n_channels, int sample_rate_hz) const;
  // Throws DT_INVALID_ARGUMENT that names the first sample that is NaN or infinite.
  static void check_finite(const float* samples, size_t n_frames, int n_channels);
  // Log-mel rows there can be at most after n_frames more samples at this rate.
  int64_t max_rows_after(size_t n_frames, int sample_rate_hz) const;

  // Appends checked audio to mel(). The first push fixes the rate.
  void push(const float* samples, size_t n_frames, int n_channels, int sample_rate_hz);
  // Ends the audio: completes every row that audio reaches into; later rows of mel() read as silence.
  void finish();
  void reset();

  MelRing& mel() { return mel_; }
  const MelRing& mel() const { return mel_; }
  // Animation frames that the audio so far lasts: ceil(n_samples * fps_num / (rate * fps_den)).
  int64_t duration_frames(int fps_num, int fps_den) const;

 private:
  void append_mono(const float* mono, size_t n);

  LogMel log_mel_;
  std::optional<Resampler> resampler_;
  int resampler_rate_hz_ = 0;  // outlives reset(), so that the next clip of the same rate needs no new table
  int rate_hz_ = 0;            // of the input; 0 until the first push
  int mel_rate_hz_;
  int hop_length_, window_length_;
  int64_t n_samples_ = 0;  // of the input
  MelRing mel_;
  std::vector<float> mono_, resampled_, rows_;  // scratch of one block
};

}  // namespace dt
