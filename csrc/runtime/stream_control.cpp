// Restarts, pauses, styles, and queries.
#include <algorithm>
#include <string>
#include <utility>

#include "audio/mix.h"
#include "runtime/stream.h"

namespace dt {

void Stream::seek(int64_t frame) {
  const Lock lock(mutex_);
  restart(frame);
  next_frame_ = frame;
  segment_.settle_style();
  has_pulled_ = false;
  queue_.start_at_rest();
}

void Stream::reset() {
  seek(0);
  const Lock lock(mutex_);
  stats_ = StreamStats();
  segment_.input().clear_counters();
  paused_ = false;
}

int64_t Stream::interrupt(int ease_ms) {
  const Lock lock(mutex_);
  const MotionSpec& motion = model_->manifest().motion;
  const int64_t n_ease = scale_up(ease_ms, motion.fps_num, int64_t{1000} * motion.fps_den);
  restart(next_frame_ + n_ease);
  queue_.ease(n_ease);
  return segment_.base_frame();
}

void Stream::pause(bool paused) {
  const Lock lock(mutex_);
  paused_ = paused;
  ticket_.clear_deadline();
}

void Stream::set_style(Vector<float> style, int blend_ms) {
  const Lock lock(mutex_);
  // A window in flight has its style already.
  segment_.set_style(std::move(style), blend_ms, ticket_.has_valid_flight());
}

StreamStats Stream::stats() const {
  const Lock lock(mutex_);
  StreamStats s = stats_;
  s.front_end_ns += segment_.input().resampling_ns();
  s.n_overruns = segment_.input().n_overruns();
  return s;
}

StreamInfo Stream::info() const {
  const Lock lock(mutex_);
  const Profile& p = settings_.profile;
  const AudioInput& input = segment_.input();
  const int rate_hz = model_->manifest().audio.sample_rate_hz;
  StreamInfo i;
  i.next_frame = next_frame_;
  i.audio_frame = segment_.base_frame();
  i.memory_bytes =
      static_cast<int64_t>(sizeof(Stream)) + segment_.bytes() + queue_.bytes() + bytes_of(settings_.style);
  i.free_samples = input.free_samples();
  i.sample_rate_hz = input.rate_hz();
  i.resampler_samples = i.sample_rate_hz == 0 ? 0 : input.resampler_latency();
  const double resampler_ms =
      i.sample_rate_hz == 0 ? 0 : 1000.0 * static_cast<double>(i.resampler_samples) / i.sample_rate_hz;
  const int64_t samples = model_->manifest().mel_frames(p.hop_frames) * model_->manifest().audio.hop_length +
                          model_->lookahead_samples(p);
  const double lookahead_ms =
      1000.0 * p.lookahead_frames * model_->manifest().motion.fps_den / model_->manifest().motion.fps_num;
  i.latency_ms = 1000.0 * static_cast<double>(samples) / rate_hz + resampler_ms -
                 std::min<double>(settings_.offset_ms, lookahead_ms);
  i.is_flushed = input.total_frames() >= 0;
  i.is_paused = paused_;
  i.in_scheduler = !ticket_.is_free();
  i.is_failed = !failure_.empty();
  return i;
}

void Stream::jump(int64_t seconds) {
  const Lock lock(mutex_);
  const MotionSpec& motion = model_->manifest().motion;
  const int64_t frames = seconds * motion.fps_num / motion.fps_den;
  segment_.jump(seconds);
  queue_.jump(frames);
  next_frame_ += frames;
}

}  // namespace dt
