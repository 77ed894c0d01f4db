#include "runtime/stream.h"

#include <algorithm>
#include <string>
#include <utility>

#include "audio/mix.h"
#include "common/clock.h"
#include "common/error.h"

namespace dt {
namespace {

int64_t samples_of_frames(const Manifest& m, int64_t anim_frames) {
  return m.mel_frames(anim_frames) * m.audio.hop_length;
}

int64_t offset_samples(const Model& model, const StreamSettings& s) {
  return int64_t{s.offset_ms} * model.manifest().audio.sample_rate_hz / 1000;
}

// What may wait to be taken, and what stays behind then because it completes no row yet. Audio of a window
// that cannot run yet lies in the front end, as log-mel: half the memory.
size_t ring_capacity(const Model& model, const StreamSettings& s) {
  const AudioSpec& a = model.manifest().audio;
  return static_cast<size_t>(a.window_length + int64_t{s.max_buffered_ms} * a.sample_rate_hz / 1000);
}

// Frames of lookahead that a positive offset uses up; the ease-out must not reach into them.
int lead_frames(const Model& model, const StreamSettings& s) {
  const MotionSpec& motion = model.manifest().motion;
  const int64_t offset = std::max<int64_t>(0, offset_samples(model, s));
  return static_cast<int>(
      scale_up(offset, motion.fps_num, int64_t{model.manifest().audio.sample_rate_hz} * motion.fps_den));
}

}  // namespace

Stream::Stream(std::shared_ptr<const Model> model, StreamSettings settings)
    : model_(std::move(model)),
      settings_(std::move(settings)),
      n_channels_(static_cast<size_t>(model_->manifest().motion.n_channels())),
      n_weights_(static_cast<size_t>(model_->manifest().motion.n_weights())),
      input_(
          ring_capacity(*model_, settings_), settings_.max_buffered_ms,
          model_->manifest().audio.sample_rate_hz, model_->manifest().motion.fps_num,
          model_->manifest().motion.fps_den,
          [m = model_.get()](int rate_hz) { return m->resampler_table(rate_hz); }, settings_.sample_rate_hz),
      front_end_(model_->mel_table(), model_->silence(),
                 static_cast<size_t>(model_->manifest().mel_frames(settings_.profile.window_frames())),
                 offset_samples(*model_, settings_),
                 samples_of_frames(model_->manifest(), settings_.profile.lookahead_frames)),
      post_(model_->manifest().motion, settings_.post),
      head_(model_->manifest().motion, settings_.head_amount),
      style_(*model_, settings_.style) {
  const Profile& p = settings_.profile;
  past_.resize(static_cast<size_t>(p.past_frames) * n_channels_);
  weights_.resize(static_cast<size_t>(p.hop_frames) * n_channels_);
  out_.resize(2 * static_cast<size_t>(p.hop_frames) * n_channels_);
  last_pose_.resize(n_channels_);
  ease_from_.resize(n_channels_);
  settings_.ease_out_frames =
      std::clamp(p.lookahead_frames - lead_frames(*model_, settings_), 0, settings_.ease_out_frames);
  seek(0);
  apply_restart();
}

// The next audio belongs to `frame`. Buffers that a window in flight may use are left for apply_restart().
void Stream::restart(int64_t frame) {
  input_.restart();
  ++generation_;
  needs_restart_ = true;
  base_frame_ = frame;
  out_begin_ = out_end_ = window_index_ = 0;
  ease_left_ = 0;
  deadline_ns_ = last_deadline_ns_ = 0;
  failure_.clear();
}

// After an endless rest pose and silence.
void Stream::apply_restart() {
  if (!needs_restart_) return;
  needs_restart_ = false;
  const Manifest& m = model_->manifest();
  for (size_t i = 0; i < past_.size(); ++i) {
    const size_t c = i % n_channels_;
    past_[i] = (m.motion.rest[c] - m.motion.mean[c]) / m.motion.std[c];
  }
  front_end_.restart(m.mel_frames(-settings_.profile.past_frames));
  post_.restart();
}

// Windows of this segment that have their audio, finished ones included.
int64_t Stream::windows_ready() const {
  const Profile& p = settings_.profile;
  const int64_t total = input_.total_frames();
  if (total >= 0) return (total + p.hop_frames - 1) / p.hop_frames;
  const AudioSpec& audio = model_->manifest().audio;
  const int64_t covered =
      front_end_.rows_ready(input_) / audio.mel_frames_per_group * audio.anim_frames_per_group;
  return std::max<int64_t>(0, (covered - p.lookahead_frames) / p.hop_frames);
}

bool Stream::window_ready() const { return window_index_ < windows_ready(); }

// Makes room for pushes: what arrived goes into the window at work as far as it reaches.
void Stream::take_audio() {
  if (paused_ || in_flight_) return;  // a window in flight reads the rows
  apply_restart();
  const ScopedTimer timer(&stats_.front_end_ns);
  front_end_.advance(&input_, front_end_.rows_ready(input_));
}

int64_t Stream::ready_frames() {
  const Lock lock(mutex_);
  if (scheduler_ == nullptr) take_audio();
  if (paused_) return 0;
  if (scheduler_ != nullptr) return ease_left_ + out_end_ - out_begin_;
  const int64_t total = input_.total_frames();
  const int64_t ready = total >= 0 ? total : windows_ready() * settings_.profile.hop_frames;
  return ease_left_ + ready - out_begin_;
}

size_t Stream::pull(float* weights, size_t capacity, int64_t* first_frame, float* head_pose) {
  const Lock lock(mutex_);
  return pull_locked({weights, head_pose}, capacity, first_frame);
}

// frame: [n_channels].
void Stream::hand_out(const float* frame, Target* to) const {
  to->weights = std::copy_n(frame, n_weights_, to->weights);
  if (to->head_pose == nullptr) return;
  constexpr size_t n_pose = kHeadPoseChannels.size();
  if (n_channels_ > n_weights_) {
    std::copy_n(frame + n_weights_, n_pose, to->head_pose);
  } else {
    std::fill_n(to->head_pose, n_pose, 0.0f);
  }
  to->head_pose += n_pose;
}

size_t Stream::pull_locked(Target to, size_t capacity, int64_t* first_frame) {
  *first_frame = next_frame_;
  if (capacity == 0 && scheduler_ == nullptr) take_audio();
  if (paused_ || capacity == 0) return 0;
  size_t n = pull_easing(&to, capacity);
  while (n < capacity) {
    if (out_begin_ == out_end_) {
      if (scheduler_ != nullptr || !window_ready()) break;
      try {
        run_window();
      } catch (...) {
        // Frames that were copied have left; the failure is told by the next call, which tries again.
        if (n == 0) throw;
        break;
      }
    }
    n += pull_waiting(&to, capacity - n);
  }
  if (scheduler_ == nullptr) take_audio();
  if (n == 0 && !failure_.empty()) throw Error(DT_INTERNAL_ERROR, failure_);
  if (n == 0 && has_pulled_ && input_.total_frames() < 0) ++stats_.n_underruns;
  has_pulled_ = has_pulled_ || n > 0;
  next_frame_ += static_cast<int64_t>(n);
  stats_.n_frames += static_cast<int64_t>(n);
  return n;
}

size_t Stream::pull_waiting(Target* to, size_t capacity) {
  const auto size = static_cast<int64_t>(out_.size() / n_channels_);
  const size_t n = std::min(capacity, frames_waiting());
  for (size_t i = 0; i < n; ++i, ++out_begin_) {
    const float* const frame = out_.data() + static_cast<size_t>(out_begin_ % size) * n_channels_;
    hand_out(frame, to);
    if (i + 1 == n) std::copy_n(frame, n_channels_, last_pose_.begin());
  }
  return n;
}

// Frames of the easing after an interrupt.
size_t Stream::pull_easing(Target* to, size_t capacity) {
  const auto& rest = model_->manifest().motion.rest;
  size_t n = 0;
  for (; n < capacity && ease_left_ > 0; ++n, --ease_left_) {
    const double u = static_cast<double>(ease_total_ - ease_left_ + 1) / static_cast<double>(ease_total_);
    const auto keep = static_cast<float>(1.0 - smooth_step(u));
    for (size_t c = 0; c < n_channels_; ++c) {
      last_pose_[c] = rest[c] + (ease_from_[c] - rest[c]) * keep;
    }
    hand_out(last_pose_.data(), to);
  }
  return n;
}

}  // namespace dt
