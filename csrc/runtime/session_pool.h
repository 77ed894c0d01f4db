// Sessions of a backend that streams and schedulers borrow for one window each, so that a crowd needs as many
// as there are threads at work, not as many as there are streams.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>

#include "common/allocator.h"
#include "core/backend.h"

namespace dt {

struct SessionShape {
  size_t batch;
  WindowShape window;
  friend bool operator==(const SessionShape& a, const SessionShape& b) {
    return a.batch == b.batch && a.window == b.window;
  }
};

// Any thread. Does not allocate once as many sessions of a shape exist as are in use at the same time.
class SessionPool {
 public:
  explicit SessionPool(Backend* backend) : backend_(backend) {}

  // Runs windows on a session of the shape, a new one when all are in use. Throws what the session throws.
  void run(const SessionShape& shape, const WindowBatch& windows, PhaseTimes* times);
  // Makes sure that n sessions of the shape exist; may compile the networks.
  void warm_up(const SessionShape& shape, size_t n = 1);

 private:
  struct Entry {
    SessionShape shape;
    Vector<std::unique_ptr<Session>> idle;
    size_t n_made = 0;
  };
  Entry& entry(const SessionShape& shape);
  std::unique_ptr<Session> take(const SessionShape& shape);
  void give_back(const SessionShape& shape, std::unique_ptr<Session> session);

  Backend* backend_;
  std::mutex mutex_;
  Vector<Entry> entries_;
};

}  // namespace dt
