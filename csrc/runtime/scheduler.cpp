#include "runtime/scheduler.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/error.h"
#include "common/log.h"

namespace dt {

Scheduler::Scheduler(std::shared_ptr<const Model> model, SchedulerSettings settings,
                     std::function<int64_t()> clock_ns)
    : model_(std::move(model)), settings_(settings), clock_ns_(std::move(clock_ns)) {}

Scheduler::~Scheduler() {
  for (const auto& stream : members_) stream->leave(this);
}

void Scheduler::add(const std::shared_ptr<Stream>& stream) {
  if (stream->model() != model_) {
    throw Error(DT_INVALID_ARGUMENT, "the stream belongs to another model than the scheduler");
  }
  const std::lock_guard<std::mutex> step_lock(step_mutex_);
  for (size_t batch = settings_.max_batch; batch > 0; batch /= 2) {
    const SessionShape shape = Model::shape(stream->profile(), batch);
    const bool is_known =
        std::any_of(costs_.begin(), costs_.end(), [&](const Cost& c) { return c.shape == shape; });
    if (is_known) continue;
    if (settings_.warm_up) model_->sessions().warm_up(shape);
    costs_.push_back({shape, 0});
  }
  const std::lock_guard<std::mutex> lock(members_mutex_);
  const size_t n = members_.size() + 1;
  members_.reserve(n);
  ready_.reserve(members_.capacity());
  failed_.reserve(members_.capacity());
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

// The streams that can run now, oldest deadline first. Their audio is taken and turned into log-mel here,
// which is work: nobody who adds, removes or counts streams waits for it.
void Scheduler::collect() {
  ready_.clear();
  {
    const std::lock_guard<std::mutex> lock(members_mutex_);
    members_.erase(std::remove_if(members_.begin(), members_.end(), [](auto& s) { return s->is_released(); }),
                   members_.end());
    for (size_t i = 0; i < members_.size(); ++i) ready_.push_back({0, 0, i, members_[i]});
  }
  const int64_t now = clock_ns_();
  for (Ready& r : ready_) {
    if (!has_failed(r.stream.get())) r.deadline_ns = r.stream->deadline(this, now, &r.ready_ns);
  }
  ready_.erase(
      std::remove_if(ready_.begin(), ready_.end(), [](const Ready& r) { return r.deadline_ns == 0; }),
      ready_.end());
  std::sort(ready_.begin(), ready_.end(), [](const Ready& a, const Ready& b) {
    return a.deadline_ns != b.deadline_ns ? a.deadline_ns < b.deadline_ns : a.order < b.order;
  });
  if (settings_.max_wait_ns > 0) hold_back(now);
}

// Streams that began at different moments are ready at different moments too, hop after hop, and would never
// meet in a batch if none of them waited.
void Scheduler::hold_back(int64_t now) {
  for (const Profile& profile : model_->manifest().profiles) {
    if (!may_wait(profile.name, now)) continue;
    ready_.erase(std::remove_if(ready_.begin(), ready_.end(),
                                [&](const Ready& r) { return r.stream->profile().name == profile.name; }),
                 ready_.end());
  }
}

// Whether the ready streams of a profile can wait for more of it: others are still to come, and neither the
// wait of the first one nor the time to its deadline is over.
bool Scheduler::may_wait(const std::string& profile, int64_t now) {
  size_t n_ready = 0, n_members = 0;
  const Ready* first = nullptr;
  int64_t since = now;
  {
    const std::lock_guard<std::mutex> lock(members_mutex_);
    for (const auto& stream : members_) n_members += stream->profile().name == profile ? 1 : 0;
  }
  for (const Ready& r : ready_) {
    if (r.stream->profile().name != profile) continue;
    if (first == nullptr) first = &r;
    since = std::min(since, r.ready_ns);
    ++n_ready;
  }
  if (n_ready == 0 || n_ready >= std::min(n_members, settings_.max_batch)) return false;
  size_t bucket = settings_.max_batch;
  while (bucket > n_ready) bucket /= 2;
  const int64_t ns = cost(Model::shape(first->stream->profile(), bucket)).ns;
  return now - since < settings_.max_wait_ns && now + 2 * ns < first->deadline_ns;
}

bool Scheduler::has_failed(const Stream* stream) const {
  return std::find(failed_.begin(), failed_.end(), stream) != failed_.end();
}

Scheduler::Cost& Scheduler::cost(const SessionShape& shape) {
  return *std::find_if(costs_.begin(), costs_.end(), [&](const Cost& c) { return c.shape == shape; });
}

// How many streams the next batch takes: the oldest one and those of its profile, a power of two, as far as
// time is left. The first batch of a step runs in any case; when not even one stream fits into the budget, it
// takes as many as are ready, as the fewer batches then catch up sooner than single windows, step after step.
size_t Scheduler::choose(size_t limit, int64_t ns_left, bool is_first) {
  const Profile& profile = ready_.front().stream->profile();
  const auto same = static_cast<size_t>(std::count_if(ready_.begin(), ready_.end(), [&](const Ready& r) {
    return r.stream->profile().name == profile.name;
  }));
  size_t bucket = settings_.max_batch;
  while (bucket > std::min(same, limit)) bucket /= 2;
  const size_t most = bucket;
  while (bucket > 0 && ns_left >= 0 && cost(Model::shape(profile, bucket)).ns > ns_left) bucket /= 2;
  return bucket == 0 && is_first ? most : bucket;
}

void Scheduler::gather(size_t n, Batch* batch) {
  const std::string& profile = ready_.front().stream->profile().name;
  StepInfo ignored;
  for (const Ready& r : ready_) {
    if (batch->n == n) break;
    if (r.stream->profile().name != profile) continue;
    const size_t i = batch->n;
    try {
      if (!r.stream->begin(this, &batch->mel[i], &batch->condition[i], &batch->x_t[i])) continue;
    } catch (const std::exception& e) {
      give_up(r.stream.get(), e.what(), &ignored);
      continue;
    }
    batch->streams[batch->n++] = r.stream.get();
  }
}

void Scheduler::run(const Batch& batch, size_t bucket, StepInfo* info) {
  const Profile& profile = batch.streams[0]->profile();
  const SessionShape shape = Model::shape(profile, bucket);
  WindowBatch windows;
  windows.batch = batch.n;
  windows.window = shape.window;
  windows.past = shape.past;
  windows.mel = batch.mel;
  windows.condition = batch.condition;
  windows.x_t = batch.x_t;
  PhaseTimes times;
  const int64_t start = clock_ns_();
  ++info->n_batches;
  try {
    model_->sessions().run(shape, windows, &times);
  } catch (const std::exception& e) {
    // One stream's fault must not cost the others their frames.
    if (batch.n == 1) return give_up(batch.streams[0], e.what(), info);
    for (size_t i = 0; i < batch.n; ++i) run_one(batch, i, info);
    return;
  }
  const int64_t ns = clock_ns_() - start;
  Cost& c = cost(shape);
  c.ns = c.ns == 0 ? ns : (3 * c.ns + ns) / 4;
  fresh_.run_ns += ns;
  const auto n = static_cast<int64_t>(batch.n);
  const PhaseTimes share{times.encoder_ns / n, times.denoiser_ns / n, times.update_ns / n};
  for (size_t i = 0; i < batch.n; ++i) finish(batch.streams[i], share);
  info->n_windows += n;
}

void Scheduler::run_one(const Batch& batch, size_t i, StepInfo* info) {
  Batch one;
  one.n = 1;
  one.streams[0] = batch.streams[i];
  one.mel[0] = batch.mel[i];
  one.condition[0] = batch.condition[i];
  one.x_t[0] = batch.x_t[i];
  run(one, 1, info);
}

void Scheduler::finish(Stream* stream, const PhaseTimes& share) {
  const int64_t late_ns = stream->finish(share, clock_ns_());
  if (late_ns <= 0) return;
  ++fresh_.n_deadline_misses;
  fresh_.max_lateness_ns = std::max(fresh_.max_lateness_ns, late_ns);
  if (has_warned_) return;
  has_warned_ = true;
  Log{}.warning("a stream's frames were " + std::to_string(late_ns / 1000000) +
                " ms late: fewer streams, a faster precision or more threads would help; "
                "dt_scheduler_get_stats counts on");
}

void Scheduler::give_up(Stream* stream, const char* reason, StepInfo* info) {
  stream->fail(reason);
  failed_.push_back(stream);
  ++info->n_failed;
}

StepInfo Scheduler::step(int64_t budget_us, int64_t max_windows) {
  const std::lock_guard<std::mutex> step_lock(step_mutex_);
  const int64_t start = clock_ns_();
  StepInfo info;
  failed_.clear();
  fresh_ = SchedulerStats();
  for (;;) {
    collect();
    if (ready_.empty() || (max_windows >= 0 && info.n_windows >= max_windows)) break;
    const int64_t ns_left =
        budget_us < 0 ? -1 : std::max<int64_t>(0, budget_us * 1000 - (clock_ns_() - start));
    const size_t limit = max_windows < 0 ? kMaxBatch : static_cast<size_t>(max_windows - info.n_windows);
    if (ns_left == 0 && info.n_batches > 0) break;
    const size_t bucket = choose(limit, ns_left, info.n_batches == 0);
    if (bucket == 0) break;
    Batch batch;
    gather(bucket, &batch);
    info.n_failed = static_cast<int64_t>(failed_.size());
    // Nothing began: every stream that was ready has failed, was paused or was reset meanwhile; ask again.
    if (batch.n > 0) run(batch, bucket, &info);
  }
  const int64_t now = clock_ns_();
  for (const Ready& r : ready_) info.n_late += r.deadline_ns < now ? 1 : 0;
  info.n_ready = static_cast<int64_t>(ready_.size());
  if (!ready_.empty()) info.next_deadline_ns = ready_.front().deadline_ns - now;
  info.n_failed = static_cast<int64_t>(failed_.size());
  ready_.clear();  // lets go of streams that are released meanwhile
  const std::lock_guard<std::mutex> lock(members_mutex_);
  ++stats_.n_steps;
  stats_.n_windows += info.n_windows;
  stats_.n_batches += info.n_batches;
  stats_.run_ns += fresh_.run_ns;
  stats_.n_deadline_misses += fresh_.n_deadline_misses;
  stats_.max_lateness_ns = std::max(stats_.max_lateness_ns, fresh_.max_lateness_ns);
  return info;
}

SchedulerStats Scheduler::stats() const {
  const std::lock_guard<std::mutex> lock(members_mutex_);
  SchedulerStats s = stats_;
  s.n_streams = static_cast<int64_t>(members_.size());
  s.memory_bytes = static_cast<int64_t>(sizeof(Scheduler)) + bytes_of(members_) + bytes_of(ready_) +
                   bytes_of(failed_) + bytes_of(costs_);
  return s;
}

}  // namespace dt
