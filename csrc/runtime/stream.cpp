#include "runtime/stream.h"

#include <exception>
#include <utility>

#include "audio/mix.h"
#include "common/clock.h"
#include "common/error.h"

namespace dt {
namespace {

// Frames of vertices are too large to keep some unasked.
StreamSettings with_history(StreamSettings settings, const MotionSpec& motion) {
  if (settings.history_ms < 0) settings.history_ms = motion.space == "vertices" ? 0 : 400;
  return settings;
}

// One frame more than the time has, so that the oldest moment too has one on either side.
size_t history_size(const MotionSpec& motion, int history_ms) {
  if (history_ms == 0) return 0;
  return static_cast<size_t>(scale_up(history_ms, motion.fps_num, int64_t{1000} * motion.fps_den)) + 1;
}

}  // namespace

Stream::Stream(std::shared_ptr<const Model> model, StreamSettings settings)
    : model_(std::move(model)),
      settings_(with_history(std::move(settings), model_->manifest().motion)),
      segment_(*model_, settings_),
      queue_(model_->manifest().motion, settings_.profile.hop_frames),
      history_(model_->manifest().motion, history_size(model_->manifest().motion, settings_.history_ms)) {
  queue_.start_at_rest();
  dial_mood_ = settings_.dial_mood;
}

// The next audio belongs to `frame`.
void Stream::restart(int64_t frame) {
  segment_.restart(frame);
  queue_.restart();
  ticket_.restart();
  failure_.clear();
}

// Not while a window in flight reads the rows.
void Stream::take_audio() {
  if (!paused_ && !ticket_.in_flight()) segment_.take_audio(&stats_.front_end_ns);
}

int64_t Stream::ready_frames() {
  const Lock lock(mutex_);
  if (ticket_.is_free()) take_audio();
  if (paused_) return 0;
  if (!ticket_.is_free()) return queue_.n_easing() + static_cast<int64_t>(queue_.n_waiting());
  const int64_t total = segment_.input().total_frames();
  const int64_t ready = total >= 0 ? total : segment_.windows_ready() * settings_.profile.hop_frames;
  return queue_.n_easing() + ready - queue_.n_taken();
}

size_t Stream::pull(float* weights, size_t capacity, int64_t* first_frame, float* head_pose,
                    int64_t* utterance) {
  const Lock turn(pulls_);
  Lock lock(mutex_);
  if (utterance != nullptr) *utterance = segment_.input().utterance();
  bool goes_on = true;
  return pull_locked({weights, head_pose, &history_}, capacity, first_frame, &lock, &goes_on);
}

size_t Stream::take(FrameQueue::Target* to, size_t capacity) {
  const size_t n = queue_.take(to, capacity);
  has_pulled_ = has_pulled_ || n > 0;
  next_frame_ += static_cast<int64_t>(n);
  stats_.n_frames += static_cast<int64_t>(n);
  return n;
}

// The lock is open while the networks run. When a restart or a pause comes then, goes_on becomes false, and
// the frames so far are all.
size_t Stream::pull_locked(FrameQueue::Target to, size_t capacity, int64_t* first_frame, Lock* lock,
                           bool* goes_on) {
  *first_frame = next_frame_;
  if (capacity == 0 && ticket_.is_free()) take_audio();
  if (paused_ || capacity == 0) return 0;
  size_t n = take(&to, capacity);
  while (n < capacity) {
    if (queue_.is_empty()) {
      if (!window_can_run_here()) break;
      try {
        *goes_on = run_window(lock) && !paused_;
      } catch (...) {
        // Frames that were copied have left; the failure is told by the next call, which tries again.
        if (n == 0) throw;
        break;
      }
      if (!*goes_on) break;
    }
    n += take(&to, capacity - n);
  }
  if (ticket_.is_free()) take_audio();
  if (n == 0 && !failure_.empty()) throw Error(DT_INTERNAL_ERROR, failure_);
  const bool is_open = segment_.input().total_frames() < 0;
  if (n == 0 && *goes_on && has_pulled_ && is_open) ++stats_.n_underruns;
  return n;
}

bool Stream::window_can_run_here() const {
  return ticket_.is_free() && !ticket_.in_flight() && !paused_ && segment_.window_is_ready();
}

// Runs the passes of the next window, with the lock open. False when a restart came: then the window counts
// for nothing.
bool Stream::run_window(Lock* lock, float* device_weights) {
  do {
    Window window = segment_.prepare(&stats_.front_end_ns);
    window.device_weights = segment_.is_mixed() ? nullptr : device_weights;
    const SessionShape shape = Model::shape(settings_.profile, 1);
    PhaseTimes times;
    std::exception_ptr failure;
    ticket_.begin_flight();
    lock->unlock();
    try {
      model_->sessions().run(shape, {1, shape.window, &window}, &times);
    } catch (...) {
      failure = std::current_exception();
    }
    lock->lock();
    if (!ticket_.end_flight()) return false;
    add_times(times, &stats_.networks);
    if (failure) std::rethrow_exception(failure);
    failure_.clear();
  } while (!segment_.take_pass());
  commit_window();
  return true;
}

// Takes over the finished window.
void Stream::commit_window() {
  const ScopedTimer timer(&stats_.post_ns);
  const size_t n = segment_.n_frames();
  for (size_t i = 0; i < n; ++i) {
    const int64_t index = queue_.n_added();
    segment_.frame(i, index, queue_.add());
  }
  segment_.advance();
  ++stats_.n_hops;
}

}  // namespace dt
