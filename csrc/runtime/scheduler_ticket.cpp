#include "runtime/scheduler_ticket.h"

#include <algorithm>

#include "common/error.h"

namespace dt {

void SchedulerTicket::join(const void* scheduler) {
  if (scheduler_ != nullptr) {
    throw Error(DT_BUSY, "the stream is in a scheduler already: remove it there first");
  }
  scheduler_ = scheduler;
  clear_deadline();
}

void SchedulerTicket::leave(const void* scheduler, std::unique_lock<std::mutex>* lock) {
  landed_.wait(*lock, [&] { return !in_flight_; });
  if (scheduler_ == scheduler) scheduler_ = nullptr;
}

int64_t SchedulerTicket::deadline(int64_t now_ns, int64_t allowed_ns, int64_t hop_ns, int64_t* ready_ns) {
  if (deadline_ns_ == 0) {
    ready_ns_ = now_ns;
    deadline_ns_ = now_ns + allowed_ns;
    if (last_deadline_ns_ != 0) deadline_ns_ = std::max(deadline_ns_, last_deadline_ns_ + hop_ns);
  }
  *ready_ns = ready_ns_;
  return deadline_ns_;
}

bool SchedulerTicket::end_flight() {
  in_flight_ = false;
  landed_.notify_all();
  return flight_generation_ == generation_;
}

int64_t SchedulerTicket::close_deadline(int64_t now_ns) {
  const int64_t late_ns = deadline_ns_ == 0 ? 0 : std::max<int64_t>(0, now_ns - deadline_ns_);
  last_deadline_ns_ = deadline_ns_;
  deadline_ns_ = 0;
  return late_ns;
}

}  // namespace dt
