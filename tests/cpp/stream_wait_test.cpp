// Nothing waits for the networks: control calls while a window is at work, pushes of any length, utterances.
#include <gtest/gtest.h>

#include <thread>

#include "stream_support.h"

namespace dt {
namespace {

using test::animate;
using test::fake_model;
using test::make_settings;
using test::make_stream;
using test::message_of;
using test::pull_all;
using test::Recorder;
using test::sweep;

struct Pulled {
  std::vector<float> frames;
  int64_t first = 0, utterance = 0;
  size_t n() const { return frames.size() / 2; }
};

Pulled take_frames(Stream& stream, size_t n = 2000) {
  Pulled out;
  out.frames.resize(2 * n);
  out.frames.resize(2 * stream.pull(out.frames.data(), n, &out.first, nullptr, &out.utterance));
  return out;
}

dt_status status_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& e) {
    return e.status();
  }
  return DT_OK;
}

// Runs `call` while window `at` (from 0) of the next pull is at work, in another thread.
void during_window(Recorder* recorder, size_t at, std::function<void()> call) {
  recorder->windows.clear();
  recorder->during = [recorder, at, call = std::move(call)] {
    if (recorder->windows.size() == at + 1) std::thread(call).join();
  };
}

TEST(StreamWait, AnInterruptWaitsForNoWindowWhateverWasPushed) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const auto audio = sweep(28 * 16000);
  stream.push(audio.data(), audio.size(), 1, 16000);
  int64_t next = 0;
  // Ends while the window is at work: the thread is joined before the networks return.
  during_window(&recorder, 3, [&] { next = stream.interrupt(100).next_audio_frame; });
  const Pulled spoken = take_frames(stream);
  EXPECT_EQ(spoken.n(), 18u);  // three hops; the fourth was at work and is dropped
  EXPECT_EQ(spoken.utterance, 1);
  EXPECT_EQ(next, 18 + 3);
  const Pulled easing = take_frames(stream);
  EXPECT_EQ(easing.first, 18);
  EXPECT_EQ(easing.n(), 3u);
  EXPECT_EQ(easing.utterance, 2);
  EXPECT_NEAR(easing.frames[0], spoken.frames[2 * 17] * (1 - 7.0f / 27), 1e-6);
  EXPECT_EQ(recorder.windows.size(), 4u);  // none after the one at work
}

TEST(StreamWait, EveryControlCallEndsWhileAWindowIsAtWork) {
  const std::vector<std::pair<const char*, std::function<void(Stream&)>>> calls = {
      {"interrupt", [](Stream& s) { s.interrupt(0); }},
      {"reset", [](Stream& s) { s.reset(); }},
      {"seek", [](Stream& s) { s.seek(90); }},
      {"pause", [](Stream& s) { s.pause(true); }},
      {"set_style", [](Stream& s) { s.set_style({1, 2}, 500); }},
      {"set_dials", [](Stream& s) { s.set_dials({}, {}, 0, 500); }},
      {"flush", [](Stream& s) { s.flush(); }},
      {"push", [](Stream& s) { s.push(sweep(160).data(), 160, 1, 16000); }},
      {"idle", [](Stream& s) { s.idle(3); }},
      {"ready_frames", [](Stream& s) { s.ready_frames(); }},
      {"info", [](Stream& s) { s.info(); }},
      {"stats", [](Stream& s) { s.stats(); }},
      {"frame_at", [](Stream& s) { s.frame_at(0.1, 0, nullptr, nullptr); }},
  };
  for (const auto& [name, call] : calls) {
    SCOPED_TRACE(name);
    Recorder recorder;
    Stream stream = make_stream(&recorder);
    const auto audio = sweep(3 * 16000);
    stream.push(audio.data(), audio.size(), 1, 16000);
    during_window(&recorder, 1, [&, call = call] { call(stream); });
    EXPECT_GE(take_frames(stream).n(), 6u);
  }
}

TEST(StreamWait, APauseKeepsTheHopThatWasAtWork) {
  Recorder recorder;
  Stream stream = make_stream(&recorder), other = make_stream(&recorder);
  const auto audio = sweep(2 * 16000);
  const auto expected = animate(other, audio, 16000, 32000);
  stream.push(audio.data(), audio.size(), 1, 16000);
  during_window(&recorder, 1, [&] { stream.pause(true); });
  auto frames = take_frames(stream).frames;
  EXPECT_EQ(frames.size(), 2u * 6);
  stream.pause(false);
  stream.flush();
  pull_all(stream, &frames);
  EXPECT_EQ(frames, expected);
}

TEST(StreamWait, AStyleThatComesDuringAPullHoldsFromTheNextHop) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const auto audio = sweep(2 * 16000);
  stream.push(audio.data(), audio.size(), 1, 16000);
  during_window(&recorder, 1, [&] { stream.set_style({1, 2}, 0); });
  take_frames(stream);
  EXPECT_EQ(recorder.windows[1].style, (std::vector<float>{5, 6}));
  EXPECT_EQ(recorder.windows[2].style, (std::vector<float>{1, 2}));
}

