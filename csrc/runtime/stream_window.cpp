// The work of one window: gather, sample, post-process.
#include <algorithm>

#include "common/clock.h"
#include "kernels/noise.h"
#include "runtime/stream.h"

namespace dt {

void Stream::run_window() {
  const Manifest& m = model_->manifest();
  const Profile& p = settings_.profile;
  const auto n_channels = static_cast<size_t>(m.motion.n_channels());
  const int64_t start = window_index_ * p.hop_frames;  // absolute index of the first new frame

  front_end_.mel().copy(m.mel_frames(start - p.past_frames), mel_.size() / front_end_.mel().n_mels(),
                        mel_.data());
  std::copy(past_.begin(), past_.end(), x_t_.begin());
  {
    ScopedTimer timer(&stats_.noise_ns);
    fill_window_noise(start);
  }
  WindowBatch windows;
  windows.batch = 1;
  windows.window = static_cast<size_t>(p.window_frames());
  windows.past = static_cast<size_t>(p.past_frames);
  windows.mel = mel_.data();
  windows.style = settings_.style.data();
  windows.x_t = x_t_.data();
  session_->run(windows, &stats_.networks);

  // Nothing was changed up to here: when run() throws, the window can be tried again.
  ScopedTimer timer(&stats_.post_ns);
  const int64_t left = flushed_ ? total_frames_ - start : p.hop_frames;
  emit_window(static_cast<size_t>(std::min<int64_t>(p.hop_frames, left)));
  // The window that follows starts one hop later, so its past is this window shifted by one hop.
  std::copy_n(x_t_.data() + static_cast<size_t>(p.hop_frames) * n_channels, past_.size(), past_.data());
  ++window_index_;
  ++stats_.n_hops;
  front_end_.mel().drop_before(m.mel_frames(window_index_ * p.hop_frames - p.past_frames));
}

// Noise of the new frames.
void Stream::fill_window_noise(int64_t first_frame) {
  const MotionSpec& motion = model_->manifest().motion;
  const auto n_frames = static_cast<size_t>(settings_.profile.new_frames());
  const auto n_channels = static_cast<size_t>(motion.n_channels());
  float* noise = x_t_.data() + past_.size();
  fill_noise(settings_.seed, first_frame, n_frames, motion.n_channels(), noise);
  for (size_t i = 0; i < n_frames * n_channels; ++i) noise[i] *= motion.noise_scale[i % n_channels];
}

// Turns the first n_frames new frames of x_t_ into weights.
void Stream::emit_window(size_t n_frames) {
  const MotionSpec& motion = model_->manifest().motion;
  const auto n_channels = static_cast<size_t>(motion.n_channels());
  const float* z = x_t_.data() + past_.size();
  for (size_t i = 0; i < n_frames; ++i) {
    const float keep = ease(window_index_ * settings_.profile.hop_frames + static_cast<int64_t>(i));
    for (size_t c = 0; c < n_channels; ++c) {
      const float w =
          std::clamp(z[i * n_channels + c] * motion.std[c] + motion.mean[c], motion.min[c], motion.max[c]);
      out_[i * n_channels + c] = keep == 1.0f ? w : motion.rest[c] + (w - motion.rest[c]) * keep;
    }
  }
  out_begin_ = 0;
  out_end_ = n_frames;
}

// Share of the generated pose in a frame: 1 until the ease-out, then 1 - s(u) with s(u) = u^2 (3 - 2u), 0 at
// the end.
float Stream::ease(int64_t frame) const {
  const int64_t n_ease = std::min<int64_t>(settings_.ease_out_frames, total_frames_);
  const int64_t index = frame - (total_frames_ - n_ease);
  if (!flushed_ || index < 0) return 1.0f;
  const double u = static_cast<double>(index + 1) / static_cast<double>(n_ease);
  return static_cast<float>(1.0 - u * u * (3.0 - 2.0 * u));
}

}  // namespace dt
