#include "runtime/stream.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/clock.h"
#include "common/error.h"

namespace dt {

Stream::Stream(std::shared_ptr<const Model> model, StreamSettings settings)
    : model_(std::move(model)),
      settings_(std::move(settings)),
      session_(model_->make_session(settings_.profile)),
      front_end_(model_->mel_spec(), model_->silence()) {
  const Profile& p = settings_.profile;
  const auto n_channels = static_cast<size_t>(model_->manifest().motion.n_channels());
  mel_.resize(static_cast<size_t>(model_->manifest().mel_frames(p.window_frames())) *
              front_end_.mel().n_mels());
  x_t_.resize(static_cast<size_t>(p.window_frames()) * n_channels);
  past_.resize(static_cast<size_t>(p.past_frames) * n_channels);
  out_.resize(static_cast<size_t>(p.hop_frames) * n_channels);
  settings_.ease_out_frames = std::min(settings_.ease_out_frames, p.lookahead_frames);
  rewind();
}

// Frame 0, after an endless rest pose.
void Stream::rewind() {
  const MotionSpec& motion = model_->manifest().motion;
  const auto n_channels = static_cast<size_t>(motion.n_channels());
  for (size_t i = 0; i < past_.size(); ++i) {
    const size_t c = i % n_channels;
    past_[i] = (motion.rest[c] - motion.mean[c]) / motion.std[c];
  }
  out_begin_ = out_end_ = 0;
  window_index_ = next_frame_ = total_frames_ = 0;
  flushed_ = false;
  stats_ = StreamStats();
}

void Stream::reset() {
  front_end_.reset();
  rewind();
}

// Bounds what waits beyond the audio that the next window needs; counted in rows, so that it does not depend
// on how the audio was cut.
void Stream::check_room(size_t n_frames, int sample_rate_hz) const {
  const Manifest& m = model_->manifest();
  const Profile& p = settings_.profile;
  constexpr size_t kHuge = size_t{1} << 40;  // keeps the sums below away from overflow
  const int64_t buffered_rows =
      int64_t{settings_.max_buffered_ms} * m.audio.sample_rate_hz / 1000 / m.audio.hop_length;
  const int64_t limit = m.mel_frames(window_index_ * p.hop_frames + p.new_frames()) + buffered_rows;
  if (n_frames < kHuge && front_end_.max_rows_after(n_frames, sample_rate_hz) <= limit) return;
  throw Error(DT_BUFFER_FULL, "more than max_buffered_ms = " + std::to_string(settings_.max_buffered_ms) +
                                  " of audio would wait: pull frames and push again, in shorter chunks");
}

void Stream::push(const float* samples, size_t n_frames, int n_channels, int sample_rate_hz) {
  if (flushed_) throw Error(DT_CLOSED, "the stream was flushed: reset it before pushing more audio");
  front_end_.check_format(n_channels, sample_rate_hz);
  check_room(n_frames, sample_rate_hz);
  FrontEnd::check_finite(samples, n_frames, n_channels);
  ScopedTimer timer(&stats_.front_end_ns);
  front_end_.push(samples, n_frames, n_channels, sample_rate_hz);
}

void Stream::flush() {
  if (flushed_) throw Error(DT_CLOSED, "the stream was flushed already");
  ScopedTimer timer(&stats_.front_end_ns);
  front_end_.finish();
  const MotionSpec& motion = model_->manifest().motion;
  total_frames_ = front_end_.duration_frames(motion.fps_num, motion.fps_den);
  flushed_ = true;
}

int64_t Stream::ready_frames() const {
  if (flushed_) return total_frames_ - next_frame_;
  const AudioSpec& audio = model_->manifest().audio;
  const Profile& p = settings_.profile;
  const int64_t covered = front_end_.mel().end() / audio.mel_frames_per_group * audio.anim_frames_per_group;
  const int64_t n_windows = std::max<int64_t>(0, (covered - p.lookahead_frames) / p.hop_frames);
  return n_windows * p.hop_frames - next_frame_;
}

bool Stream::window_ready() const {
  const Manifest& m = model_->manifest();
  const Profile& p = settings_.profile;
  const int64_t start = window_index_ * p.hop_frames;
  if (flushed_) return start < total_frames_;
  return m.mel_frames(start + p.new_frames()) <= front_end_.mel().end();
}

size_t Stream::pull(float* weights, size_t capacity, int64_t* first_frame) {
  const auto n_channels = static_cast<size_t>(model_->manifest().motion.n_channels());
  *first_frame = next_frame_;
  size_t n_written = 0;
  while (n_written < capacity) {
    if (out_begin_ == out_end_) {
      if (!window_ready()) break;
      run_window();
    }
    const size_t n = std::min(capacity - n_written, out_end_ - out_begin_);
    std::copy_n(out_.data() + out_begin_ * n_channels, n * n_channels, weights + n_written * n_channels);
    out_begin_ += n;
    n_written += n;
    next_frame_ += static_cast<int64_t>(n);
  }
  stats_.n_frames += static_cast<int64_t>(n_written);
  return n_written;
}

}  // namespace dt
