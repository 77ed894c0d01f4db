// The threads of the cpu backend, and the choice of kernels.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <vector>

#include "backends/cpu/pool.h"
#include "backends/cpu/tables.h"
#include "common/error.h"

namespace dt::cpu {
namespace {

struct Count {
  std::vector<std::atomic<int>> of_task;
  std::atomic<size_t> highest_thread{0};
  static void work(void* context, size_t task, size_t thread) {
    auto& self = *static_cast<Count*>(context);
    self.of_task[task].fetch_add(1);
    if (thread > self.highest_thread) self.highest_thread = thread;
  }
};

TEST(CpuPool, EveryTaskIsDoneOnceInEveryRound) {
  for (const int n_threads : {1, 2, 3}) {
    Pool pool(n_threads);
    for (const size_t n_tasks : {size_t{0}, size_t{1}, size_t{2}, size_t{7}}) {
      Count count{std::vector<std::atomic<int>>(7)};
      for (int round = 0; round < 300; ++round) {
        pool.run(n_tasks, &Count::work, &count);
        for (size_t i = 0; i < 7; ++i) ASSERT_EQ(count.of_task[i], i < n_tasks ? round + 1 : 0);
      }
      EXPECT_LT(count.highest_thread, static_cast<size_t>(n_threads));
    }
  }
}

TEST(CpuPool, IsForOneCallerAtATime) {
  Pool pool(2);
  EXPECT_TRUE(pool.try_acquire());
  EXPECT_FALSE(pool.try_acquire());
  pool.release();
  EXPECT_TRUE(pool.try_acquire());
}

TEST(CpuKernels, AreChosenByName) {
  const std::vector<const Kernels*>& usable = usable_kernels();
  ASSERT_FALSE(usable.empty());
  for (const Kernels* kernels : usable) EXPECT_EQ(&find_kernels(kernels->name), kernels);
  EXPECT_STREQ(usable.back()->name, "portable");
}

TEST(CpuKernels, UnknownNameSaysWhichThereAre) {
  try {
    find_kernels("mmx");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), DT_NO_BACKEND);
    EXPECT_NE(std::string(e.what()).find("DT_CPU_ISA is \"mmx\""), std::string::npos);
    EXPECT_NE(std::string(e.what()).find("portable"), std::string::npos);
  }
}

}  // namespace
}  // namespace dt::cpu
