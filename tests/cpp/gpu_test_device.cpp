// Frames and vertices that stay on the device, with a GPU that computes on the host.
#include <gtest/gtest.h>

#include "backend_support.h"
#include "backends/gpu/gpu_backend.h"
#include "backends/reference/reference_backend.h"
#include "host_gpu.h"
#include "runtime/device_array.h"
#include "runtime/scheduler.h"
#include "stream_support.h"

namespace dt::test {
namespace {

class GpuArrays : public testing::Test {
 protected:
  std::shared_ptr<Model> model() { return model(state_); }
  static std::shared_ptr<Model> model(const std::shared_ptr<HostGpuState>& state) {
    Bundle bundle = bundle_of_networks();
    const std::map<size_t, std::vector<size_t>> batches{{kWindow, {1, 4}}};
    auto engines = std::make_unique<HostEngines>(bundle, state, batches);
    auto backend = std::make_unique<GpuBackend>(bundle, "host-gpu", std::make_unique<HostDevice>(state),
                                                std::move(engines), Log{});
    return Model::create(std::move(bundle), std::move(backend));
  }
  // All frames of a stream, pulled into arrays of `rows` frames.
  std::vector<float> pull_all_device(Stream* stream, size_t rows) {
    DeviceArray array(stream->model(), {static_cast<int64_t>(rows), static_cast<int64_t>(kChannels)});
    std::vector<float> out;
    int64_t first = 0;
    while (const size_t n = stream->pull_device(&array, &first)) {
      EXPECT_EQ(static_cast<size_t>(first), out.size() / kChannels);
      EXPECT_EQ(state_->events.at(array.event()), state_->clock_ns) << "the event is behind all the work";
      out.insert(out.end(), array.data(), array.data() + n * kChannels);
    }
    return out;
  }
  std::vector<float> frames(const StreamSettings& settings, const std::shared_ptr<Model>& m, size_t rows) {
    Stream stream(m, settings);
    stream.push(audio_.data(), audio_.size(), 1, 16000);
    stream.flush();
    if (rows > 0) return pull_all_device(&stream, rows);
    std::vector<float> out;
    pull_all(stream, &out);
    return out;
  }

