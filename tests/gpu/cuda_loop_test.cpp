// The loop on a real GPU with toy networks: recording, replay, batches, faults. Each kind of test in a
// process of its own (run.sh), since a lost device takes its process with it.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include "backend_support.h"
#include "backends/gpu/cuda_device.h"
#include "backends/gpu/gpu_backend.h"
#include "backends/reference/reference_backend.h"
#include "common/clock.h"
#include "runtime/device_array.h"
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
  std::unique_ptr<GpuBackend> create(std::vector<size_t> batches, HopOptions options = {},
                                     size_t more_scratch = 0) {
    const Log log{[](void* user, int32_t, const char* text) {
                    static_cast<std::vector<std::string>*>(user)->push_back(text);
                  },
                  &messages_};
    auto engines = std::make_unique<ToyEngines>(*device_, std::vector<size_t>{kWindow}, std::move(batches),
                                                more_scratch);
    engines_ = engines.get();
    return std::make_unique<GpuBackend>(bundle_, "toy", make_cuda_device(0), std::move(engines), log,
                                        options);
  }
  std::vector<std::vector<float>> frames_of(GpuBackend* backend, size_t n, size_t batch) {
    Crowd crowd(n, backend);
    const auto session = backend->make_session(batch, kShape);
    for (size_t i = 0; i < n; i += batch) crowd.run(session.get(), i, std::min(batch, n - i));
    return crowd.results();
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
  const auto session = judge->make_session(1, kShape);
  for (size_t i = 0; i < 5; ++i) crowd.run(session.get(), i, 1);
  const auto got = frames_of(backend.get(), 5, 1);
  for (size_t s = 0; s < 5; ++s) {
    for (size_t i = 0; i < got[s].size(); ++i)
      ASSERT_NEAR(got[s][i], crowd.result(s)[i], 1e-5f) << s << " " << i;
  }
  EXPECT_TRUE(messages_.empty()) << messages_[0];
}

TEST_F(CudaLoop, ReplayIsEagerBitByBit) {
  const auto recorded = create({1, 8}), eager = create({1, 8}, {false, false});
  EXPECT_EQ(frames_of(recorded.get(), 20, 1), frames_of(eager.get(), 20, 1));
  EXPECT_EQ(frames_of(recorded.get(), 20, 8), frames_of(eager.get(), 20, 8));
}

