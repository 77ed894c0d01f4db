// Crowds on a fake backend and a clock that the test turns.
#include "runtime/scheduler.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "stream_support.h"

namespace dt {
namespace {

using test::animate;
using test::fake_model;
using test::make_settings;
using test::message_of;
using test::pull_all;
using test::Recorder;
using test::sweep;

struct Crowd {
  Recorder recorder;
  std::shared_ptr<Model> model = fake_model(&recorder);
  int64_t now = 1000;
  Scheduler scheduler{model, SchedulerSettings{8}, [this] { return now; }};

  std::shared_ptr<Stream> make(uint64_t seed = 0, const char* profile = nullptr, float style = 5) {
    StreamSettings settings = make_settings(*model, profile);
    settings.seed = seed;
    settings.style = {style, 6};
    return std::make_shared<Stream>(model, settings);
  }
};

size_t pull_some(Stream& stream, std::vector<float>* out, size_t n) {
  std::vector<float> frames(2 * n);
  int64_t first = 0;
  const size_t got = stream.pull(frames.data(), n, &first);
  EXPECT_EQ(static_cast<size_t>(first), out->size() / 2);
  out->insert(out->end(), frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(2 * got));
  return got;
}

TEST(Scheduler, StreamThatHasLeftIsNotRun) {
  Recorder recorder;
  const auto model = fake_model(&recorder);
  Stream stream(model, make_settings(*model));
  const auto audio = sweep(16000);
  stream.push(audio.data(), audio.size(), 1, 16000);
  const int here = 0, elsewhere = 0;
  int64_t ready_ns = 0;
  Window window;
  stream.join(&here);
  EXPECT_EQ(stream.deadline(&elsewhere, 1, &ready_ns), 0);
  EXPECT_GT(stream.deadline(&here, 1, &ready_ns), 0);
  stream.leave(&here);
  EXPECT_FALSE(stream.begin(&here, &window));
  stream.join(&elsewhere);
  EXPECT_FALSE(stream.begin(&here, &window));
  EXPECT_TRUE(stream.begin(&elsewhere, &window));
  stream.fail("nothing was run");
}

TEST(Scheduler, FramesAreThoseOfLoneStreams) {
  Crowd crowd;
  const size_t n = 11;
  std::vector<std::shared_ptr<Stream>> streams;
  std::vector<std::vector<float>> audio, out(n), expected;
  for (size_t i = 0; i < n; ++i) {
    streams.push_back(crowd.make(i, i % 3 == 0 ? "bare" : "live"));
    audio.push_back(sweep(20000 + 1000 * i, 16000));
    audio.back()[5] = 0.01f * static_cast<float>(i);
    expected.push_back(animate(*streams[i], audio[i], 16000, 5000));
    streams[i]->reset();
    if (i % 4 != 0) crowd.scheduler.add(streams[i]);
  }
  std::vector<size_t> pushed(n);
  for (int tick = 0; tick < 80; ++tick) {
    for (size_t i = 0; i < n; ++i) {
      const size_t chunk = std::min<size_t>(audio[i].size() - pushed[i], 300 + 97 * i);
      if (chunk > 0) streams[i]->push(audio[i].data() + pushed[i], chunk, 1, 16000);
      pushed[i] += chunk;
      if (chunk > 0 && pushed[i] == audio[i].size()) streams[i]->flush();
      if (tick == 7 && i == 1) crowd.scheduler.remove(streams[i]);
      if (tick == 9 && i % 4 == 0) crowd.scheduler.add(streams[i]);
      if (tick == 20 && i == 1) crowd.scheduler.add(streams[i]);
      if (tick % 10 == 5 && i == 2) streams[i]->pause(tick % 20 == 5);
      pull_some(*streams[i], &out[i], 1 + i);
    }
    crowd.scheduler.step(-1, tick % 3 == 0 ? 2 : -1);
  }
  streams[2]->pause(false);
  for (int tick = 0; tick < 100; ++tick) {
    crowd.scheduler.step(-1, -1);
    for (size_t i = 0; i < n; ++i) pull_some(*streams[i], &out[i], 4);
  }
  for (size_t i = 0; i < n; ++i) EXPECT_EQ(out[i], expected[i]) << i;
  EXPECT_GT(crowd.scheduler.stats().n_windows, crowd.scheduler.stats().n_batches);
}

TEST(Scheduler, PullCopiesAndNeverComputes) {
  Crowd crowd;
  auto stream = crowd.make();
  crowd.scheduler.add(stream);
  const auto audio = sweep(32000);
  stream->push(audio.data(), audio.size(), 1, 16000);
  std::vector<float> out;
  EXPECT_EQ(pull_some(*stream, &out, 10), 0u);
  EXPECT_EQ(crowd.scheduler.step(-1, -1).n_windows, 2);  // two hops of room
  EXPECT_EQ(stream->ready_frames(), 12);
  EXPECT_EQ(pull_some(*stream, &out, 100), 12u);
  EXPECT_EQ(crowd.recorder.windows.size(), 2u);
}

TEST(Scheduler, BatchesAreFullPowersOfTwo) {
  Crowd crowd;
  const auto audio = sweep(7000);
  std::vector<std::shared_ptr<Stream>> streams;
  for (size_t i = 0; i < 13; ++i) {
    streams.push_back(crowd.make(i));
    crowd.scheduler.add(streams.back());
    streams.back()->push(audio.data(), audio.size(), 1, 16000);
  }
  const StepInfo info = crowd.scheduler.step(-1, -1);
  EXPECT_EQ(info.n_windows, 13);
  EXPECT_EQ(crowd.recorder.batches, (std::vector<size_t>{8, 4, 1}));
}

TEST(Scheduler, OldestDeadlineFirstAndNobodyStarves) {
  Crowd crowd;
  const auto audio = sweep(16000 * 20);
  std::vector<std::shared_ptr<Stream>> streams;
  for (size_t i = 0; i < 5; ++i) {
    streams.push_back(crowd.make(i));
    crowd.scheduler.add(streams.back());
    streams.back()->push(audio.data(), audio.size(), 1, 16000);
  }
  std::vector<std::vector<float>> out(5);
  // One window per tick of 100 ms, where five streams would need 200 ms each: an overload of 2.5.
  for (int tick = 0; tick < 100; ++tick) {
    crowd.now += 100000000;
    EXPECT_EQ(crowd.scheduler.step(-1, 1).n_windows, 1);
    for (size_t i = 0; i < 5; ++i) pull_some(*streams[i], &out[i], 6);
  }
  for (const auto& frames : out) EXPECT_EQ(frames.size(), 2u * 6 * 20);  // each the same share
  const StepInfo info = crowd.scheduler.step(-1, 0);
  EXPECT_EQ(info.n_ready, 5);
  EXPECT_EQ(info.n_late, 5);
  EXPECT_LT(info.next_deadline_ns, 0);
  for (const auto& s : streams) EXPECT_GT(s->stats().n_deadline_misses, 0);
  EXPECT_GT(crowd.scheduler.stats().max_lateness_ns, 0);
}

TEST(Scheduler, BudgetHoldsBackWhatWouldExceedIt) {
  Crowd crowd;
  crowd.recorder.during = [&] { crowd.now += 3000000; };  // every run takes 3 ms
  const auto audio = sweep(7000);
  std::vector<std::shared_ptr<Stream>> streams;
  for (size_t i = 0; i < 9; ++i) {
    streams.push_back(crowd.make(i, i < 4 ? "live" : "bare"));
    crowd.scheduler.add(streams.back());
    streams.back()->push(audio.data(), audio.size(), 1, 16000);
  }
  EXPECT_EQ(crowd.scheduler.step(0, -1).n_batches, 1);  // one in any case
  EXPECT_EQ(crowd.scheduler.step(1000, -1).n_batches, 1);
  std::vector<float> frames(2 * 100);
  int64_t first = 0;
  for (int i = 0; i < 20; ++i) {
    const int64_t start = crowd.now;
    crowd.scheduler.step(7000, -1);
    EXPECT_LE(crowd.now - start, 9000000);  // what was not measured yet may exceed it once
    for (auto& s : streams) s->pull(frames.data(), 100, &first);
  }
}

TEST(Scheduler, BudgetTooSmallForOneWindowStillBatches) {
  Crowd crowd;
  crowd.recorder.during = [&] { crowd.now += 3000000; };  // every run takes 3 ms
  const auto audio = sweep(16000);
  std::vector<std::shared_ptr<Stream>> streams;
  for (size_t i = 0; i < 8; ++i) {
    streams.push_back(crowd.make(i));
    crowd.scheduler.add(streams.back());
    streams.back()->push(audio.data(), 7000, 1, 16000);
  }
  const auto next_hop = [&] {
    std::vector<float> frames(2 * 100);
    int64_t first = 0;
    for (auto& s : streams) {
      s->pull(frames.data(), 100, &first);
      s->push(audio.data(), 3200, 1, 16000);
    }
    crowd.recorder.batches.clear();
  };
  crowd.scheduler.step(-1, -1);  // these measure what each size takes
  next_hop();
  for (const int32_t n : {4, 2, 1, 1}) crowd.scheduler.step(-1, n);
  next_hop();
  EXPECT_EQ(crowd.scheduler.step(1000, -1).n_windows, 8);
  EXPECT_EQ(crowd.recorder.batches, (std::vector<size_t>{8}));
}

TEST(Scheduler, ReadyWindowWaitsForCompanyButNotTooLong) {
  Crowd crowd;
  SchedulerSettings settings;
  settings.max_wait_ns = 50000000;
  Scheduler scheduler(crowd.model, settings, [&] { return crowd.now; });
  const auto audio = sweep(7000);
  auto a = crowd.make(1), b = crowd.make(2), c = crowd.make(3, "bare");
  for (const auto& s : {a, b, c}) scheduler.add(s);
  a->push(audio.data(), audio.size(), 1, 16000);
  c->push(audio.data(), audio.size(), 1, 16000);
  EXPECT_GT(scheduler.step(-1, -1).n_windows, 0);  // c is the only one of its profile; a waits
  EXPECT_GT(c->ready_frames(), 0);
  EXPECT_EQ(a->ready_frames(), 0);
  crowd.now += 20000000;
  b->push(audio.data(), audio.size(), 1, 16000);
  EXPECT_EQ(scheduler.step(-1, -1).n_batches, 1);  // nobody else can come
  EXPECT_EQ(crowd.recorder.batches.back(), 2u);
  std::vector<float> out;
  for (const auto& s : {a, b}) {
    pull_some(*s, &out, 100);
    out.clear();
  }
  a->push(audio.data(), 3200, 1, 16000);
  EXPECT_EQ(scheduler.step(-1, -1).n_windows, 0);
  crowd.now += 49999999;
  EXPECT_EQ(scheduler.step(-1, -1).n_windows, 0);
  crowd.now += 1;
  EXPECT_EQ(scheduler.step(-1, -1).n_windows, 1);  // b did not come in time
}

TEST(Scheduler, WaitEndsInTimeForTheDeadline) {
  Crowd crowd;
  SchedulerSettings settings;
  settings.max_wait_ns = 1000000000;
  Scheduler scheduler(crowd.model, settings, [&] { return crowd.now; });
  const auto audio = sweep(7000);
  auto a = crowd.make(1), b = crowd.make(2);
  scheduler.add(a);
  scheduler.add(b);
  a->push(audio.data(), audio.size(), 1, 16000);
  EXPECT_EQ(scheduler.step(-1, -1).n_windows, 0);
  crowd.now += 199999999;
  EXPECT_EQ(scheduler.step(-1, -1).n_windows, 0);
  crowd.now += 1;
  EXPECT_EQ(scheduler.step(-1, -1).n_windows, 1);
  EXPECT_EQ(a->stats().n_deadline_misses, 0);
}

TEST(Scheduler, OneStreamsFaultCostsOthersNothing) {
  Crowd crowd;
  crowd.recorder.poison = 99;
  const auto audio = sweep(7000);
  auto good = crowd.make(1), bad = crowd.make(2, nullptr, 99);
  for (const auto& s : {good, bad}) {
    crowd.scheduler.add(s);
    s->push(audio.data(), audio.size(), 1, 16000);
  }
  const StepInfo info = crowd.scheduler.step(-1, -1);
  EXPECT_EQ(info.n_windows, 1);
  EXPECT_EQ(info.n_failed, 1);
  std::vector<float> out;
  EXPECT_EQ(pull_some(*good, &out, 100), 6u);
  EXPECT_EQ(message_of([&] { pull_some(*bad, &out, 100); }), "poisoned");
  bad->set_style({1, 1}, 0);
  crowd.scheduler.step(-1, -1);
  out.clear();
  EXPECT_EQ(pull_some(*bad, &out, 100), 6u);
}

TEST(Scheduler, ResetDuringARunMakesItsResultVoid) {
  Crowd crowd;
  const auto audio = sweep(16000);
  auto stream = crowd.make(3);
  const auto expected = animate(*stream, audio, 16000, 16000);
  stream->reset();
  crowd.scheduler.add(stream);
  stream->push(audio.data(), audio.size(), 1, 16000);
  crowd.recorder.during = [&] { stream->reset(); };
  crowd.scheduler.step(-1, 1);
  crowd.recorder.during = nullptr;
  EXPECT_EQ(stream->ready_frames(), 0);
  stream->push(audio.data(), audio.size(), 1, 16000);
  stream->flush();
  std::vector<float> out;
  for (int i = 0; i < 10; ++i) {
    crowd.scheduler.step(-1, -1);
    pull_some(*stream, &out, 100);
  }
  EXPECT_EQ(out, expected);
}

TEST(Scheduler, MembershipIsChecked) {
  Crowd crowd, other;
  auto stream = crowd.make();
  crowd.scheduler.add(stream);
  EXPECT_NE(message_of([&] { crowd.scheduler.add(stream); }).find("in a scheduler already"),
            std::string::npos);
  EXPECT_NE(message_of([&] { other.scheduler.add(stream); }).find("another model"), std::string::npos);
  EXPECT_NE(message_of([&] { other.scheduler.remove(stream); }).find("not in this scheduler"),
            std::string::npos);
  crowd.scheduler.remove(stream);
  {
    Scheduler short_lived(crowd.model, {});
    short_lived.add(stream);
    EXPECT_TRUE(stream->info().in_scheduler);
  }
  EXPECT_FALSE(stream->info().in_scheduler);
  crowd.scheduler.add(stream);
  stream->mark_released();
  crowd.scheduler.step(-1, -1);
  EXPECT_EQ(crowd.scheduler.stats().n_streams, 0);
}

TEST(Scheduler, StreamsComeAndGoWhileThreadsStep) {
  Crowd crowd;
  Scheduler scheduler(crowd.model, {});
  std::atomic<bool> stop{false};
  std::thread stepper([&] {
    while (!stop) scheduler.step(1000, -1);
  });
  const auto audio = sweep(8000);
  for (int round = 0; round < 30; ++round) {
    auto a = crowd.make(1), b = crowd.make(2);
    scheduler.add(a);
    scheduler.add(b);
    std::vector<float> frames(2 * 64);
    int64_t first = 0;
    for (int i = 0; i < 5; ++i) {
      a->push(audio.data(), 1600, 1, 16000);
      b->push(audio.data(), 1600, 1, 16000);
      a->pull(frames.data(), 64, &first);
      if (i == 3) a->interrupt(50);
    }
    scheduler.remove(a);
    a->pull(frames.data(), 64, &first);
    b->mark_released();
  }
  stop = true;
  stepper.join();
}

}  // namespace
}  // namespace dt
