// A few threads that share the tasks of one caller. The caller works too and takes whatever nobody has begun,
// so that a thread without a core delays it by the task at hand at most.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace dt::cpu {

class Pool {
 public:
  // n_threads: the caller among them; with 1 nothing is started, and fewer where the system gives no more.
  explicit Pool(int n_threads);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  size_t n_threads() const { return threads_.size() + 1; }

  // A fork has the memory of this and none of its threads: it must neither run nor destroy it.
  bool is_of_this_process() const;

  // Whoever gets true may run() until release(). Any thread.
  bool try_acquire() { return is_of_this_process() && !is_taken_.exchange(true, std::memory_order_acquire); }
  void release() { is_taken_.store(false, std::memory_order_release); }

  // Calls work(context, task, thread) for every task below n_tasks, at most 2^16, each once; thread: 0 for
  // the caller, below n_threads(). Returns when all are done. `work` does not throw. Allocates nothing.
  using Work = void (*)(void* context, size_t task, size_t thread);
  void run(size_t n_tasks, Work work, void* context);

 private:
  void serve(size_t thread);
  // One task of the round that ticket names, where one is left.
  bool work_on(uint64_t round, size_t thread);
  void wait_for_round(uint64_t after);

  // Round, number of tasks, and the next one: 32, 16 and 16 bits.
  std::atomic<uint64_t> ticket_{0};
  std::atomic<size_t> n_done_{0};
  Work work_ = nullptr;
  void* context_ = nullptr;
  std::atomic<bool> is_taken_{false}, is_ending_{false};
  std::atomic<int> n_asleep_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::thread> threads_;
  int64_t process_;
};

}  // namespace dt::cpu
