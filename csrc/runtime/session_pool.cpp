#include "runtime/session_pool.h"

#include <utility>

namespace dt {

SessionPool::Entry& SessionPool::entry(const SessionShape& shape) {
  for (Entry& e : entries_) {
    if (e.shape == shape) return e;
  }
  entries_.push_back(Entry{shape, {}, 0});
  return entries_.back();
}

std::unique_ptr<Session> SessionPool::take(const SessionShape& shape) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    Entry& e = entry(shape);
    if (!e.idle.empty()) {
      std::unique_ptr<Session> session = std::move(e.idle.back());
      e.idle.pop_back();
      return session;
    }
    e.idle.reserve(++e.n_made);  // giving back must not allocate
  }
  // Without the lock: the backend may compile for a second.
  return backend_->make_session(shape.batch, shape.window);
}

void SessionPool::give_back(const SessionShape& shape, std::unique_ptr<Session> session) {
  const std::lock_guard<std::mutex> lock(mutex_);
  entry(shape).idle.push_back(std::move(session));
}

void SessionPool::run(const SessionShape& shape, const WindowBatch& windows, PhaseTimes* times) {
  std::unique_ptr<Session> session = take(shape);
  try {
    session->run(windows, times);
  } catch (...) {
    give_back(shape, std::move(session));
    throw;
  }
  give_back(shape, std::move(session));
}

void SessionPool::warm_up(const SessionShape& shape, size_t n) {
  std::unique_ptr<Session> session = take(shape);
  if (n > 1) warm_up(shape, n - 1);
  give_back(shape, std::move(session));
}

}  // namespace dt
