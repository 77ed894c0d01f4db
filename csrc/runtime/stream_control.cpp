// Restarts, styles, queries, and the doors for a scheduler.
#include <algorithm>
#include <string>
#include <utility>

#include "audio/mix.h"
#include "common/error.h"
#include "runtime/stream.h"

namespace dt {

void Stream::seek(int64_t frame) {
  const Lock lock(mutex_);
  restart(frame);
  next_frame_ = frame;
  style_.settle();
  has_pulled_ = false;
  std::copy_n(model_->manifest().motion.rest.begin(), n_channels_, last_pose_.begin());
}

void Stream::reset() {
  seek(0);
  const Lock lock(mutex_);
  stats_ = StreamStats();
  input_.clear_counters();
  paused_ = false;
}

int64_t Stream::interrupt(int ease_ms) {
  const Lock lock(mutex_);
  const MotionSpec& motion = model_->manifest().motion;
  const int64_t n_ease = scale_up(ease_ms, motion.fps_num, int64_t{1000} * motion.fps_den);
  restart(next_frame_ + n_ease);
  ease_from_ = last_pose_;
  ease_left_ = ease_total_ = n_ease;
  return base_frame_;
}

void Stream::pause(bool paused) {
  const Lock lock(mutex_);
  paused_ = paused;
  deadline_ns_ = last_deadline_ns_ = 0;  // time that stood still is nobody's lateness
}

void Stream::set_style(Vector<float> style, int blend_ms) {
  const Lock lock(mutex_);
  const MotionSpec& motion = model_->manifest().motion;
  // A window in flight has its style already.
  const int64_t next = window_index_ + (in_flight_ && flight_generation_ == generation_ ? 1 : 0);
  style_.change(*model_, std::move(style), base_frame_ + next * settings_.profile.hop_frames,
                scale_up(blend_ms, motion.fps_num, int64_t{1000} * motion.fps_den));
}

StreamStats Stream::stats() const {
  const Lock lock(mutex_);
  StreamStats s = stats_;
  s.front_end_ns += input_.resampling_ns();
  s.n_overruns = input_.n_overruns();
  return s;
}

StreamInfo Stream::info() const {
  const Lock lock(mutex_);
  const Profile& p = settings_.profile;
  const int rate_hz = model_->manifest().audio.sample_rate_hz;
  StreamInfo i;
  i.next_frame = next_frame_;
  i.audio_frame = base_frame_;
  i.memory_bytes = static_cast<int64_t>(sizeof(Stream)) + input_.bytes() + front_end_.bytes() +
                   post_.bytes() + style_.bytes() + bytes_of(settings_.style) + bytes_of(weights_) +
                   bytes_of(past_) + bytes_of(out_) + bytes_of(last_pose_) + bytes_of(ease_from_);
  i.free_samples = input_.free_samples();
  i.sample_rate_hz = input_.rate_hz();
  i.resampler_samples = i.sample_rate_hz == 0 ? 0 : input_.resampler_latency();
  const double resampler_ms =
      i.sample_rate_hz == 0 ? 0 : 1000.0 * static_cast<double>(i.resampler_samples) / i.sample_rate_hz;
  const int64_t samples = model_->manifest().mel_frames(p.hop_frames) * model_->manifest().audio.hop_length +
                          model_->lookahead_samples(p);
  const double lookahead_ms =
      1000.0 * p.lookahead_frames * model_->manifest().motion.fps_den / model_->manifest().motion.fps_num;
  i.latency_ms = 1000.0 * static_cast<double>(samples) / rate_hz + resampler_ms -
                 std::min<double>(settings_.offset_ms, lookahead_ms);
  i.is_flushed = input_.total_frames() >= 0;
  i.is_paused = paused_;
  i.in_scheduler = scheduler_ != nullptr;
  i.is_failed = !failure_.empty();
  return i;
}

void Stream::join(const void* scheduler) {
  const Lock lock(mutex_);
  if (scheduler_ != nullptr) {
    throw Error(DT_BUSY, "the stream is in a scheduler already: remove it there first");
  }
  scheduler_ = scheduler;
  deadline_ns_ = last_deadline_ns_ = 0;
}

void Stream::leave(const void* scheduler) {
  Lock lock(mutex_);
  landed_.wait(lock, [&] { return !in_flight_; });
  if (scheduler_ == scheduler) scheduler_ = nullptr;
}

int64_t Stream::hop_ns() const {
  const MotionSpec& motion = model_->manifest().motion;
  return int64_t{settings_.profile.hop_frames} * motion.fps_den * 1000000000 / motion.fps_num;
}

// For the frames of one more window.
bool Stream::has_room() const {
  return (frames_waiting() + static_cast<size_t>(settings_.profile.hop_frames)) * n_channels_ <= out_.size();
}

int64_t Stream::deadline(const void* scheduler, int64_t now_ns, int64_t* ready_ns) {
  const Lock lock(mutex_);
  if (scheduler_ != scheduler) return 0;
  take_audio();
  if (paused_ || released_ || in_flight_ || !has_room() || !window_ready()) return 0;
  if (deadline_ns_ == 0) {
    ready_ns_ = now_ns;
    deadline_ns_ = now_ns + (settings_.deadline_ms < 0 ? hop_ns() : int64_t{settings_.deadline_ms} * 1000000);
    if (last_deadline_ns_ != 0) deadline_ns_ = std::max(deadline_ns_, last_deadline_ns_ + hop_ns());
  }
  *ready_ns = ready_ns_;
  return deadline_ns_;
}

bool Stream::begin(const void* scheduler, Window* window) {
  const Lock lock(mutex_);
  if (paused_ || released_ || in_flight_ || !has_room() || scheduler_ != scheduler || !window_ready())
    return false;
  *window = prepare_window();
  in_flight_ = true;
  flight_generation_ = generation_;
  return true;
}

int64_t Stream::finish(const PhaseTimes& share, int64_t now_ns) {
  const Lock lock(mutex_);
  in_flight_ = false;
  landed_.notify_all();
  if (flight_generation_ != generation_) return 0;
  stats_.networks.encoder_ns += share.encoder_ns;
  stats_.networks.denoiser_ns += share.denoiser_ns;
  stats_.networks.update_ns += share.update_ns;
  stats_.networks.post_ns += share.post_ns;
  const int64_t late_ns = deadline_ns_ == 0 ? 0 : std::max<int64_t>(0, now_ns - deadline_ns_);
  stats_.n_deadline_misses += late_ns > 0 ? 1 : 0;
  stats_.max_lateness_ns = std::max(stats_.max_lateness_ns, late_ns);
  last_deadline_ns_ = deadline_ns_;
  deadline_ns_ = 0;
  failure_.clear();
  commit_window();
  // A window whose audio waits already is as late as the one before, plus a hop.
  if (late_ns > 0 && has_room() && window_ready()) {
    deadline_ns_ = last_deadline_ns_ + hop_ns();
    ready_ns_ = now_ns;
  }
  return late_ns;
}

void Stream::fail(const std::string& message) {
  const Lock lock(mutex_);
  if (!in_flight_ || flight_generation_ == generation_) failure_ = message;
  in_flight_ = false;
  landed_.notify_all();
}

void Stream::jump(int64_t seconds) {
  const Lock lock(mutex_);
  apply_restart();
  const Manifest& m = model_->manifest();
  const int64_t frames = seconds * m.motion.fps_num / m.motion.fps_den;
  input_.jump(seconds);
  front_end_.jump(m.mel_frames(frames));
  out_begin_ = out_end_ = frames;
  window_index_ += frames / settings_.profile.hop_frames;
  next_frame_ += frames;
}

}  // namespace dt
