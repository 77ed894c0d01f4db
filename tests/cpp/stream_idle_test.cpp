// Silence that keeps a face alive: on the grid of the frames, the same however it is cut.
#include <gtest/gtest.h>

#include "stream_support.h"

namespace dt {
namespace {

using test::animate;
using test::fake_model;
using test::make_settings;
using test::make_stream;
using test::pull_all;
using test::Recorder;
using test::sweep;

std::vector<float> rest_of(Stream& stream) {
  std::vector<float> out;
  pull_all(stream, &out);
  return out;
}

TEST(StreamIdle, GivesTheFramesOfPushedZeros) {
  Recorder recorder;
  Stream idle = make_stream(&recorder), zeros = make_stream(&recorder);
  const auto audio = sweep(16000);
  for (Stream* s : {&idle, &zeros}) s->push(audio.data(), 16000, 1, 16000);
  idle.idle(45);
  zeros.push(std::vector<float>(24000, 0.0f).data(), 24000, 1, 16000);
  for (Stream* s : {&idle, &zeros}) s->flush();
  EXPECT_EQ(rest_of(idle), rest_of(zeros));
}

TEST(StreamIdle, CountsWholeFramesAndIsTheSameHoweverItIsCut) {
  for (const int rate_hz : {16000, 22050, 44100, 48000, 1000, 0}) {  // 0: before the rate is known
    SCOPED_TRACE(rate_hz);
    Recorder recorder;
    auto model = fake_model(&recorder);
    Stream whole(model, make_settings(*model)), cut(model, make_settings(*model));
    const auto audio = sweep(4000, 16000);
    for (Stream* s : {&whole, &cut}) {
      if (rate_hz > 0) s->push(audio.data(), 123, 1, rate_hz);
    }
    const int64_t begun = rate_hz > 0 ? (123 * 30 + rate_hz - 1) / rate_hz : 0;
    whole.idle(40);
    for (const int n : {1, 0, 7, 3, 29}) cut.idle(n);
    for (Stream* s : {&whole, &cut}) {
      EXPECT_EQ(s->info().next_audio_frame, begun + 40);
      s->push(audio.data(), 4000, 1, rate_hz > 0 ? rate_hz : 24000);
      s->flush();
    }
    const auto frames = rest_of(whole);
    EXPECT_EQ(rest_of(cut), frames);
    const int64_t spoken = rate_hz > 0 ? (4000 * 30 + rate_hz - 1) / rate_hz : 5;
    EXPECT_EQ(static_cast<int64_t>(frames.size()) / 2, begun + 40 + spoken);
  }
}

// 30 frames of silence are one second: speech behind them gives the windows that it gives after a second.
TEST(StreamIdle, SpeechAfterItBeginsWithAFrame) {
  Recorder recorder;
  Stream first = make_stream(&recorder), second = make_stream(&recorder);
  const auto audio = sweep(16000);
  first.idle(30);
  first.push(audio.data(), 16000, 1, 16000);
  first.flush();
  auto delayed = audio;
  delayed.insert(delayed.begin(), 16000, 0.0f);
  EXPECT_EQ(rest_of(first), animate(second, delayed, 16000, 500));
}

TEST(StreamIdle, IsRefusedWhenItDoesNotFitAndAfterAFlush) {
  Recorder recorder;
  auto model = fake_model(&recorder);
  StreamSettings settings = make_settings(*model);
  settings.max_buffered_ms = 1000;
  Stream stream(model, settings);
  const auto status = [&](int64_t n) {
    try {
      stream.idle(n);
    } catch (const Error& e) {
      return e.status();
    }
    return DT_OK;
  };
  EXPECT_EQ(status(int64_t{1} << 62), DT_BUFFER_FULL);
  EXPECT_EQ(status(31), DT_BUFFER_FULL);  // all or nothing
  EXPECT_EQ(stream.info().next_audio_frame, 0);
  EXPECT_EQ(status(30), DT_OK);
  EXPECT_EQ(stream.info().buffered_frames, 30);
  stream.flush();
  EXPECT_EQ(status(1), DT_CLOSED);
  EXPECT_EQ(rest_of(stream).size(), 2u * 30);
}

}  // namespace
}  // namespace dt
