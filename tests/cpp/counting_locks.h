// Counts every mutex that the calling thread locks, as std::mutex does it. Linux with glibc only; include it
// in one file of a program.
#pragma once

#include <dlfcn.h>
#include <pthread.h>

#include <cstdint>

namespace dt::test {

inline thread_local int64_t g_n_locks_here = 0;

// Locks of the calling thread while body runs.
template <typename Body>
int64_t locks_in(Body&& body) {
  const int64_t before = g_n_locks_here;
  body();
  return g_n_locks_here - before;
}

}  // namespace dt::test

extern "C" int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  using Lock = int (*)(pthread_mutex_t*);
  static const auto next = reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  ++dt::test::g_n_locks_here;
  return next(mutex);
}
