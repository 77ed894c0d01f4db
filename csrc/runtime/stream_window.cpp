// The work of one window: gather, sample, post-process.
#include <algorithm>

#include "common/clock.h"
#include "kernels/noise.h"
#include "runtime/stream.h"

namespace dt {

// Audio, past frames and noise of window k, into buffers that stay as they are until the window is committed
// or prepared again: when the networks fail, it can be tried again.
void Stream::prepare_window() {
  apply_restart();
  const Manifest& m = model_->manifest();
  const Profile& p = settings_.profile;
  const int64_t start = window_index_ * p.hop_frames;  // first new frame, within the segment
  {
    ScopedTimer timer(&stats_.front_end_ns);
    front_end_.advance(&input_, m.mel_frames(start + p.new_frames()));
  }
  ScopedTimer timer(&stats_.noise_ns);
  std::copy(past_.begin(), past_.end(), x_t_.begin());
  fill_window_noise(base_frame_ + start);
}

void Stream::run_window() {
  prepare_window();
  const float* mel = front_end_.window();
  const float* condition = style_.condition(
      *model_, base_frame_ + window_index_ * settings_.profile.hop_frames, settings_.profile.hop_frames);
  float* x_t = x_t_.data();
  WindowBatch windows;
  windows.batch = 1;
  windows.window = static_cast<size_t>(settings_.profile.window_frames());
  windows.past = static_cast<size_t>(settings_.profile.past_frames);
  windows.mel = &mel;
  windows.condition = &condition;
  windows.x_t = &x_t;
  model_->sessions().run(Model::shape(settings_.profile, 1), windows, &stats_.networks);
  failure_.clear();
  commit_window();
}

// Takes over the finished window.
void Stream::commit_window() {
  ScopedTimer timer(&stats_.post_ns);
  const Manifest& m = model_->manifest();
  const Profile& p = settings_.profile;
  const int64_t total = input_.total_frames(), start = window_index_ * p.hop_frames;
  const int64_t left = total >= 0 ? total - start : p.hop_frames;
  emit_window(static_cast<size_t>(std::clamp<int64_t>(left, 0, p.hop_frames)));
  // The window that follows starts one hop later, so its past is this window shifted by one hop.
  std::copy_n(x_t_.data() + static_cast<size_t>(p.hop_frames) * n_channels_, past_.size(), past_.data());
  ++window_index_;
  ++stats_.n_hops;
  front_end_.move_to(m.mel_frames(window_index_ * p.hop_frames - p.past_frames));
}

// Noise of the new frames.
void Stream::fill_window_noise(int64_t first_frame) {
  const MotionSpec& motion = model_->manifest().motion;
  const auto n_frames = static_cast<size_t>(settings_.profile.new_frames());
  float* noise = x_t_.data() + past_.size();
  fill_noise(settings_.seed, first_frame, n_frames, motion.n_channels(), noise);
  for (size_t i = 0; i < n_frames * n_channels_; ++i) noise[i] *= motion.noise_scale[i % n_channels_];
}

// Turns the first n_frames new frames of x_t_ into weights that wait to be pulled.
void Stream::emit_window(size_t n_frames) {
  const AudioSpec& audio = model_->manifest().audio;
  const auto ring_frames = static_cast<int64_t>(out_.size() / n_channels_);
  const float* z = x_t_.data() + past_.size();
  const int64_t ahead = std::min(post_.gate_ahead_frames(), settings_.profile.lookahead_frames);
  const int64_t rows = audio.mel_frames_per_group, frames = audio.anim_frames_per_group;
  for (size_t i = 0; i < n_frames; ++i, ++out_end_) {
    double power = 0;
    if (post_.needs_power()) {
      power = front_end_.power(out_end_ * rows / frames, (out_end_ + 1 + ahead) * rows / frames);
    }
    post_.frame(z + i * n_channels_, power, ease(out_end_),
                out_.data() + static_cast<size_t>(out_end_ % ring_frames) * n_channels_);
  }
}

// Share of the generated pose in a frame of the segment: 1 until the ease-out, then 1 - s(u) with
// s(u) = u^2 (3 - 2u), 0 at the end.
float Stream::ease(int64_t segment_frame) const {
  const int64_t total = input_.total_frames();
  const int64_t n_ease = std::min<int64_t>(settings_.ease_out_frames, total);
  const int64_t index = segment_frame - (total - n_ease);
  if (total < 0 || index < 0) return 1.0f;
  return static_cast<float>(1.0 - smooth_step(static_cast<double>(index + 1) / static_cast<double>(n_ease)));
}

}  // namespace dt
