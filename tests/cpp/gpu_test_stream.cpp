// Streams on the GPU's loop: any pushes, alone or in a crowd that others join and leave.
#include <gtest/gtest.h>

#include "backend_support.h"
#include "backends/gpu/gpu_backend.h"
#include "host_gpu.h"
#include "runtime/scheduler.h"
#include "stream_support.h"

namespace dt::test {
namespace {

class GpuStreams : public testing::Test {
 protected:
  std::shared_ptr<Model> model() {
    Bundle bundle = bundle_of_networks();
    const std::map<size_t, std::vector<size_t>> batches{{kWindow, {1, 4}}};
    auto engines = std::make_unique<HostEngines>(bundle, state_, batches);
    auto backend = std::make_unique<GpuBackend>(bundle, "host-gpu", std::make_unique<HostDevice>(state_),
                                                std::move(engines), Log{});
    return Model::create(std::move(bundle), std::move(backend));
  }
  std::vector<float> frames(size_t chunk) {
    const std::shared_ptr<Model> m = model();
    Stream stream(m, make_settings(*m));
    return animate(stream, audio_, 16000, chunk);
  }

  const std::vector<float> audio_ = sweep(24000);
  std::shared_ptr<HostGpuState> state_ = std::make_shared<HostGpuState>();
};

TEST_F(GpuStreams, AnyPushesGiveTheFramesOfTheWholeFile) {
  const std::vector<float> whole = frames(audio_.size());
  EXPECT_EQ(whole.size(), 45u * 2);
  EXPECT_EQ(frames(160), whole);
  EXPECT_EQ(frames(777), whole);
}

// Streams join one after the other, and leave when they are done.
TEST_F(GpuStreams, InACrowdFramesAreThoseOfTheStreamAlone) {
  const std::vector<float> alone = frames(audio_.size());
  const std::shared_ptr<Model> m = model();
  Scheduler scheduler(m, {});
  std::vector<std::shared_ptr<Stream>> streams;
  std::vector<std::vector<float>> got(6);
  for (size_t i = 0; i < got.size(); ++i) {
    streams.push_back(std::make_shared<Stream>(m, make_settings(*m)));
    streams[i]->push(audio_.data(), audio_.size(), 1, 16000);
    streams[i]->flush();
    scheduler.add(streams[i]);
    scheduler.step(-1, i < 3 ? 2 : -1);
    if (i == 2) {
      scheduler.remove(streams[0]);
      scheduler.add(streams[0]);
    }
  }
  for (int64_t n_windows = 1; n_windows > 0;) {  // a stream waits while nobody pulls
    for (size_t i = 0; i < got.size(); ++i) pull_all(*streams[i], &got[i]);
    n_windows = scheduler.step(-1, -1).n_windows;
  }
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i].size(), alone.size());
    for (size_t k = 0; k < alone.size(); ++k) ASSERT_NEAR(got[i][k], alone[k], 1e-5f) << i << " " << k;
  }
  EXPECT_EQ(state_->n_captures, 1 + 2) << "one for the stream alone, one for each batch of the crowd";
}

}  // namespace
}  // namespace dt::test
