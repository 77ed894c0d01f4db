// Nothing allocates in steady state: push, pull, control calls and the scheduler, on a backend that allocates
// nothing itself. The count is of the whole process, by an interposed malloc.
#include <gtest/gtest.h>

#include <memory>
#include <mutex>

#include "backends/cpu/cpu_backend.h"
#include "counting_locks.h"
#include "counting_malloc.h"
#include "runtime/scheduler.h"
#include "stream_support.h"

namespace dt {
namespace {

using test::allocations_in;
using test::locks_in;
using test::make_settings;
using test::sweep;

class QuietSession : public Session {
 public:
  void run(const WindowBatch& w, PhaseTimes*) override {
    for (size_t b = 0; b < w.batch; ++b) {
      for (size_t i = 0; i < 2 * w.shape.hop; ++i) w.streams[b].weights[i] = 0.5f;
    }
  }
};

class QuietBackend : public Backend {
 public:
  const char* name() const override { return "quiet"; }
  std::unique_ptr<Session> make_session(size_t, const WindowShape&) override {
    return std::make_unique<QuietSession>();
  }
  size_t condition_size() const override { return 2; }
  void condition(const float* style, float* out) override { std::copy_n(style, 2, out); }
  void enroll(const float*, size_t, float*) override {}
};

std::shared_ptr<Model> quiet_model(int n_workers = 1) {
  BackendOptions options;
  options.n_workers = n_workers;
  return Model::create(load_bundle(test::tiny_source()), std::make_unique<QuietBackend>(), options);
}

StreamSettings everything_on(const Model& model) {
  StreamSettings s = make_settings(model);
  s.max_buffered_ms = 500;
  s.post.smoothing_ms = 50;
  s.post.gate.is_on = true;
  s.offset_ms = 20;
  return s;
}

TEST(Allocation, CountsWork) {
  const auto work = [] {
    std::vector<int>* volatile seen = new std::vector<int>(100);  // what is not looked at is optimised away
    delete seen;
  };
  EXPECT_EQ(allocations_in(work), 2);
}

TEST(Allocation, LocksAreCounted) {
  std::mutex mutex;
  EXPECT_EQ(locks_in([&] { const std::lock_guard<std::mutex> lock(mutex); }), 1);
}

TEST(Allocation, StreamInSteadyStateAllocatesNothing) {
  const auto model = quiet_model();
  for (const int rate_hz : {16000, 44100, 48000, 8000}) {
    Stream stream(model, everything_on(*model));
    const auto audio = sweep(static_cast<size_t>(rate_hz) / 10 * 2, rate_hz);  // stereo, 100 ms
    std::vector<float> frames(2 * 100);
    int64_t first = 0;
    const auto second = [&] {
      for (int i = 0; i < 10; ++i) {
        stream.push(audio.data(), audio.size() / 2, 2, rate_hz);
        stream.ready_frames();
        stream.pull(frames.data(), 100, &first);
      }
    };
    second();
    EXPECT_EQ(allocations_in([&] {
                for (int i = 0; i < 5; ++i) second();
                stream.interrupt(100);
                second();
                stream.idle(3);
                stream.frame_at(static_cast<double>(stream.info().next_frame + 1) / 30, -1, frames.data(),
                                nullptr);
                stream.interrupt(100, stream.info().next_frame - 2);
                stream.push(audio.data(), audio.size() / 2, 2, rate_hz, stream.info().utterance);
                stream.pause(true);
                stream.pause(false);
                stream.flush();
                stream.pull(frames.data(), 100, &first);
                stream.reset();
                second();
                stream.seek(1000);
                stream.stats();
                stream.info();
              }),
              0)
        << rate_hz;
  }
}

TEST(Allocation, PreparedRateMakesTheFirstPushFree) {
  const auto model = quiet_model();
  StreamSettings settings = everything_on(*model);
  settings.sample_rate_hz = 48000;
  Stream stream(model, settings);
  const auto audio = sweep(4800, 48000);
  EXPECT_EQ(allocations_in([&] { stream.push(audio.data(), audio.size(), 1, 48000); }), 0);
}

TEST(Allocation, SchedulerInSteadyStateAllocatesNothing) {
  const auto model = quiet_model(2);
  Scheduler scheduler(model, {});
  std::vector<std::shared_ptr<Stream>> streams;
  for (int i = 0; i < 13; ++i) {
    streams.push_back(std::make_shared<Stream>(model, everything_on(*model)));
    scheduler.add(streams.back());
  }
  const auto audio = sweep(1600);
  std::vector<float> frames(2 * 100);
  int64_t first = 0;
  const auto second = [&] {
    for (int i = 0; i < 10; ++i) {
      for (auto& s : streams) s->push(audio.data(), audio.size(), 1, 16000);
      scheduler.step(-1, -1);
      for (auto& s : streams) s->pull(frames.data(), 100, &first);
      scheduler.stats();
    }
  };
  second();
  EXPECT_EQ(allocations_in([&] {
              for (int i = 0; i < 5; ++i) second();
              streams[3]->interrupt(50);
              scheduler.remove(streams[4]);
              second();
            }),
            0);
}

// The networks themselves: windows of one stream and of several, with and without a thread beside the caller.
// On one thread they take no lock.
TEST(Allocation, CpuBackendAllocatesNothingInAHop) {
  const Bundle bundle = load_bundle(FolderSource(DT_BUNDLES "/base-2step"));
  const Manifest& m = bundle.manifest;
  for (const int n_threads : {1, 2}) {
    BackendOptions options;
    options.n_threads = n_threads;
    const auto backend = cpu_backend_factory().create(bundle, options);
    for (const size_t batch : {size_t{1}, size_t{3}}) {
      const Profile& p = m.profile("live");
      const auto size = [](int64_t n) { return static_cast<size_t>(n); };
      const WindowShape shape{size(p.window_frames()), size(p.past_frames), size(p.hop_frames)};
      const size_t c = size(m.motion.n_channels());
      const std::vector<float> mel(size(m.mel_frames(p.window_frames()) * m.audio.n_mels), -1.0f);
      const std::vector<float> condition(backend->condition_size(), 0.1f);
      std::vector<float> past(batch * shape.past * c), weights(batch * shape.hop * c);
      std::vector<Window> windows;
      for (size_t i = 0; i < batch; ++i) {
        windows.push_back({mel.data(), condition.data(), i, 0, past.data() + i * shape.past * c,
                           weights.data() + i * shape.hop * c});
      }
      const auto session = backend->make_session(batch, shape);
      PhaseTimes times;
      session->run({batch, shape, windows.data()}, &times);
      EXPECT_EQ(allocations_in([&] {
                  for (int i = 0; i < 3; ++i) session->run({batch, shape, windows.data()}, &times);
                }),
                0)
          << batch << " streams, " << n_threads << " threads";
      if (n_threads > 1) continue;
      EXPECT_EQ(locks_in([&] { session->run({batch, shape, windows.data()}, &times); }), 0)
          << batch << " streams";
    }
  }
}

}  // namespace
}  // namespace dt
