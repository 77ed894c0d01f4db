#include "backends/cpu/pool.h"

#include <chrono>
#include <system_error>

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace dt::cpu {
namespace {

// How long a thread looks for the next round before it sleeps: longer than the gaps within a window, far
// shorter than those between windows.
constexpr auto kPatience = std::chrono::microseconds(60);

void pause_briefly() {
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

int64_t this_process() {
#if defined(__unix__) || defined(__APPLE__)
  return getpid();
#else
  return 0;  // no fork
#endif
}

uint64_t round_of(uint64_t ticket) { return ticket >> 32; }
size_t tasks_of(uint64_t ticket) { return (ticket >> 16) & 0xFFFF; }
size_t next_of(uint64_t ticket) { return ticket & 0xFFFF; }

}  // namespace

Pool::Pool(int n_threads) : process_(this_process()) {
  try {
    for (int i = 1; i < n_threads; ++i) threads_.emplace_back([this, i] { serve(static_cast<size_t>(i)); });
  } catch (const std::system_error&) {  // no more threads: those there are do the work
  }
}

bool Pool::is_of_this_process() const { return process_ == this_process(); }

Pool::~Pool() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_ending_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool Pool::work_on(uint64_t round, size_t thread) {
  uint64_t ticket = ticket_.load(std::memory_order_acquire);
  for (;;) {
    if (round_of(ticket) != round || next_of(ticket) >= tasks_of(ticket)) return false;
    if (ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel)) break;
  }
  // The round cannot end before this task has, so what it works on stays.
  work_(context_, next_of(ticket), thread);
  n_done_.fetch_add(1, std::memory_order_acq_rel);
  return true;
}

void Pool::wait_for_round(uint64_t after) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    for (int i = 0; i < 64; ++i) {
      if (round_of(ticket_.load(std::memory_order_acquire)) != after || is_ending_) return;
      pause_briefly();
    }
  }
  std::unique_lock<std::mutex> lock(mutex_);
  ++n_asleep_;
  wake_.wait(lock, [&] { return is_ending_ || round_of(ticket_.load()) != after; });
  --n_asleep_;
}

void Pool::serve(size_t thread) {
  for (uint64_t seen = 0; !is_ending_;) {
    wait_for_round(seen);
    seen = round_of(ticket_.load(std::memory_order_acquire));
    while (work_on(seen, thread)) {
    }
  }
}

void Pool::run(size_t n_tasks, Work work, void* context) {
  if (threads_.empty() || n_tasks < 2) {
    for (size_t i = 0; i < n_tasks; ++i) work(context, i, 0);
    return;
  }
  work_ = work, context_ = context;
  n_done_.store(0, std::memory_order_relaxed);
  const uint64_t round = (round_of(ticket_.load(std::memory_order_relaxed)) + 1) & 0xFFFFFFFF;
  ticket_.store(round << 32 | static_cast<uint64_t>(n_tasks) << 16);  // in one order with n_asleep_
  if (n_asleep_.load() > 0) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
    }  // whoever is about to sleep sees the round, or is asleep
    wake_.notify_all();
  }
  while (work_on(round, 0)) {
  }
  for (int i = 0; n_done_.load(std::memory_order_acquire) < n_tasks; ++i) {
    i < 10000 ? pause_briefly() : std::this_thread::yield();
  }
}

}  // namespace dt::cpu
