// The work of one window: gather, sample, post-process.
#include <algorithm>

#include "common/clock.h"
#include "runtime/stream.h"

namespace dt {

// Audio and past frames of window k, in buffers that stay as they are until the window is committed or
// prepared again: when the networks fail, it can be tried again.
Window Stream::prepare_window() {
  apply_restart();
  const Manifest& m = model_->manifest();
  const Profile& p = settings_.profile;
  const int64_t start = window_index_ * p.hop_frames;  // first new frame, within the segment
  {
    ScopedTimer timer(&stats_.front_end_ns);
    front_end_.advance(&input_, m.mel_frames(start + p.new_frames()));
  }
  Window window;
  window.mel = front_end_.window();
  window.condition = style_.condition(*model_, base_frame_ + start, p.hop_frames);
  window.seed = settings_.seed;
  window.first_frame = base_frame_ + start;
  window.past = past_.data();
  window.weights = weights_.data();
  return window;
}

void Stream::run_window(float* device_weights) {
  Window window = prepare_window();
  window.device_weights = device_weights;
  const SessionShape shape = Model::shape(settings_.profile, 1);
  model_->sessions().run(shape, {1, shape.window, &window}, &stats_.networks);
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
  ++window_index_;
  ++stats_.n_hops;
  front_end_.move_to(m.mel_frames(window_index_ * p.hop_frames - p.past_frames));
}

// Puts the first n_frames of the window among those that wait to be pulled.
void Stream::emit_window(size_t n_frames) {
  const AudioSpec& audio = model_->manifest().audio;
  const auto ring_frames = static_cast<int64_t>(out_.size() / n_channels_);
  const int64_t ahead = std::min(post_.gate_ahead_frames(), settings_.profile.lookahead_frames);
  const int64_t rows = audio.mel_frames_per_group, frames = audio.anim_frames_per_group;
  for (size_t i = 0; i < n_frames; ++i, ++out_end_) {
    double power = 0;
    if (post_.needs_power()) {
      power = front_end_.power(out_end_ * rows / frames, (out_end_ + 1 + ahead) * rows / frames);
    }
    float* const frame = out_.data() + static_cast<size_t>(out_end_ % ring_frames) * n_channels_;
    post_.frame(weights_.data() + i * n_channels_, power, ease(out_end_), frame);
    head_.apply(frame);
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
