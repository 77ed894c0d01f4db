// What runs next: which streams are ready, which of them wait for others, how many fit into one batch. All of
// it under plan_mutex_.
#include <algorithm>
#include <string>

#include "runtime/scheduler.h"

namespace dt {

// The streams that can run now, oldest deadline first. Their audio is taken and turned into log-mel here,
// which is work: nobody who adds, removes or counts streams waits for it.
void Scheduler::collect(Work* work) {
  Vector<Ready>& ready = work->ready;
  ready.clear();
  {
    const std::lock_guard<std::mutex> lock(members_mutex_);
    members_.erase(std::remove_if(members_.begin(), members_.end(), [](auto& s) { return s->is_released(); }),
                   members_.end());
    for (size_t i = 0; i < members_.size(); ++i) ready.push_back({0, 0, i, members_[i]});
  }
  const int64_t now = clock_ns_();
  for (Ready& r : ready) {
    if (!has_failed(*work, r.stream.get())) r.deadline_ns = r.stream->deadline(this, now, &r.ready_ns);
  }
  ready.erase(std::remove_if(ready.begin(), ready.end(), [](const Ready& r) { return r.deadline_ns == 0; }),
              ready.end());
  std::sort(ready.begin(), ready.end(), [](const Ready& a, const Ready& b) {
    return a.deadline_ns != b.deadline_ns ? a.deadline_ns < b.deadline_ns : a.order < b.order;
  });
  if (settings_.max_wait_ns > 0) hold_back(&ready, now);
}

// Streams that began at different moments are ready at different moments too, hop after hop, and would never
// meet in a batch if none of them waited.
void Scheduler::hold_back(Vector<Ready>* ready, int64_t now) {
  for (const Profile& profile : model_->manifest().profiles) {
    if (!may_wait(*ready, profile.name, now)) continue;
    ready->erase(std::remove_if(ready->begin(), ready->end(),
                                [&](const Ready& r) { return r.stream->profile().name == profile.name; }),
                 ready->end());
  }
}

// Whether the ready streams of a profile can wait for more of it: others are still to come, and neither the
// wait of the first one nor the time to its deadline is over.
bool Scheduler::may_wait(const Vector<Ready>& ready, const std::string& profile, int64_t now) {
  size_t n_ready = 0, n_members = 0;
  const Ready* first = nullptr;
  int64_t since = now;
  {
    const std::lock_guard<std::mutex> lock(members_mutex_);
    for (const auto& stream : members_) n_members += stream->profile().name == profile ? 1 : 0;
  }
  for (const Ready& r : ready) {
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

bool Scheduler::has_failed(const Work& work, const Stream* stream) {
  return std::find(work.failed.begin(), work.failed.end(), stream) != work.failed.end();
}

Scheduler::Cost& Scheduler::cost(const SessionShape& shape) {
  return *std::find_if(costs_.begin(), costs_.end(), [&](const Cost& c) { return c.shape == shape; });
}

// How many streams the next batch takes: the oldest one and those of its profile, a power of two, as far as
// time is left. The first batch of a step runs in any case; when not even one stream fits into the budget, it
// takes as many as are ready, as the fewer batches then catch up sooner than single windows, step after step.
size_t Scheduler::choose(const Vector<Ready>& ready, size_t limit, int64_t ns_left, bool is_first) {
  const Profile& profile = ready.front().stream->profile();
  const auto same = static_cast<size_t>(std::count_if(
      ready.begin(), ready.end(), [&](const Ready& r) { return r.stream->profile().name == profile.name; }));
  size_t bucket = settings_.max_batch;
  while (bucket > std::min(same, limit)) bucket /= 2;
  const size_t most = bucket;
  while (bucket > 0 && ns_left >= 0 && cost(Model::shape(profile, bucket)).ns > ns_left) bucket /= 2;
  return bucket == 0 && is_first ? most : bucket;
}

void Scheduler::gather(size_t n, Work* work, Batch* batch) {
  const std::string& profile = work->ready.front().stream->profile().name;
  for (const Ready& r : work->ready) {
    if (batch->n == n) break;
    if (r.stream->profile().name != profile) continue;
    const size_t i = batch->n;
    try {
      if (!r.stream->begin(this, &batch->windows[i])) continue;
    } catch (const std::exception& e) {
      r.stream->fail(e.what());
      work->failed.push_back(r.stream.get());
      continue;
    }
    batch->streams[batch->n++] = r.stream.get();
  }
}

}  // namespace dt
