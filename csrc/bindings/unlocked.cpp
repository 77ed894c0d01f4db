#include "bindings/unlocked.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#if defined(__GLIBC__)
#include <unistd.h>
#endif

namespace {

std::atomic<int> in_flight{0};

#if defined(__GLIBC__)
void end_at_once(int status, void*) {
  if (in_flight.load() == 0) return;
  std::fflush(nullptr);
  _exit(status);
}

// The handler that is registered last runs first: before the destructors of libraries that were loaded later
// than this module.
void when_python_has_ended() { on_exit(&end_at_once, nullptr); }
#endif

}  // namespace

bool is_python_ending() {
#if PY_VERSION_HEX >= 0x030D0000
  return Py_IsFinalizing() != 0;
#else
  return _Py_IsFinalizing() != 0;
#endif
}

void park() {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

Unlocked::Unlocked() : state_(PyEval_SaveThread()) { in_flight.fetch_add(1); }

Unlocked::~Unlocked() {
  in_flight.fetch_sub(1);
  if (is_python_ending()) park();
  try {
    PyEval_RestoreThread(state_);  // shutdown may also begin while this waits for the lock
  } catch (...) {                  // pthread_exit
    park();
  }
}

void guard_process_exit() {
#if defined(__GLIBC__)
  Py_AtExit(&when_python_has_ended);
#endif
}
