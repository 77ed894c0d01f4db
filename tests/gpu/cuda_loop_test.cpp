// The loop on a real GPU with toy networks: recording, replay, batches, faults. Each kind of test in a
// process of its own (run.sh), since a lost device takes its process with it.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include "backend_support.h"
#include "backends/gpu/cuda_device.h"
#include "backends/gpu/gpu_backend.h"
#include "backends/reference/reference_backend.h"
#include "stream_support.h"
#include "toy_engines.h"

namespace dt::test {
namespace {

class CudaLoop : public testing::Test {
 protected:
  void SetUp() override {
    try {
      cuda_info(0);
    } catch (const Error& e) {
      GTEST_SKIP() << e.what();
    }
    device_ = make_cuda_device(0);
  }
  std::unique_ptr<GpuBackend> create(std::vector<size_t> batches, bool record = true,
                                     size_t more_scratch = 0) {
    const Log log{[](void* user, int32_t, const char* text) {
                    static_cast<std::vector<std::string>*>(user)->push_back(text);
                  },
                  &messages_};
    auto engines = std::make_unique<ToyEngines>(*device_, std::vector<size_t>{kWindow}, std::move(batches),
                                                more_scratch);
    engines_ = engines.get();
    return std::make_unique<GpuBackend>(bundle_, "toy", make_cuda_device(0), std::move(engines), log, record);
  }
  std::vector<std::vector<float>> frames_of(GpuBackend* backend, size_t n, size_t batch) {
    Crowd crowd(n, backend);
    const auto session = backend->make_session(batch, kWindow, kPast);
    for (size_t i = 0; i < n; i += batch) crowd.run(session.get(), i, std::min(batch, n - i));
    return crowd.x_t;
  }

  Bundle bundle_ = bundle_of_networks();
  std::unique_ptr<GpuDevice> device_;
  ToyEngines* engines_ = nullptr;
  std::vector<std::string> messages_;
};

// 1e-5: rounding of the toy networks' sums and of tanhf, twice.
TEST_F(CudaLoop, AgreesWithTheReference) {
  const auto backend = create({1, 8});
  const auto judge = reference_backend_factory().create(bundle_, {});
  Crowd crowd(5, judge.get());
  const auto session = judge->make_session(1, kWindow, kPast);
  for (size_t i = 0; i < 5; ++i) crowd.run(session.get(), i, 1);
  const auto got = frames_of(backend.get(), 5, 1);
  for (size_t s = 0; s < 5; ++s) {
    for (size_t i = 0; i < got[s].size(); ++i)
      ASSERT_NEAR(got[s][i], crowd.x_t[s][i], 1e-5f) << s << " " << i;
  }
  EXPECT_TRUE(messages_.empty()) << messages_[0];
}

TEST_F(CudaLoop, ReplayIsEagerBitByBit) {
  const auto recorded = create({1, 8}), eager = create({1, 8}, false);
  EXPECT_EQ(frames_of(recorded.get(), 20, 1), frames_of(eager.get(), 20, 1));
  EXPECT_EQ(frames_of(recorded.get(), 20, 8), frames_of(eager.get(), 20, 8));
}

TEST_F(CudaLoop, BatchingNeverMatters) {
  const auto backend = create({1, 8, 64});
  const auto alone = frames_of(backend.get(), 100, 1);
  for (const size_t batch : {2u, 8u, 9u, 64u, 100u})
    EXPECT_EQ(frames_of(backend.get(), 100, batch), alone) << batch;
}

TEST_F(CudaLoop, AStreamIsTheWholeFileBitByBit) {
  const std::vector<float> audio = sweep(80000);
  std::vector<float> whole;
  for (const size_t chunk : {audio.size(), size_t{160}, size_t{1333}}) {
    const auto model = Model::create(bundle_, create({1, 8}));
    Stream stream(model, make_settings(*model));
    const std::vector<float> frames = animate(stream, audio, 16000, chunk);
    if (whole.empty()) whole = frames;
    EXPECT_EQ(frames, whole) << chunk;
  }
  EXPECT_EQ(whole.size(), 150u * kChannels);
}

TEST_F(CudaLoop, SoakKeepsMemoryAndBits) {
  const auto backend = create({1, 8});
  const auto session = backend->make_session(8, kWindow, kPast);
  Crowd crowd(8, backend.get());
  const auto start = crowd.x_t;
  crowd.run(session.get(), 0, 8);
  const auto first = crowd.x_t;
  size_t free_before = 0, free_after = 0, total = 0;
  cudaMemGetInfo(&free_before, &total);
  for (int i = 0; i < 10000; ++i) {
    crowd.x_t = start;
    crowd.run(session.get(), 0, static_cast<size_t>(1 + i % 8));
  }
  crowd.x_t = start;
  crowd.run(session.get(), 0, 8);
  cudaMemGetInfo(&free_after, &total);
  EXPECT_EQ(crowd.x_t, first);
  EXPECT_EQ(free_before, free_after);
  RecordProperty("hops", 10000);
}

TEST_F(CudaLoop, OutOfMemoryTakesASmallerBucket) {
  size_t free = 0, total = 0;
  cudaMemGetInfo(&free, &total);
  const auto backend =
      create({1, 8, 64}, true, total / 20);  // 64 streams want three times the memory there is
  EXPECT_EQ(frames_of(backend.get(), 10, 64), frames_of(create({1, 8}).get(), 10, 1));
  ASSERT_FALSE(messages_.empty());
  EXPECT_NE(messages_[0].find("no memory for 64 streams"), std::string::npos) << messages_[0];
}

// Last, and alone: nothing of CUDA works in this process afterwards.
TEST_F(CudaLoop, ZLostDeviceIsAClearError) {
  const auto backend = create({1}, false);
  const auto session = backend->make_session(1, kWindow, kPast);
  Crowd crowd(1, backend.get());
  const auto before = crowd.x_t;
  engines_->crash();
  const std::string message = message_of([&] { crowd.run(session.get(), 0, 1); });
  EXPECT_NE(message.find("the GPU stopped working"), std::string::npos) << message;
  EXPECT_EQ(message_of([&] { crowd.run(session.get(), 0, 1); }), message);
  EXPECT_EQ(crowd.x_t, before);
}

}  // namespace
}  // namespace dt::test