// Events inside of the graph: the parts are there, sum up to no more than the launch took, and change no bit.
TEST_F(CudaLoop, ProfilingTellsThePartsApart) {
  const auto backend = create({8}, {true, true});
  const auto session = backend->make_session(8, kShape);
  Crowd crowd(8, backend.get());
  crowd.run(session.get(), 0, 8);
  const int64_t start = now_ns();
  const PhaseTimes times = crowd.run(session.get(), 0, 8);
  const int64_t wall = now_ns() - start;
  EXPECT_GT(times.encoder_ns, 0);
  EXPECT_GT(times.denoiser_ns, 0);
  EXPECT_GT(times.update_ns, 0);
  EXPECT_GT(times.post_ns, 0);
  EXPECT_LE(times.encoder_ns + times.denoiser_ns + times.update_ns + times.post_ns, wall);
  EXPECT_TRUE(messages_.empty()) << messages_[0];
  EXPECT_EQ(frames_of(backend.get(), 8, 8), frames_of(create({8}).get(), 8, 8));
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

// What a program's own stream copies after its wait for the array.
std::vector<float> copied(const DeviceArray& array, size_t n) {
  std::vector<float> values(n);
  cudaStream_t mine = nullptr;
  cudaStreamCreateWithFlags(&mine, cudaStreamNonBlocking);
  array.wait(mine);
  cudaMemcpyAsync(values.data(), array.data(), n * sizeof(float), cudaMemcpyDeviceToHost, mine);
  cudaStreamSynchronize(mine);
  cudaStreamDestroy(mine);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  return values;
}

// Frames and their vertices, in arrays of several sizes, against a pull and the rig's reference.
TEST_F(CudaLoop, FramesStayOnTheDeviceBitByBit) {
  const std::vector<float> audio = sweep(80000);
  const auto model = Model::create(bundle_, create({1}));
  Stream host(model, make_settings(*model));
  const std::vector<float> want = animate(host, audio, 16000, audio.size());
  constexpr size_t kVertices = 1000;
  const std::vector<float> neutral = random_values(3 * kVertices, 1),
                           deltas = random_values(kChannels * 3 * kVertices, 2);
  const DeviceRig rig(model, neutral.data(), kVertices, deltas.data());
  for (const int64_t rows : {6, 13, 150}) {
    Stream stream(model, make_settings(*model));
    stream.push(audio.data(), audio.size(), 1, 16000);
    stream.flush();
    DeviceArray frames(model, {rows, kChannels}), vertices(model, {rows, kVertices, 3});
    EXPECT_EQ(frames.device().type(), DeviceType::kCuda);
    EXPECT_EQ(cudaEventQuery(static_cast<cudaEvent_t>(frames.event())), cudaSuccess);
    std::vector<float> got;
    int64_t first = 0;
    while (const size_t n = stream.pull_device(&frames, &first)) {
      rig.pose(frames, n, &vertices);
      const std::vector<float> weights = copied(frames, n * kChannels),
                               posed = copied(vertices, n * kVertices * 3);
      got.insert(got.end(), weights.begin(), weights.end());
      for (size_t i = 0; i < posed.size(); i += 97) {
        const size_t f = i / (3 * kVertices), at = i % (3 * kVertices);
        float sum = neutral[at];
        for (size_t c = 0; c < kChannels; ++c) {
          sum += weights[f * kChannels + c] * deltas[c * 3 * kVertices + at];
        }
        ASSERT_EQ(posed[i], sum) << i;
      }
    }
    EXPECT_EQ(got, want) << rows;
  }
}

TEST_F(CudaLoop, SoakKeepsMemoryAndBits) {
  const auto backend = create({1, 8});
  const auto session = backend->make_session(8, kShape);
  Crowd crowd(8, backend.get());
  const auto start = crowd.past;
  crowd.run(session.get(), 0, 1);  // both buckets have their graph before memory is measured
  crowd.past = start;
  crowd.run(session.get(), 0, 8);
  const auto first = crowd.results();
  size_t free_before = 0, free_after = 0, total = 0;
  cudaMemGetInfo(&free_before, &total);
  for (int i = 0; i < 10000; ++i) {
    crowd.past = start;
    crowd.run(session.get(), 0, static_cast<size_t>(1 + i % 8));
  }
  crowd.past = start;
  crowd.run(session.get(), 0, 8);
  cudaMemGetInfo(&free_after, &total);
  EXPECT_EQ(crowd.results(), first);
  EXPECT_EQ(free_before, free_after);
  RecordProperty("hops", 10000);
}

TEST_F(CudaLoop, OutOfMemoryTakesASmallerBucket) {
  size_t free = 0, total = 0;
  cudaMemGetInfo(&free, &total);
  const auto backend = create({1, 8, 64}, {}, total / 20);  // 64 streams want three times the memory there is
  EXPECT_EQ(frames_of(backend.get(), 10, 64), frames_of(create({1, 8}).get(), 10, 1));
  ASSERT_FALSE(messages_.empty());
  EXPECT_NE(messages_[0].find("no memory for 64 streams"), std::string::npos) << messages_[0];
}

// Last, and alone: nothing of CUDA works in this process afterwards.
TEST_F(CudaLoop, ZLostDeviceIsAClearError) {
  const auto backend = create({1}, {false, false});
  const auto session = backend->make_session(1, kShape);
  Crowd crowd(1, backend.get());
  const auto before = crowd.results();
  engines_->crash();
  const std::string message = message_of([&] { crowd.run(session.get(), 0, 1); });
  EXPECT_NE(message.find("the GPU stopped working"), std::string::npos) << message;
  EXPECT_EQ(message_of([&] { crowd.run(session.get(), 0, 1); }), message);
  EXPECT_EQ(crowd.results(), before);
}

}  // namespace
}  // namespace dt::test
