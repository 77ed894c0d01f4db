// A stream's place in a scheduler: when its next window is due, and whether one is in flight, which means
// that a scheduler or a pull runs its networks.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace dt {

// Under the stream's lock, which is not held while a window is in flight. Schedulers are told apart by their
// address. Times are of the scheduler's clock, above 0.
class SchedulerTicket {
 public:
  // Throws DT_BUSY when the stream is in a scheduler.
  void join(const void* scheduler);
  // Waits until no window is in flight.
  void leave(const void* scheduler, std::unique_lock<std::mutex>* lock);
  bool is_of(const void* scheduler) const { return scheduler_ == scheduler; }
  bool is_free() const { return scheduler_ == nullptr; }

  // The stream begins anew: a window in flight does not count.
  void restart() {
    ++generation_;
    clear_deadline();
  }
  // Time that stood still is nobody's lateness.
  void clear_deadline() { deadline_ns_ = last_deadline_ns_ = 0; }

  // Of the next window, which can run. It is set when that is first seen: allowed_ns from now on, and no
  // earlier than a hop after the one before. *ready_ns [out]: when it was set.
  int64_t deadline(int64_t now_ns, int64_t allowed_ns, int64_t hop_ns, int64_t* ready_ns);

  bool in_flight() const { return in_flight_; }
  // A window is in flight, and no restart came since it began.
  bool has_valid_flight() const { return in_flight_ && flight_generation_ == generation_; }
  // The next window goes to the networks.
  void begin_flight() {
    in_flight_ = true;
    flight_generation_ = generation_;
  }
  // It is back, or was not in flight. Returns whether it counts: no restart came since it began.
  bool end_flight();

  // The window that was due is done, and none is due now. Returns by how much it missed its deadline, 0 if it
  // did not.
  int64_t close_deadline(int64_t now_ns);
  // The audio of the next window waits already: it is due a hop after the one before.
  void chain_deadline(int64_t now_ns, int64_t hop_ns) {
    deadline_ns_ = last_deadline_ns_ + hop_ns;
    ready_ns_ = now_ns;
  }

 private:
  std::condition_variable landed_;
  const void* scheduler_ = nullptr;
  bool in_flight_ = false;
  uint64_t generation_ = 0, flight_generation_ = 0;
  int64_t deadline_ns_ = 0, last_deadline_ns_ = 0;  // of the window that is ready; of the one before
  int64_t ready_ns_ = 0;                            // when deadline_ns_ was set
};

}  // namespace dt
