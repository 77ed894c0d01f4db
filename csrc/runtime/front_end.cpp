#include "runtime/front_end.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "common/error.h"

namespace dt {
namespace {

// Work goes in blocks of so many input samples, so that scratch memory does not grow with the push.
constexpr size_t kBlock = 4096;

// Below -400 dBFS a sample is silence: its products would be denormal and slow the processor down.
constexpr double kSmallest = 1e-20;
// Far above any recording, and its energy still fits a float.
constexpr double kLargest = 1e6;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// ceil(n * num / den) without overflow of n * num for any n below 2^62 / den.
int64_t scale_up(int64_t n, int64_t num, int64_t den) { return n / den * num + ceil_div(n % den * num, den); }

void mix_to_mono(const float* samples, size_t n_frames, int n_channels, float* mono) {
  for (size_t i = 0; i < n_frames; ++i, samples += n_channels) {
    double sum = 0;
    for (int c = 0; c < n_channels; ++c) sum += samples[c];
    const double mean = std::clamp(sum / n_channels, -kLargest, kLargest);
    mono[i] = std::fabs(mean) < kSmallest ? 0.0f : static_cast<float>(mean);
  }
}

}  // namespace

FrontEnd::FrontEnd(const MelSpec& spec, std::vector<float> silence)
    : log_mel_(spec),
      mel_rate_hz_(spec.sample_rate_hz),
      hop_length_(spec.hop_length),
      window_length_(spec.window_length),
      mel_(std::move(silence)),
      mono_(kBlock) {}

void FrontEnd::check_format(int n_channels, int sample_rate_hz) const {
  if (!(n_channels >= 1 && n_channels <= 64)) {
    throw Error(DT_INVALID_ARGUMENT,
                "the audio has " + std::to_string(n_channels) + " channels, expected 1 to 64");
  }
  if (!(sample_rate_hz >= 1000 && sample_rate_hz <= 768000)) {
    throw Error(DT_INVALID_ARGUMENT,
                "the sample rate is " + std::to_string(sample_rate_hz) + " Hz, expected 1000 to 768000");
  }
  if (rate_hz_ != 0 && sample_rate_hz != rate_hz_) {
    throw Error(DT_INVALID_ARGUMENT, "the sample rate is " + std::to_string(sample_rate_hz) +
                                         " Hz, the stream began with " + std::to_string(rate_hz_) +
                                         ": reset it or create another stream");
  }
}

void FrontEnd::check_finite(const float* samples, size_t n_frames, int n_channels) {
  const size_t n = n_frames * static_cast<size_t>(n_channels);
  for (size_t i = 0; i < n; ++i) {
    if (!std::isfinite(samples[i])) {
      throw Error(DT_INVALID_ARGUMENT, "audio sample " + std::to_string(i / static_cast<size_t>(n_channels)) +
                                           " is not finite: NaN and infinite samples cannot be animated");
    }
  }
}

int64_t FrontEnd::max_rows_after(size_t n_frames, int sample_rate_hz) const {
  const int64_t n_in = n_samples_ + static_cast<int64_t>(n_frames);
  return ceil_div(scale_up(n_in, mel_rate_hz_, sample_rate_hz), hop_length_);
}

int64_t FrontEnd::duration_frames(int fps_num, int fps_den) const {
  if (rate_hz_ == 0) return 0;
  return scale_up(n_samples_, fps_num, int64_t{rate_hz_} * fps_den);
}

void FrontEnd::push(const float* samples, size_t n_frames, int n_channels, int sample_rate_hz) {
  if (n_frames == 0) return;
  if (rate_hz_ == 0) {
    if (resampler_rate_hz_ != sample_rate_hz) resampler_.emplace(sample_rate_hz, mel_rate_hz_);
    rate_hz_ = resampler_rate_hz_ = sample_rate_hz;
  }
  for (size_t done = 0; done < n_frames;) {
    const size_t n = std::min(kBlock, n_frames - done);
    mix_to_mono(samples + done * static_cast<size_t>(n_channels), n, n_channels, mono_.data());
    resampled_.clear();
    resampler_->push(mono_.data(), n, resampled_);
    append_mono(resampled_.data(), resampled_.size());
    done += n;
  }
  n_samples_ += static_cast<int64_t>(n_frames);
}

void FrontEnd::append_mono(const float* mono, size_t n) {
  rows_.clear();
  log_mel_.push(mono, n, rows_);
  mel_.append(rows_.data(), rows_.size() / mel_.n_mels());
}

void FrontEnd::finish() {
  if (rate_hz_ == 0) return;
  resampled_.clear();
  resampler_->flush(resampled_);
  // One window of zeros completes the last rows that audio reaches into. LogMel::flush would stop at the last
  // row that is centred on audio and leave out the tail of it.
  resampled_.resize(resampled_.size() + static_cast<size_t>(window_length_), 0.0f);
  append_mono(resampled_.data(), resampled_.size());
}

void FrontEnd::reset() {
  log_mel_.reset();
  if (resampler_) resampler_->reset();
  rate_hz_ = 0;
  n_samples_ = 0;
  mel_.clear();
}

}  // namespace dt
