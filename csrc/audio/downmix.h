// Several channels as one, for every path that takes audio from outside.
#pragma once

#include <array>
#include <cstddef>

namespace dt {

// The mean of the channels. Where the mean is over 20 dB below the loudest channel, as with a channel whose
// phase is inverted, the loudest channel takes its place within 10 ms; it goes back at 17 dB. Powers are
// means over about 50 ms. What comes out does not depend on how the audio is cut into calls.
// Allocates nothing.
class Downmix {
 public:
  // Begins anew: the audio so far has no influence.
  void reset();
  // samples: interleaved, [n_frames, n_channels], finite. n_channels: 1..64; another number than before
  // resets. mono: [n_frames], clamped to +-1e6, 0 below -400 dBFS.
  void mix(const float* samples, size_t n_frames, int n_channels, int sample_rate_hz, float* mono);

 private:
  void follow(const float* frame, double mean, double keep);
  double replaced(const float* frame, double mean, double step);

  int n_channels_ = 0;
  int loudest_ = 0;                  // kept until another one has twice its power
  bool is_lost_ = false;             // the mean is over 20 dB below the loudest channel
  double share_ = 0;                 // 0..1, of the loudest channel in the output
  double mean_power_ = 0;            // of the mean
  std::array<double, 64> powers_{};  // of the channels
};

}  // namespace dt
