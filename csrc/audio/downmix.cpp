#include "audio/downmix.h"

#include <algorithm>
#include <cmath>

namespace dt {
namespace {

// Below -400 dBFS a sample is silence: its products would be denormal and slow the processor down.
constexpr double kSmallest = 1e-20;
// Far above any recording, and its energy still fits a float.
constexpr double kLargest = 1e6;

constexpr double kLost = 0.01, kFound = 0.02;  // powers of the mean against the loudest channel
constexpr double kPowerSeconds = 0.05, kFadeSeconds = 0.01;
constexpr double kQuiet = 1e-12;  // power, -120 dBFS: nothing is decided in silence

float limited(double value) {
  const double inside = std::clamp(value, -kLargest, kLargest);
  return std::fabs(inside) < kSmallest ? 0.0f : static_cast<float>(inside);
}

}  // namespace

void Downmix::reset() { *this = Downmix(); }

void Downmix::mix(const float* samples, size_t n_frames, int n_channels, int sample_rate_hz, float* mono) {
  if (n_channels != n_channels_) {
    reset();
    n_channels_ = n_channels;
  }
  const double keep = std::exp(-1 / (kPowerSeconds * sample_rate_hz));
  const double step = 1 / (kFadeSeconds * sample_rate_hz);
  for (size_t i = 0; i < n_frames; ++i, samples += n_channels) {
    double sum = 0;
    for (int c = 0; c < n_channels; ++c) sum += samples[c];
    const double mean = sum / n_channels;
    if (n_channels > 1) follow(samples, mean, keep);
    mono[i] = limited(n_channels > 1 ? replaced(samples, mean, step) : mean);
  }
}

// Keeps the powers up to date.
void Downmix::follow(const float* frame, double mean, double keep) {
  const auto followed = [keep](double power, double sample) {
    const double inside = std::clamp(sample, -kLargest, kLargest);
    const double next = inside * inside + keep * (power - inside * inside);
    return next < kSmallest ? 0.0 : next;
  };
  mean_power_ = followed(mean_power_, mean);
  for (int c = 0; c < n_channels_; ++c) {
    double& power = powers_[static_cast<size_t>(c)];
    power = followed(power, frame[c]);
    if (power > 2 * powers_[static_cast<size_t>(loudest_)]) loudest_ = c;
  }
  const double loudest = powers_[static_cast<size_t>(loudest_)];
  if (loudest > kQuiet) is_lost_ = mean_power_ < (is_lost_ ? kFound : kLost) * loudest;
}

// The sample that leaves, on its way to the loudest channel or back to the mean.
double Downmix::replaced(const float* frame, double mean, double step) {
  share_ = is_lost_ ? std::min(1.0, share_ + step) : std::max(0.0, share_ - step);
  return share_ == 0 ? mean : mean + share_ * (frame[loudest_] - mean);
}

}  // namespace dt
