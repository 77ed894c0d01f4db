// The doors for a scheduler: a window that is due, one that begins, one that is back.
#include <algorithm>
#include <string>

#include "runtime/stream.h"

namespace dt {

void Stream::join(const void* scheduler) {
  const Lock lock(mutex_);
  ticket_.join(scheduler);
}

void Stream::leave(const void* scheduler) {
  Lock lock(mutex_);
  ticket_.leave(scheduler, &lock);
}

int64_t Stream::hop_ns() const {
  const MotionSpec& motion = model_->manifest().motion;
  return int64_t{settings_.profile.hop_frames} * motion.fps_den * 1000000000 / motion.fps_num;
}

bool Stream::window_can_run() const {
  return !paused_ && !released_ && !ticket_.in_flight() && queue_.has_room() && segment_.window_is_ready();
}

int64_t Stream::deadline(const void* scheduler, int64_t now_ns, int64_t* ready_ns) {
  const Lock lock(mutex_);
  if (!ticket_.is_of(scheduler)) return 0;
  take_audio();
  if (!window_can_run()) return 0;
  const int64_t allowed_ns = settings_.deadline_ms < 0 ? hop_ns() : int64_t{settings_.deadline_ms} * 1000000;
  return ticket_.deadline(now_ns, allowed_ns, hop_ns(), ready_ns);
}

bool Stream::begin(const void* scheduler, Window* window) {
  const Lock lock(mutex_);
  if (!ticket_.is_of(scheduler) || !window_can_run()) return false;
  *window = segment_.prepare(&stats_.front_end_ns);
  ticket_.begin_flight();
  return true;
}

int64_t Stream::finish(const PhaseTimes& share, int64_t now_ns) {
  const Lock lock(mutex_);
  if (!ticket_.end_flight()) return 0;
  add_times(share, &stats_.networks);
  failure_.clear();
  if (!segment_.take_pass()) return 0;  // the window has another pass, with the same deadline
  const int64_t late_ns = ticket_.close_deadline(now_ns);
  stats_.n_deadline_misses += late_ns > 0 ? 1 : 0;
  stats_.max_lateness_ns = std::max(stats_.max_lateness_ns, late_ns);
  commit_window();
  if (late_ns > 0 && queue_.has_room() && segment_.window_is_ready())
    ticket_.chain_deadline(now_ns, hop_ns());
  return late_ns;
}

void Stream::fail(const std::string& message) {
  const Lock lock(mutex_);
  const bool was_in_flight = ticket_.in_flight();
  if (ticket_.end_flight() || !was_in_flight) failure_ = message;
}

}  // namespace dt
