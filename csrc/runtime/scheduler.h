// Many streams of one model, stepped in batches, oldest deadline first.
#pragma once

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

// Any thread; steps take turns. Allocates in add() only.
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
    const float* mel[kMaxBatch] = {};
    const float* condition[kMaxBatch] = {};
    float* x_t[kMaxBatch] = {};
  };

  void collect();
  void hold_back(int64_t now);
  bool may_wait(const std::string& profile, int64_t now);
  size_t choose(size_t limit, int64_t ns_left, bool is_first);
  void gather(size_t n, Batch* batch);
  void run(const Batch& batch, size_t bucket, StepInfo* info);
  void run_one(const Batch& batch, size_t i, StepInfo* info);
  void finish(Stream* stream, const PhaseTimes& share);
  void give_up(Stream* stream, const char* reason, StepInfo* info);
  Cost& cost(const SessionShape& shape);
  bool has_failed(const Stream* stream) const;

  const std::shared_ptr<const Model> model_;
  const SchedulerSettings settings_;
  const std::function<int64_t()> clock_ns_;

  mutable std::mutex members_mutex_;  // taken for moments only
  Vector<std::shared_ptr<Stream>> members_;
  SchedulerStats stats_;

  std::mutex step_mutex_;         // of all below; taken before members_mutex_
  Vector<Ready> ready_;           // sorted
  Vector<const Stream*> failed_;  // in this step; not tried again before the next one
  Vector<Cost> costs_;            // moving average of a run
  SchedulerStats fresh_;          // of this step
  bool has_warned_ = false;
};

}  // namespace dt
