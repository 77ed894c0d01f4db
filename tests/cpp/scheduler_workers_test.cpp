// Several threads step one crowd.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <thread>

#include "runtime/scheduler.h"
#include "stream_support.h"

namespace dt {
namespace {

using test::animate;
using test::fake_model;
using test::make_settings;
using test::Recorder;
using test::sweep;

// Returns the most runs that were at work at the same time. Each waits until as many are as may be, however
// slow the machine, and then a little for `wanted`.
int most_at_work(int n_workers, int n_steppers, int wanted) {
  std::mutex mutex;
  std::condition_variable met;
  int at_work = 0, most = 0;
  Recorder recorder;
  recorder.during = [&] {
    std::unique_lock<std::mutex> lock(mutex);
    most = std::max(most, ++at_work);
    met.notify_all();
    met.wait_for(lock, std::chrono::seconds(60), [&] { return most >= std::min(wanted, n_workers); });
    met.wait_for(lock, std::chrono::milliseconds(300), [&] { return most >= wanted; });
    --at_work;
  };
  const auto model = fake_model(&recorder, n_workers);
  Scheduler scheduler(model, {});
  const auto audio = sweep(7000);
  std::vector<std::shared_ptr<Stream>> streams;
  for (int i = 0; i < n_steppers; ++i) {
    streams.push_back(std::make_shared<Stream>(model, make_settings(*model)));
    scheduler.add(streams.back());
    streams.back()->push(audio.data(), audio.size(), 1, 16000);
  }
  std::vector<std::thread> steppers;
  std::atomic<int64_t> n_windows{0};
  for (int i = 0; i < n_steppers; ++i) {
    steppers.emplace_back([&] { n_windows += scheduler.step(-1, 1).n_windows; });
  }
  for (std::thread& t : steppers) t.join();
  EXPECT_EQ(n_windows, n_steppers);
  EXPECT_EQ(scheduler.stats().n_windows, n_steppers);
  EXPECT_EQ(scheduler.stats().n_steps, n_steppers);
  return most;
}

TEST(SchedulerWorkers, StepsOfAsManyGoOnSideBySide) { EXPECT_EQ(most_at_work(3, 3, 3), 3); }

TEST(SchedulerWorkers, FurtherStepsWait) {
  EXPECT_EQ(most_at_work(2, 4, 3), 2);
  EXPECT_EQ(most_at_work(1, 2, 2), 1);
}

TEST(SchedulerWorkers, FramesAreThoseOfLoneStreams) {
  Recorder recorder;
  const auto model = fake_model(&recorder, 3);
  Scheduler scheduler(model, {});
  const size_t n = 7;
  std::vector<std::shared_ptr<Stream>> streams;
  std::vector<std::vector<float>> audio, out(n), expected;
  for (size_t i = 0; i < n; ++i) {
    streams.push_back(std::make_shared<Stream>(model, make_settings(*model, i % 3 == 0 ? "bare" : "live")));
    audio.push_back(sweep(20000 + 1000 * i, 16000));
    expected.push_back(animate(*streams[i], audio[i], 16000, 5000));
    streams[i]->reset();
    scheduler.add(streams[i]);
  }
  std::atomic<bool> stop{false};
  std::vector<std::thread> steppers;
  for (int i = 0; i < 3; ++i) {
    steppers.emplace_back([&] {
      while (!stop) scheduler.step(1000, -1);
    });
  }
  for (size_t i = 0; i < n; ++i) {
    streams[i]->push(audio[i].data(), audio[i].size(), 1, 16000);
    streams[i]->flush();
  }
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  std::vector<float> frames(2 * 64);
  int64_t first = 0;
  const auto is_done = [&](size_t i) { return out[i].size() >= expected[i].size(); };
  for (size_t i = 0; i < n && std::chrono::steady_clock::now() < give_up; i += is_done(i) ? 1 : 0) {
    for (size_t k = i; k < n; ++k) {
      const size_t got = streams[k]->pull(frames.data(), 64, &first);
      out[k].insert(out[k].end(), frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(2 * got));
    }
  }
  stop = true;
  for (std::thread& t : steppers) t.join();
  for (size_t i = 0; i < n; ++i) EXPECT_EQ(out[i], expected[i]) << i;
}

TEST(SchedulerWorkers, FaultOfOneStepLeavesTheOthersAlone) {
  Recorder recorder;
  recorder.poison = 99;
  const auto model = fake_model(&recorder, 2);
  Scheduler scheduler(model, {});
  const auto audio = sweep(7000);
  StreamSettings settings = make_settings(*model);
  const auto good = std::make_shared<Stream>(model, settings);
  settings.style = {99, 6};
  const auto bad = std::make_shared<Stream>(model, settings);
  for (const auto& s : {good, bad}) {
    scheduler.add(s);
    s->push(audio.data(), audio.size(), 1, 16000);
  }
  std::atomic<int64_t> n_windows{0}, n_failed{0};
  const auto step = [&] {
    const StepInfo info = scheduler.step(-1, -1);
    n_windows += info.n_windows;
    n_failed += info.n_failed;
  };
  std::thread other(step);
  step();
  other.join();
  EXPECT_EQ(n_windows, 1);
  EXPECT_GE(n_failed, 1);  // each step tries it once
  EXPECT_EQ(good->ready_frames(), 6);
}

}  // namespace
}  // namespace dt
