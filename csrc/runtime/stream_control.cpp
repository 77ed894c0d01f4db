// Restarts, pauses, styles, and queries.
#include <algorithm>
#include <string>
#include <utility>

#include "audio/mix.h"
#include "common/error.h"
#include "runtime/stream.h"

namespace dt {

void Stream::seek(int64_t frame) {
  const Lock lock(mutex_);
  seek_locked(frame);
}

void Stream::seek_locked(int64_t frame) {
  segment_.settle_changes(ticket_.has_valid_flight());
  restart(frame);
  next_frame_ = frame;
  has_pulled_ = false;
  queue_.start_at_rest();
  history_.restart(frame);
}

void Stream::reset() {
  const Lock lock(mutex_);
  seek_locked(0);
  stats_ = StreamStats();
  segment_.input().clear_counters();
  paused_ = false;
}

void Stream::check_shown(int64_t shown_frame) const {
  if (shown_frame + 1 == next_frame_) return;  // that pose is kept in any case
  const int64_t oldest = history_.begin() - (history_.is_whole() ? 1 : 0);
  if (shown_frame < next_frame_ && shown_frame >= oldest) return;
  const auto frame = [](int64_t index) { return "frame " + std::to_string(index); };
  const std::string given = "shown_frame is " + std::to_string(shown_frame) + ", ";
  if (shown_frame >= next_frame_) {
    throw Error(DT_INVALID_ARGUMENT, given + "but the next one to be pulled is " + frame(next_frame_) +
                                         ": only frames that were pulled can have been shown");
  }
  if (history_.is_whole()) {
    throw Error(DT_INVALID_ARGUMENT, given + "but the stream began with " + frame(history_.begin()) +
                                         ": give the frame before it when nothing was shown yet");
  }
  throw Error(DT_INVALID_ARGUMENT, given + "but only frames from " + frame(history_.begin()) +
                                       " on are kept: make the stream with a longer history_ms than " +
                                       std::to_string(settings_.history_ms));
}

Interruption Stream::interrupt(int ease_ms, int64_t shown_frame) {
  const Lock lock(mutex_);
  if (shown_frame != kLastPulled) {
    check_shown(shown_frame);
    // The pose pulled last may be one of an easing that is kept nowhere else.
    if (shown_frame + 1 < next_frame_) queue_.hold(history_.frame(shown_frame));
    next_frame_ = shown_frame + 1;
    history_.cut(next_frame_);
  }
  const MotionSpec& motion = model_->manifest().motion;
  const int64_t n_ease = scale_up(ease_ms, motion.fps_num, int64_t{1000} * motion.fps_den);
  restart(next_frame_ + n_ease);
  queue_.ease(n_ease);
  return {segment_.base_frame(), segment_.input().utterance()};
}

void Stream::pause(bool paused) {
  const Lock lock(mutex_);
  paused_ = paused;
  ticket_.clear_deadline();
}

void Stream::set_style(Vector<float> style, int blend_ms, int64_t frame) {
  const Lock lock(mutex_);
  segment_.set_style(std::move(style), frame, blend_ms, ticket_.has_valid_flight());
}

void Stream::set_dials(Dials dials, const DialMood& mood, int offset_ms, int blend_ms, int64_t frame) {
  if (offset_ms != settings_.dials_offset_ms) {
    throw Error(DT_INVALID_ARGUMENT, "offset_ms is " + std::to_string(offset_ms) +
                                         ", but it is fixed when a stream is made: leave it at " +
                                         std::to_string(settings_.dials_offset_ms));
  }
  const Lock lock(mutex_);
  const bool in_flight = ticket_.has_valid_flight();
  if (!(mood == dial_mood_)) {
    segment_.set_style(style_of(*model_, settings_.mood, mood), frame, blend_ms, in_flight);
  }
  dial_mood_ = mood;
  segment_.set_dials(std::move(dials), frame, blend_ms, in_flight);
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
  i.memory_bytes = static_cast<int64_t>(sizeof(Stream)) + segment_.bytes() + queue_.bytes() +
                   history_.bytes() + bytes_of(settings_.style);
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
  i.utterance = input.utterance();
  i.next_audio_frame = segment_.next_audio_frame();
  i.first_kept_frame = history_.begin();
  i.buffered_frames = std::max<int64_t>(0, i.next_audio_frame - std::max(next_frame_, i.audio_frame));
  return i;
}

void Stream::jump(int64_t seconds) {
  const Lock lock(mutex_);
  const MotionSpec& motion = model_->manifest().motion;
  const int64_t frames = seconds * motion.fps_num / motion.fps_den;
  segment_.jump(seconds);
  queue_.jump(frames);
  next_frame_ += frames;
  history_.restart(next_frame_);
}

}  // namespace dt
