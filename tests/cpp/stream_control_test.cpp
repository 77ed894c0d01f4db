// Restarts, styles, time and the options of a stream, on a fake backend.
#include <gtest/gtest.h>

#include <cmath>
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

// One pull of up to n frames.
std::vector<float> pull(Stream& stream, size_t n, int64_t* first = nullptr) {
  std::vector<float> frames(2 * n);
  int64_t index = 0;
  frames.resize(2 * stream.pull(frames.data(), n, &index));
  if (first != nullptr) *first = index;
  return frames;
}

TEST(StreamControl, InterruptEasesToRestAndGoesOn) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const auto audio = sweep(32000);
  stream.push(audio.data(), 16000, 1, 16000);
  const auto before = pull(stream, 7);  // one frame of the second hop; five wait
  ASSERT_EQ(before.size(), 14u);
  EXPECT_EQ(stream.interrupt(100).next_audio_frame, 10);  // three frames of easing
  EXPECT_EQ(stream.ready_frames(), 3);
  int64_t first = 0;
  const auto easing = pull(stream, 100, &first);
  EXPECT_EQ(first, 7);
  ASSERT_EQ(easing.size(), 6u);
  EXPECT_NEAR(easing[0], before[12] * (1 - 7.0f / 27), 1e-6);  // s(1/3) = 7/27; rest is 0
  EXPECT_EQ(easing[4], 0.0f);
  EXPECT_TRUE(pull(stream, 100).empty());
  // What follows is a clip of its own at another rate, with time stamps and noise that go on.
  stream.push(audio.data(), 8000, 1, 8000);
  stream.flush();
  const auto after = pull(stream, 100, &first);
  EXPECT_EQ(first, 10);
  Stream other = make_stream(&recorder);
  EXPECT_EQ(after, animate(other, {audio.begin(), audio.begin() + 8000}, 8000, 8000));
  EXPECT_EQ(stream.interrupt(0).next_audio_frame, 40);  // a flushed stream is open again
  stream.push(audio.data(), 100, 1, 16000);
}

TEST(StreamControl, InterruptDropsAPushThatRuns) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const auto audio = sweep(16000);
  std::atomic<bool> stop{false};
  std::thread audio_thread([&] {
    while (!stop) message_of([&] { stream.push(audio.data(), 160, 1, 16000); });
  });
  for (int i = 0; i < 200; ++i) {
    pull(stream, 10);
    stream.interrupt(i % 50);
  }
  stop = true;
  audio_thread.join();
  stream.reset();
  Stream other = make_stream(&recorder);
  EXPECT_EQ(animate(stream, audio, 16000, 777), animate(other, audio, 16000, 16000));
}

TEST(StreamControl, AudioThreadGivesTheSameFrames) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const auto audio = sweep(48000, 44100);
  const auto expected = animate(stream, audio, 44100, 48000);
  stream.reset();
  std::thread audio_thread([&] {
    for (size_t i = 0; i < audio.size(); i += 441) {
      stream.push(audio.data() + i, std::min<size_t>(441, audio.size() - i), 1, 44100);
    }
    stream.flush();
  });
  std::vector<float> out;
  while (out.size() < expected.size()) pull_all(stream, &out, 5);
  audio_thread.join();
  EXPECT_EQ(out, expected);
}

TEST(StreamControl, PauseHoldsFramesBack) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const auto audio = sweep(16000);
  const auto expected = animate(stream, audio, 16000, 16000);
  stream.reset();
  stream.push(audio.data(), 16000, 1, 16000);
  auto out = pull(stream, 3);
  stream.pause(true);
  EXPECT_EQ(stream.ready_frames(), 0);
  EXPECT_TRUE(pull(stream, 3).empty());
  stream.pause(false);
  stream.flush();
  pull_all(stream, &out);
  EXPECT_EQ(out, expected);
}

TEST(StreamControl, SeekKeepsTimeAndNoise) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const int64_t day = int64_t{24} * 3600 * 30;  // frames
  stream.seek(day + 5);
  const auto audio = sweep(16000);
  stream.push(audio.data(), audio.size(), 1, 16000);
  int64_t first = 0;
  ASSERT_EQ(pull(stream, 6, &first).size(), 12u);
  EXPECT_EQ(first, day + 5);
  EXPECT_EQ(recorder.windows[0].first_frame, day + 5);
  EXPECT_EQ(recorder.windows[0].seed, 7u);
}

