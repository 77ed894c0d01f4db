#include "runtime/scheduler.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/error.h"
#include "common/log.h"

namespace dt {

Scheduler::Scheduler(std::shared_ptr<const Model> model, SchedulerSettings settings,
                     std::function<int64_t()> clock_ns)
    : model_(std::move(model)),
      settings_(settings),
      clock_ns_(std::move(clock_ns)),
      works_(static_cast<size_t>(model_->n_workers())) {
  stats_.memory_bytes = memory_bytes();
}

Scheduler::~Scheduler() {
  for (const auto& stream : members_) stream->leave(this);
}

void Scheduler::add(const std::shared_ptr<Stream>& stream) {
  if (stream->model() != model_) {
    throw Error(DT_INVALID_ARGUMENT, "the stream belongs to another model than the scheduler");
  }
  const std::lock_guard<std::mutex> plan_lock(plan_mutex_);
  for (size_t batch = settings_.max_batch; batch > 0; batch /= 2) {
    const SessionShape shape = Model::shape(stream->profile(), batch);
    const bool is_known =
        std::any_of(costs_.begin(), costs_.end(), [&](const Cost& c) { return c.shape == shape; });
    if (is_known) continue;
    if (settings_.warm_up) model_->sessions().warm_up(shape, works_.size());
    costs_.push_back({shape, 0});
  }
  const std::lock_guard<std::mutex> lock(members_mutex_);
  const size_t n = members_.size() + 1;
  members_.reserve(n);
  for (Work& work : works_) {
    work.ready.reserve(members_.capacity());
    work.failed.reserve(members_.capacity());
  }
  stats_.memory_bytes = memory_bytes();  // under both locks: stats() needs one of them only
  stream->join(this);
  members_.push_back(stream);
}

void Scheduler::remove(const std::shared_ptr<Stream>& stream) {
  {
    const std::lock_guard<std::mutex> lock(members_mutex_);
    const auto it = std::find(members_.begin(), members_.end(), stream);
    if (it == members_.end()) throw Error(DT_INVALID_ARGUMENT, "the stream is not in this scheduler");
    members_.erase(it);
  }
  stream->leave(this);
}

void Scheduler::run(const Batch& batch, size_t bucket, Work* work) {
  const Profile& profile = batch.streams[0]->profile();
  const SessionShape shape = Model::shape(profile, bucket);
  const WindowBatch windows{batch.n, shape.window, batch.windows};
  PhaseTimes times;
  const int64_t start = clock_ns_();
  ++work->info.n_batches;
  try {
    model_->sessions().run(shape, windows, &times);
  } catch (const std::exception& e) {
    // One stream's fault must not cost the others their frames.
    for (size_t i = 0; batch.n > 1 && i < batch.n; ++i) run_one(batch, i, work);
    if (batch.n > 1) return;
    batch.streams[0]->fail(e.what());
    const std::lock_guard<std::mutex> lock(plan_mutex_);
    work->failed.push_back(batch.streams[0]);
    return;
  }
  const int64_t ns = clock_ns_() - start;
  {
    const std::lock_guard<std::mutex> lock(plan_mutex_);
    Cost& c = cost(shape);
    c.ns = c.ns == 0 ? ns : (3 * c.ns + ns) / 4;
  }
  work->fresh.run_ns += ns;
  const auto n = static_cast<int64_t>(batch.n);
  const PhaseTimes share{times.encoder_ns / n, times.denoiser_ns / n, times.update_ns / n, times.post_ns / n};
  for (size_t i = 0; i < batch.n; ++i) finish(batch.streams[i], share, &work->fresh);
  work->info.n_windows += n;
}

void Scheduler::run_one(const Batch& batch, size_t i, Work* work) {
  Batch one;
  one.n = 1;
  one.streams[0] = batch.streams[i];
  one.windows[0] = batch.windows[i];
  run(one, 1, work);
}

void Scheduler::finish(Stream* stream, const PhaseTimes& share, SchedulerStats* fresh) {
  const int64_t late_ns = stream->finish(share, clock_ns_());
  if (late_ns <= 0) return;
  ++fresh->n_deadline_misses;
  fresh->max_lateness_ns = std::max(fresh->max_lateness_ns, late_ns);
  if (has_warned_.exchange(true)) return;
  Log{}.warning("a stream's frames were " + std::to_string(late_ns / 1000000) +
                " ms late: fewer streams, a faster precision or more threads would help; "
                "dt_scheduler_get_stats counts on");
}

Scheduler::Work* Scheduler::begin_work() {
  std::unique_lock<std::mutex> lock(members_mutex_);
  auto work = works_.end();
  idle_.wait(lock, [&] {
    work = std::find_if(works_.begin(), works_.end(), [](const Work& w) { return !w.is_busy; });
    return work != works_.end();
  });
  work->is_busy = work->is_new = true;
  work->info = StepInfo();
  work->fresh = SchedulerStats();
  return &*work;
}

void Scheduler::end_work(Work* work) {
  const std::lock_guard<std::mutex> lock(members_mutex_);
  ++stats_.n_steps;
  stats_.n_windows += work->info.n_windows;
  stats_.n_batches += work->info.n_batches;
  stats_.run_ns += work->fresh.run_ns;
  stats_.n_deadline_misses += work->fresh.n_deadline_misses;
  stats_.max_lateness_ns = std::max(stats_.max_lateness_ns, work->fresh.max_lateness_ns);
  work->is_busy = false;
  idle_.notify_one();
}

// Begins the windows of the next batch. Returns its size, a power of two, or 0 when the step is over.
size_t Scheduler::plan(const Limits& limits, Work* work, Batch* batch) {
  const std::lock_guard<std::mutex> lock(plan_mutex_);
  StepInfo& info = work->info;
  if (work->is_new) work->failed.clear();
  work->is_new = false;
  collect(work);
  size_t bucket = 0;
  if (!work->ready.empty() && (limits.max_windows < 0 || info.n_windows < limits.max_windows)) {
    const int64_t ns_left = limits.end_ns < 0 ? -1 : std::max<int64_t>(0, limits.end_ns - clock_ns_());
    const size_t most =
        limits.max_windows < 0 ? kMaxBatch : static_cast<size_t>(limits.max_windows - info.n_windows);
    const bool is_first = info.n_batches == 0;
    if (ns_left != 0 || is_first) bucket = choose(work->ready, most, ns_left, is_first);
  }
  if (bucket > 0) gather(bucket, work, batch);
  if (bucket == 0) {
    const int64_t now = clock_ns_();
    for (const Ready& r : work->ready) info.n_late += r.deadline_ns < now ? 1 : 0;
    info.n_ready = static_cast<int64_t>(work->ready.size());
    if (!work->ready.empty()) info.next_deadline_ns = work->ready.front().deadline_ns - now;
    info.n_failed = static_cast<int64_t>(work->failed.size());
    work->ready.clear();  // lets go of streams that are released meanwhile
  }
  return bucket;
}

StepInfo Scheduler::step(int64_t budget_us, int64_t max_windows) {
  const Limits limits{budget_us < 0 ? -1 : clock_ns_() + budget_us * 1000, max_windows};
  const Step step(this);
  for (;;) {
    Batch batch;
    const size_t bucket = plan(limits, step.work, &batch);
    if (bucket == 0) return step.work->info;
    // Nothing began: every stream that was ready has failed, was paused or was reset meanwhile; ask again.
    if (batch.n > 0) run(batch, bucket, step.work);
  }
}

int64_t Scheduler::memory_bytes() const {
  int64_t bytes =
      static_cast<int64_t>(sizeof(Scheduler)) + bytes_of(members_) + bytes_of(costs_) + bytes_of(works_);
  for (const Work& work : works_) bytes += bytes_of(work.ready) + bytes_of(work.failed);
  return bytes;
}

SchedulerStats Scheduler::stats() const {
  const std::lock_guard<std::mutex> lock(members_mutex_);
  SchedulerStats s = stats_;
  s.n_streams = static_cast<int64_t>(members_.size());
  return s;
}

}  // namespace dt