  const std::vector<float> audio_ = sweep(24000);
  std::shared_ptr<HostGpuState> state_ = std::make_shared<HostGpuState>();
};

// Whatever the size of the arrays, and with every kind of post-processing.
TEST_F(GpuArrays, HoldTheFramesOfAPull) {
  const std::shared_ptr<Model> m = model();
  StreamSettings plain = make_settings(*m), all_on = plain;
  all_on.post.smoothing_ms = 80;
  all_on.post.gate.is_on = true;
  for (const StreamSettings& settings : {plain, all_on}) {
    const std::vector<float> want = frames(settings, m, 0);
    ASSERT_EQ(want.size(), 45u * kChannels);
    for (const size_t rows : {1u, 5u, 6u, 7u, 12u, 100u}) EXPECT_EQ(frames(settings, m, rows), want) << rows;
  }
}

// Frames as the networks gave them do not pass through the host: an upload is one piece of work, and so is
// the device's own copy, which is part of the hop.
TEST_F(GpuArrays, PlainFramesAreCopiedByTheDevice) {
  const std::shared_ptr<Model> m = model();
  StreamSettings settings = make_settings(*m);
  Stream stream(m, settings);
  stream.push(audio_.data(), audio_.size(), 1, 16000);
  DeviceArray array(m, {6, static_cast<int64_t>(kChannels)});
  int64_t first = 0;
  ASSERT_EQ(stream.pull_device(&array, &first), 6u);  // the style's upload, and the warm-up of the graph
  const size_t enqueued = state_->n_enqueued;
  const int launches = state_->n_launches;
  ASSERT_EQ(stream.pull_device(&array, &first), 6u);
  EXPECT_EQ(state_->n_launches, launches + 1);
  EXPECT_EQ(state_->n_enqueued, enqueued + 1) << "one copy on the device, no upload";
}

TEST_F(GpuArrays, TakeFramesThatASchedulerComputed) {
  const std::shared_ptr<Model> m = model();
  const std::vector<float> want = frames(make_settings(*m), m, 0);
  Scheduler scheduler(m, {});
  const auto stream = std::make_shared<Stream>(m, make_settings(*m));
  scheduler.add(stream);
  stream->push(audio_.data(), audio_.size(), 1, 16000);
  stream->flush();
  DeviceArray array(m, {100, static_cast<int64_t>(kChannels)});
  std::vector<float> got;
  int64_t first = 0;
  while (scheduler.step(-1, -1).n_windows > 0) {
    const size_t n = stream->pull_device(&array, &first);
    got.insert(got.end(), array.data(), array.data() + n * kChannels);
  }
  EXPECT_EQ(got, want);
}

// The easing after an interrupt begins with the pose that was pulled last, on whichever side.
TEST_F(GpuArrays, AnInterruptEasesFromTheLastPose) {
  const std::shared_ptr<Model> m = model();
  std::vector<float> got[2];
  for (const bool on_device : {false, true}) {
    Stream stream(m, make_settings(*m));
    stream.push(audio_.data(), audio_.size(), 1, 16000);
    DeviceArray array(m, {12, static_cast<int64_t>(kChannels)});
    std::vector<float> host(12 * kChannels);
    int64_t first = 0;
    const auto pull = [&] {
      const size_t n = on_device ? stream.pull_device(&array, &first) : stream.pull(host.data(), 12, &first);
      const float* from = on_device ? array.data() : host.data();
      got[on_device].insert(got[on_device].end(), from, from + n * kChannels);
    };
    pull();
    stream.interrupt(200);
    pull();
    EXPECT_EQ(stream.stats().n_frames, 18);
    EXPECT_EQ(stream.stats().n_underruns, 0);
  }
  EXPECT_EQ(got[1].size(), 18u * kChannels);
  EXPECT_EQ(got[1], got[0]);
}

TEST_F(GpuArrays, AFailedWindowCostsNoFrame) {
  const std::shared_ptr<Model> m = model();
  const std::vector<float> want = frames(make_settings(*m), m, 0);
  Stream stream(m, make_settings(*m));
  stream.push(audio_.data(), audio_.size(), 1, 16000);
  stream.flush();
  DeviceArray array(m, {100, static_cast<int64_t>(kChannels)});
  int64_t first = 0;
  state_->fail_launches = 1;
  EXPECT_NE(message_of([&] { stream.pull_device(&array, &first); }).find("refused a call"),
            std::string::npos);
  EXPECT_EQ(stream.pull_device(&array, &first), 45u);
  EXPECT_EQ(first, 0);
  EXPECT_EQ(std::vector<float>(array.data(), array.data() + want.size()), want);
}

// Weights in, the dense sum of shapes out; the event is the rig's, and streams wait for it.
TEST_F(GpuArrays, ARigPosesOnTheDevice) {
  const std::shared_ptr<Model> m = model();
  constexpr size_t kVertices = 4;
  const std::vector<float> neutral = random_values(3 * kVertices, 1);
  std::vector<float> deltas = random_values(kChannels * 3 * kVertices, 2);
  std::fill_n(deltas.begin(), 6, 0.0f);  // shape 0 moves neither vertex 0 nor 1
  const DeviceRig rig(m, neutral.data(), kVertices, deltas.data());
  DeviceArray frames(m, {2, static_cast<int64_t>(kChannels)}), vertices(m, {3, kVertices, 3});
  const std::vector<float> weights = random_values(2 * kChannels, 3);
  frames.device().upload(frames.data(), weights.data(), weights.size() * sizeof(float));
  rig.pose(frames, 2, &vertices);
  for (size_t f = 0; f < 2; ++f) {
    for (size_t i = 0; i < 3 * kVertices; ++i) {
      double want = neutral[i];
      for (size_t c = 0; c < kChannels; ++c) {
        want += double{weights[f * kChannels + c]} * deltas[c * 3 * kVertices + i];
      }
      EXPECT_NEAR(vertices.data()[f * 3 * kVertices + i], want, 1e-6) << f << " " << i;
    }
  }
  int stream = 0;
  vertices.wait(&stream);
  ASSERT_EQ(state_->waits.size(), 1u);
  EXPECT_EQ(state_->waits[0], std::make_pair(static_cast<void*>(&stream), state_->clock_ns));
}

TEST_F(GpuArrays, RefuseWhatDoesNotFit) {
  const std::shared_ptr<Model> m = model(), other = model(std::make_shared<HostGpuState>());
  const std::vector<float> zeros(kChannels * 12);
  const DeviceRig rig(m, zeros.data(), 4, zeros.data());
  DeviceArray frames(m, {2, 2}), foreign(other, {2, 2}), vertices(m, {2, 4, 3}), few(m, {2, 3, 3});
  const auto message = [&](DeviceArray& from, size_t n, DeviceArray& to) {
    return message_of([&] { rig.pose(from, n, &to); });
  };
  EXPECT_NE(message(foreign, 1, vertices).find("the same model"), std::string::npos);
  EXPECT_NE(message(frames, 1, few).find("its vertices have 9, the rig takes 2 and gives 12"),
            std::string::npos);
  EXPECT_NE(message(frames, 3, vertices).find("n_frames is 3"), std::string::npos);
  Stream stream(m, make_settings(*m));
  int64_t first = 0;
  EXPECT_NE(message_of([&] { stream.pull_device(&foreign, &first); }).find("stream's model"),
            std::string::npos);
  EXPECT_NE(message_of([&] { stream.pull_device(&vertices, &first); }).find("12 values a row"),
            std::string::npos);
  state_->memory_bytes = state_->used_bytes;
  EXPECT_NE(message_of([&] { DeviceArray(m, {1}); }).find("no memory left"), std::string::npos);
}

TEST(DeviceArrays, WithoutADeviceAreOneSentence) {
  Recorder recorder;
  const std::shared_ptr<Model> m = fake_model(&recorder);
  const std::string message = message_of([&] { DeviceArray(m, {1, 2}); });
  EXPECT_NE(message.find("backend \"fake\" computes on the processor"), std::string::npos) << message;
}

// The host's memory stands in for a device, to try programs.
TEST(DeviceArrays, OfTheReferenceAreHostMemory) {
  Bundle bundle = bundle_of_networks();
  auto backend = reference_backend_factory().create(bundle, {});
  const std::shared_ptr<Model> m = Model::create(std::move(bundle), std::move(backend));
  const std::vector<float> audio = sweep(8000);
  std::vector<float> want;
  Stream host(m, make_settings(*m)), device(m, make_settings(*m));
  for (Stream* stream : {&host, &device}) {
    stream->push(audio.data(), audio.size(), 1, 16000);
    stream->flush();
  }
  pull_all(host, &want);
  DeviceArray array(m, {50, static_cast<int64_t>(kChannels)});
  int64_t first = 0;
  ASSERT_EQ(device.pull_device(&array, &first), want.size() / kChannels);
  EXPECT_EQ(std::vector<float>(array.data(), array.data() + want.size()), want);
  EXPECT_EQ(array.device().type(), DeviceType::kHost);
}

}  // namespace
}  // namespace dt::test
