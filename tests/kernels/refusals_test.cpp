// What a device refuses is an error of the caller, and of nobody after him; threads run in both orders.
#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/error.h"
#include "kernels/cuda_launch.h"
#include "kernels/denormalise.h"

namespace dt::test {
namespace {

TEST(Launch, OverTheMostBlocksIsAnErrorOnce) {
  std::vector<float> one(1);
  DenormaliseArgs a;
  a.x_t = a.std = a.mean = a.lo = a.hi = one.data();
  a.w = one.data();
  a.batch = 65536, a.window = 1, a.hop = 1, a.channels = 1;
  try {
    denormalise_cuda(a, nullptr);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), DT_INTERNAL_ERROR);
    EXPECT_NE(std::string(e.what()).find("denormalise could not be launched"), std::string::npos) << e.what();
  }
  a.batch = 1;
  denormalise_cuda(a, nullptr);
}

void keep_order(std::vector<unsigned>* seen) {
  seen->push_back(blockIdx.y * 100 + blockIdx.x * 10 + threadIdx.x);
}

TEST(Launch, RunsEveryThreadInBothOrders) {
  std::vector<unsigned> forwards, backwards;
  host_cuda::set_backwards(false);
  host_cuda::launch(&keep_order, dim3(2, 2), 2, &forwards);
  host_cuda::set_backwards(true);
  host_cuda::launch(&keep_order, dim3(2, 2), 2, &backwards);
  EXPECT_EQ(forwards, (std::vector<unsigned>{0, 1, 10, 11, 100, 101, 110, 111}));
  EXPECT_EQ(backwards, (std::vector<unsigned>(forwards.rbegin(), forwards.rend())));
}

}  // namespace
}  // namespace dt::test
