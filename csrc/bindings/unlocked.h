// Native work without the interpreter lock, in a way that survives the end of the interpreter.
#pragma once

#include <pybind11/pybind11.h>

#include <utility>

#include "bindings/module.h"

// Whether the interpreter is shutting down, and gives its lock to no other thread any more.
bool is_python_ending();

// Drops the interpreter lock for as long as it lives; other Python threads run meanwhile.
//
// Until Python 3.13 the interpreter ends a daemon thread that asks for the lock once shutdown has begun, by
// pthread_exit. With glibc that unwinds the C++ stack, and reaching a destructor is std::terminate. Such a
// thread is parked here instead, until the process is gone: what Python 3.14 does itself.
class Unlocked {
 public:
  Unlocked();
  ~Unlocked();
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;

 private:
  PyThreadState* state_;
};

// Runs call() -> dt_status without the lock, and raises the exception of a failure.
template <typename Call>
void run_unlocked(Call&& call) {
  dt_status status;
  {
    const Unlocked unlocked;
    status = std::forward<Call>(call)();
  }
  check(status);
}

// Never returns. For a thread that Python has given up.
[[noreturn]] void park();

// Makes the process end at once, with its own exit status, when it ends while a thread is inside the library:
// static destructors would take the ground from under that thread. Called once, when the module is imported.
void guard_process_exit();