TEST(StreamControl, ClockIsExactAfterADay) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  for (const int rate_hz : {44100, 48000, 8000}) {
    const auto audio = sweep(3 * static_cast<size_t>(rate_hz), rate_hz);
    recorder.windows.clear();
    stream.reset();
    const auto expected = animate(stream, audio, rate_hz, 1000);
    const auto windows = recorder.windows;
    recorder.windows.clear();
    stream.reset();
    stream.push(audio.data(), 1000, 1, rate_hz);
    const int64_t day_s = 24 * 3600, day = day_s * 30;
    EXPECT_TRUE(pull(stream, 1).empty());
    stream.jump(day_s);
    stream.push(audio.data() + 1000, audio.size() - 1000, 1, rate_hz);
    stream.flush();
    EXPECT_EQ(stream.ready_frames(), 90);
    int64_t first = 0;
    EXPECT_EQ(pull(stream, 90, &first), expected);
    EXPECT_EQ(first, day);
    ASSERT_EQ(recorder.windows.size(), windows.size());
    for (size_t k = 0; k < windows.size(); ++k) {
      EXPECT_EQ(recorder.windows[k].mel, windows[k].mel) << rate_hz << " " << k;
      EXPECT_EQ(recorder.windows[k].past, windows[k].past) << rate_hz << " " << k;
      EXPECT_EQ(recorder.windows[k].first_frame, day + static_cast<int64_t>(6 * k));
    }
  }
}

TEST(StreamControl, OffsetMovesTheFaceBySamples) {
  Recorder recorder;
  auto model = fake_model(&recorder);
  const auto audio = sweep(32000);
  for (const int offset_ms : {100, -100}) {
    StreamSettings settings = make_settings(*model);
    settings.offset_ms = offset_ms;
    Stream moved(model, settings), plain(model, make_settings(*model));
    std::vector<float> shifted = audio;
    if (offset_ms > 0) {
      shifted.insert(shifted.begin(), 1600, 0.0f);
      shifted.resize(audio.size());
    } else {
      shifted.erase(shifted.begin(), shifted.begin() + 1600);
      shifted.resize(audio.size());
    }
    recorder.windows.clear();
    EXPECT_EQ(animate(moved, audio, 16000, 500).size(), 2u * 60);
    const auto windows = recorder.windows;
    recorder.windows.clear();
    animate(plain, shifted, 16000, 32000);
    for (size_t k = 0; k < 8; ++k)
      EXPECT_EQ(windows[k].mel, recorder.windows[k].mel) << offset_ms << " " << k;
    moved.reset();
    const auto whole = animate(moved, audio, 16000, 32000);
    moved.reset();
    EXPECT_EQ(animate(moved, audio, 16000, 333), whole);
  }
}

TEST(StreamControl, GateRestsInSilenceWithHysteresis) {
  Recorder recorder;
  auto model =
      fake_model(&recorder, [](nlohmann::json& m) { m["motion"]["channels"] = {"jawOpen", "eyeBlinkLeft"}; });
  StreamSettings settings = make_settings(*model);
  settings.post.gate.is_on = true;
  settings.post.gate.open_power = std::pow(10, -4.5);
  settings.post.gate.close_power = std::pow(10, -5.1);
  std::vector<float> audio(3 * 16000, 0.0f);
  for (size_t i = 16000; i < 32000; ++i)
    audio[i] = 0.1f * static_cast<float>(std::sin(0.3 * static_cast<double>(i)));
  Stream stream(model, settings), plain(model, make_settings(*model));
  const auto gated = animate(stream, audio, 16000, 700), free_run = animate(plain, audio, 16000, 700);
  for (size_t f = 0; f < 90; ++f) {
    if (f < 25 || f >= 60 + 14) {
      EXPECT_EQ(gated[2 * f], 0.0f) << f;  // rest; 6 frames hold, 6 to ease
    } else if (f >= 32 && f < 60) {
      EXPECT_EQ(gated[2 * f], free_run[2 * f]) << f;
    }
    EXPECT_EQ(gated[2 * f + 1], free_run[2 * f + 1]) << f;  // eyes stay awake
  }
  stream.reset();
  EXPECT_EQ(animate(stream, audio, 16000, 48000), gated);
}

TEST(StreamControl, DenormalAudioIsSilence) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const auto silent = animate(stream, std::vector<float>(16000, 0.0f), 16000, 999);
  stream.reset();
  EXPECT_EQ(animate(stream, std::vector<float>(16000, 1e-40f), 16000, 999), silent);
}

TEST(StreamControl, CountsUnderrunsAndMemory) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const auto audio = sweep(8000);
  EXPECT_TRUE(pull(stream, 1).empty());
  EXPECT_EQ(stream.stats().n_underruns, 0);  // nothing was given yet
  stream.push(audio.data(), 8000, 1, 16000);
  EXPECT_EQ(pull(stream, 100).size(), 12u);
  pull(stream, 100);
  EXPECT_EQ(stream.stats().n_underruns, 1);
  const int64_t bytes = stream.info().memory_bytes;
  EXPECT_GT(bytes, 30 * 64000);
  stream.push(audio.data(), 8000, 1, 16000);
  pull(stream, 100);
  EXPECT_EQ(stream.info().memory_bytes, bytes);
}

}  // namespace
}  // namespace dt
