// Many streams of one model, stepped in batches, oldest deadline first.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "common/allocator.h"
#include "common/clock.h"
#include "runtime/stream.h"

namespace dt {

constexpr size_t kMaxBatch = 256;  // a power of two

struct SchedulerSettings {
  size_t max_batch = 4;  // a power of two up to kMaxBatch; 8 was slower on a processor in fp32
  bool warm_up = true;
  int64_t max_wait_ns = 0;  // that a window which is ready waits for others to share its batch
};

struct StepInfo {
  int64_t n_windows = 0, n_batches = 0, n_ready = 0, n_late = 0, n_failed = 0;
  int64_t next_deadline_ns = 0;
};

struct SchedulerStats {
  int64_t n_streams = 0, n_steps = 0, n_windows = 0, n_batches = 0, n_deadline_misses = 0,
          max_lateness_ns = 0;
  int64_t run_ns = 0, memory_bytes = 0;
};

// Any thread. As many steps run side by side as the model has workers, the others wait for one to end; a step
// plans a batch alone, and runs it beside others. Allocates in add() only.
class Scheduler {
 public:
  // clock_ns: above 0, never goes back; for tests.
  Scheduler(std::shared_ptr<const Model> model, SchedulerSettings settings,
            std::function<int64_t()> clock_ns = &now_ns);
  ~Scheduler();

  // Throws DT_INVALID_ARGUMENT (another model), DT_BUSY (in a scheduler already), and what compiling throws.
  void add(const std::shared_ptr<Stream>& stream);
  // Throws DT_INVALID_ARGUMENT when it is not in here.
  void remove(const std::shared_ptr<Stream>& stream);
  // budget_us, max_windows: -1 is no limit.
  StepInfo step(int64_t budget_us, int64_t max_windows);
  SchedulerStats stats() const;

 private:
  struct Ready {
    int64_t deadline_ns, ready_ns;
    size_t order;  // makes equal deadlines repeatable
    std::shared_ptr<Stream> stream;
  };
  struct Cost {
    SessionShape shape;
    int64_t ns;
  };
  // One run of the networks.
  struct Batch {
    size_t n = 0;
    Stream* streams[kMaxBatch] = {};
    Window windows[kMaxBatch];
  };
  struct Limits {
    int64_t end_ns, max_windows;  // -1: none
  };
  // Of one step.
  struct Work {
    bool is_busy = false;  // of members_mutex_
    bool is_new = false;   // nothing was planned yet
    // Of plan_mutex_, as is failed. Sorted; keeps the streams alive whose windows are at work.
    Vector<Ready> ready;
    Vector<const Stream*> failed;  // in this step; not tried again before the next one
    StepInfo info;
    SchedulerStats fresh;
  };

  // Holds a Work for the time of a step.
  struct Step {
    explicit Step(Scheduler* s) : scheduler(s), work(s->begin_work()) {}
    ~Step() { scheduler->end_work(work); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    Scheduler* const scheduler;
    Work* const work;
  };

  Work* begin_work();
  void end_work(Work* work);
  size_t plan(const Limits& limits, Work* work, Batch* batch);
  void collect(Work* work);
  void hold_back(Vector<Ready>* ready, int64_t now);
  bool may_wait(const Vector<Ready>& ready, const std::string& profile, int64_t now);
  size_t choose(const Vector<Ready>& ready, size_t limit, int64_t ns_left, bool is_first);
  void gather(size_t n, Work* work, Batch* batch);
  void run(const Batch& batch, size_t bucket, Work* work);
  void run_one(const Batch& batch, size_t i, Work* work);
  void finish(Stream* stream, const PhaseTimes& share, SchedulerStats* fresh);
  Cost& cost(const SessionShape& shape);
  int64_t memory_bytes() const;
  static bool has_failed(const Work& work, const Stream* stream);

  const std::shared_ptr<const Model> model_;
  const SchedulerSettings settings_;
  const std::function<int64_t()> clock_ns_;

  mutable std::mutex members_mutex_;  // taken for moments only
  std::condition_variable idle_;      // a step has ended
  Vector<std::shared_ptr<Stream>> members_;
  Vector<Work> works_;  // one per step that may run at the same time
  SchedulerStats stats_;

  std::mutex plan_mutex_;  // taken before members_mutex_; a stream that is ready is begun by one step only
  Vector<Cost> costs_;     // moving average of a run
  std::atomic<bool> has_warned_{false};
};

}  // namespace dt