TEST(StreamWait, AResetDuringAPullLeavesAFreshStream) {
  Recorder recorder;
  Stream stream = make_stream(&recorder), other = make_stream(&recorder);
  const auto audio = sweep(3 * 16000);
  const auto expected = animate(other, audio, 16000, 999);
  stream.push(audio.data(), audio.size(), 1, 16000);
  during_window(&recorder, 2, [&] { stream.reset(); });
  EXPECT_EQ(take_frames(stream).n(), 12u);
  EXPECT_EQ(stream.stats().n_hops, 0);  // the window that was at work counts for nothing
  EXPECT_EQ(animate(stream, audio, 16000, 777), expected);
}

TEST(StreamWait, AFailedWindowOfAnOldUtteranceIsNobodysError) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const auto audio = sweep(2 * 16000);
  stream.push(audio.data(), audio.size(), 1, 16000);
  recorder.during = [&] {
    stream.interrupt(0);
    throw Error(DT_INTERNAL_ERROR, "late fault");
  };
  EXPECT_EQ(take_frames(stream).n(), 0u);
  EXPECT_FALSE(stream.info().is_failed);
}

TEST(StreamWait, TwoPullsGiveEachItsOwnRunOfFrames) {
  Recorder recorder;
  Stream stream = make_stream(&recorder), other = make_stream(&recorder);
  const auto audio = sweep(4 * 16000);
  std::vector<float> expected;
  other.push(audio.data(), audio.size(), 1, 16000);
  pull_all(other, &expected);
  stream.push(audio.data(), audio.size(), 1, 16000);
  Pulled a, b;
  std::thread thread([&] { a = take_frames(stream, 50); });
  b = take_frames(stream, 50);
  thread.join();
  const Pulled &first = a.first == 0 ? a : b, &second = a.first == 0 ? b : a;
  EXPECT_EQ(second.first, 50);
  std::vector<float> both = first.frames;
  both.insert(both.end(), second.frames.begin(), second.frames.end());
  EXPECT_EQ(both, std::vector<float>(expected.begin(), expected.begin() + 2 * 100));
}

TEST(StreamWait, ABufferThatGrowsTakesAllUpToItsLimitAndGivesTheSameFrames) {
  Recorder recorder;
  auto model = fake_model(&recorder);
  StreamSettings settings = make_settings(*model);
  settings.max_buffered_ms = 100;
  settings.grow_to_ms = 5000;
  Stream stream(model, settings), other(model, make_settings(*model));
  const auto audio = sweep(6 * 16000);
  const auto expected = animate(other, {audio.begin(), audio.begin() + 5 * 16000}, 16000, 80000);
  const int64_t small = stream.info().memory_bytes;
  recorder.batches.clear();
  for (size_t at = 0; at < 5 * 16000; at += 400) stream.push(audio.data() + at, 400, 1, 16000);
  EXPECT_EQ(recorder.batches.size(), 0u);  // pushing computes nothing
  EXPECT_GT(stream.info().memory_bytes, small);
  EXPECT_EQ(stream.info().buffered_frames, 150);
  EXPECT_EQ(status_of([&] { stream.push(audio.data(), 16000, 1, 16000); }), DT_BUFFER_FULL);
  EXPECT_NE(message_of([&] { stream.push(audio.data(), 16000, 1, 16000); }).find("5000 ms"),
            std::string::npos);
  stream.flush();
  std::vector<float> frames;
  pull_all(stream, &frames, 7);
  EXPECT_EQ(frames, expected);
  EXPECT_EQ(stream.info().buffered_frames, 0);
}

TEST(StreamWait, AudioOfACancelledVoiceCannotStartTheNextAnswer) {
  Recorder recorder;
  Stream stream = make_stream(&recorder), other = make_stream(&recorder);
  const auto audio = sweep(16000);
  const int64_t old = stream.info().utterance;
  EXPECT_EQ(old, 1);
  stream.push(audio.data(), 4000, 1, 16000, old);
  const int64_t answer = stream.interrupt(0).utterance;
  EXPECT_EQ(answer, old + 1);
  EXPECT_EQ(status_of([&] { stream.push(audio.data(), 4000, 1, 16000, old); }), DT_STALE);
  EXPECT_EQ(status_of([&] { stream.flush(old); }), DT_STALE);
  EXPECT_EQ(status_of([&] { stream.push(audio.data(), 4000, 1, 16000, answer + 1); }), DT_INVALID_ARGUMENT);
  EXPECT_FALSE(stream.info().is_flushed);
  stream.push(audio.data(), audio.size(), 1, 16000, answer);
  stream.flush(answer);
  EXPECT_EQ(take_frames(stream).frames, animate(other, audio, 16000, 16000));
  for (const auto& restart : {std::function<void()>([&] { stream.reset(); }), {[&] { stream.seek(5); }}}) {
    const int64_t before = stream.info().utterance;
    restart();
    EXPECT_EQ(stream.info().utterance, before + 1);
    EXPECT_EQ(status_of([&] { stream.push(audio.data(), 1, 1, 16000, before); }), DT_STALE);
  }
}

}  // namespace
}  // namespace dt
