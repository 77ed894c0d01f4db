#include "runtime/stream.h"

#include <utility>

#include "common/clock.h"
#include "common/error.h"

namespace dt {

Stream::Stream(std::shared_ptr<const Model> model, StreamSettings settings)
    : model_(std::move(model)),
      settings_(std::move(settings)),
      segment_(*model_, settings_),
      queue_(model_->manifest().motion, settings_.profile.hop_frames) {
  queue_.start_at_rest();
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

size_t Stream::pull(float* weights, size_t capacity, int64_t* first_frame, float* head_pose) {
  const Lock lock(mutex_);
  return pull_locked({weights, head_pose}, capacity, first_frame);
}

size_t Stream::pull_locked(FrameQueue::Target to, size_t capacity, int64_t* first_frame) {
  *first_frame = next_frame_;
  if (capacity == 0 && ticket_.is_free()) take_audio();
  if (paused_ || capacity == 0) return 0;
  size_t n = queue_.take(&to, capacity);
  while (n < capacity) {
    if (queue_.is_empty()) {
      if (!ticket_.is_free() || !segment_.window_is_ready()) break;
      try {
        run_window();
      } catch (...) {
        // Frames that were copied have left; the failure is told by the next call, which tries again.
        if (n == 0) throw;
        break;
      }
    }
    n += queue_.take(&to, capacity - n);
  }
  if (ticket_.is_free()) take_audio();
  if (n == 0 && !failure_.empty()) throw Error(DT_INTERNAL_ERROR, failure_);
  if (n == 0 && has_pulled_ && segment_.input().total_frames() < 0) ++stats_.n_underruns;
  has_pulled_ = has_pulled_ || n > 0;
  next_frame_ += static_cast<int64_t>(n);
  stats_.n_frames += static_cast<int64_t>(n);
  return n;
}

void Stream::run_window(float* device_weights) {
  Window window = segment_.prepare(&stats_.front_end_ns);
  window.device_weights = device_weights;
  const SessionShape shape = Model::shape(settings_.profile, 1);
  model_->sessions().run(shape, {1, shape.window, &window}, &stats_.networks);
  failure_.clear();
  commit_window();
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
