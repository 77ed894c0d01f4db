// What was shown: the history of frames, the pose of a moment, and interrupts that ease from the shown frame.
#include <gtest/gtest.h>

#include <cmath>

#include "runtime/frame_history.h"
#include "runtime/scheduler.h"
#include "stream_support.h"

namespace dt {
namespace {

using test::fake_model;
using test::make_settings;
using test::make_stream;
using test::message_of;
using test::Recorder;
using test::sweep;
using Floats = std::vector<float>;

MotionSpec one_weight() {
  MotionSpec motion;
  motion.rest = {0.5f};
  motion.mean = {0};
  return motion;
}

void add(FrameHistory* history, int64_t begin, int64_t end) {
  for (int64_t k = begin; k < end; ++k) {
    const auto value = static_cast<float>(k);
    history->add(&value);
  }
}

float mixed(const FrameHistory& history, double at) {
  float out = 0;
  history.mix(at, 0, 1, &out);
  return out;
}

TEST(FrameHistory, MixesNeighboursAndKnowsHowFarBackItReaches) {
  const MotionSpec motion = one_weight();
  FrameHistory history(motion, 4);
  history.restart(10);
  EXPECT_EQ(mixed(history, 12), 0.5f);  // nothing yet: the rest pose
  add(&history, 10, 13);
  EXPECT_EQ(mixed(history, 11.25), 11.25f);
  EXPECT_EQ(mixed(history, 9.5), 0.5f + (10 - 0.5f) * 0.5f);  // from the rest pose before the first frame
  EXPECT_EQ(mixed(history, -3), 0.5f);
  EXPECT_EQ(mixed(history, 99), 12.0f);  // held
  EXPECT_TRUE(history.knows(-3));
  add(&history, 13, 16);
  EXPECT_EQ(history.begin(), 12);
  EXPECT_FALSE(history.knows(11.99));
  EXPECT_TRUE(history.knows(12));
  history.cut(14);
  EXPECT_EQ(mixed(history, 99), 13.0f);
  add(&history, 14, 15);
  EXPECT_EQ(history.begin(), 12);
  EXPECT_EQ(mixed(history, 13.5), 13.5f);
}

struct Moment {
  Floats weights;
  double time_s = 0;
};

Moment at(Stream& stream, double time_s, int max_hops = -1) {
  Moment m{Floats(2), 0};
  Floats pose(3);
  m.time_s = stream.frame_at(time_s, max_hops, m.weights.data(), pose.data());
  EXPECT_EQ(pose, Floats(3, 0.0f));
  return m;
}

TEST(StreamMoment, IsMixedFromTheFramesThatAPullGives) {
  Recorder recorder;
  Stream stream = make_stream(&recorder), other = make_stream(&recorder);
  const auto audio = sweep(2 * 16000);
  const Floats frames = test::animate(other, audio, 16000, 4000);
  stream.push(audio.data(), audio.size(), 1, 16000);
  stream.flush();
  for (double t = -0.05; t < 2.2; t += 1.0 / 72) {  // a display faster than the frames
    const Moment m = at(stream, t);
    const double place = std::clamp(t * 30, -1.0, 59.0);
    const auto k = static_cast<int64_t>(std::floor(place));
    const float share = static_cast<float>(place - std::floor(place));
    for (size_t c = 0; c < 2; ++c) {
      const float a = k < 0 ? 0 : frames[2 * static_cast<size_t>(k) + c];
      const float b = k == 59 ? a : frames[2 * static_cast<size_t>(k + 1) + c];
      EXPECT_NEAR(m.weights[c], a + (b - a) * share, 1e-6) << t;
    }
    EXPECT_NEAR(m.time_s, std::min(t, 59.0 / 30), 1e-12);
    EXPECT_LE(stream.info().next_frame, std::max<int64_t>(0, static_cast<int64_t>(std::ceil(place))) + 1);
  }
}

TEST(StreamMoment, ComputesNoMoreThanItMay) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const auto audio = sweep(2 * 16000);
  stream.push(audio.data(), audio.size(), 1, 16000);
  EXPECT_NEAR(at(stream, 0.5, 0).time_s, -1.0 / 30, 1e-12);
  EXPECT_EQ(recorder.windows.size(), 0u);
  EXPECT_NEAR(at(stream, 0.5, 2).time_s, 11.0 / 30, 1e-12);
  EXPECT_EQ(recorder.windows.size(), 2u);
  EXPECT_EQ(at(stream, 0.5).time_s, 0.5);
  EXPECT_EQ(recorder.windows.size(), 3u);
}

TEST(StreamMoment, SaysWhatIsKept) {
  Recorder recorder;
  auto model = fake_model(&recorder);
  StreamSettings settings = make_settings(*model);
  settings.history_ms = 200;  // 7 frames
  Stream stream(model, settings);
  const auto audio = sweep(2 * 16000);
  stream.push(audio.data(), audio.size(), 1, 16000);
  EXPECT_EQ(at(stream, 1).time_s, 1);
  EXPECT_EQ(at(stream, 0.8).time_s, 0.8);
  const std::string message = message_of([&] { at(stream, 0.79); });
  EXPECT_EQ(
      message,
      "time_s is 0.790 s, but only frames from 0.800 s on are kept: ask sooner, or make the stream with a "
      "longer history_ms than 200");
  EXPECT_EQ(stream.info().first_kept_frame, 24);
  settings.history_ms = 0;
  Stream bare(model, settings);
  EXPECT_NE(message_of([&] { at(bare, 0); }).find("history_ms above 0"), std::string::npos);
}

TEST(StreamMoment, InASchedulerTakesWhatTheStepsFinished) {
  Recorder recorder;
  const auto model = fake_model(&recorder);
  Scheduler scheduler(model, {});
  const auto stream = std::make_shared<Stream>(model, make_settings(*model));
  scheduler.add(stream);
  const auto audio = sweep(2 * 16000);
  stream->push(audio.data(), audio.size(), 1, 16000);
  EXPECT_LT(at(*stream, 0.1).time_s, 0);
  scheduler.step(-1, -1);
  EXPECT_EQ(at(*stream, 0.1, 0).time_s, 0.1);
}

TEST(StreamMoment, AnInterruptEasesFromTheFrameThatWasShown) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const auto audio = sweep(2 * 16000);
  stream.push(audio.data(), audio.size(), 1, 16000);
  Floats frames(2 * 30);
  int64_t first = 0;
  ASSERT_EQ(stream.pull(frames.data(), 30, &first), 30u);
  const Interruption done = stream.interrupt(100, 20);
  EXPECT_EQ(done.next_audio_frame, 21 + 3);
  Floats easing(2 * 10);
  easing.resize(2 * stream.pull(easing.data(), 10, &first));
  EXPECT_EQ(first, 21);
  ASSERT_EQ(easing.size(), 6u);
  EXPECT_NEAR(easing[0], frames[2 * 20] * (1 - 7.0f / 27), 1e-6);
  EXPECT_EQ(easing[4], 0.0f);
  // The moments after the shown frame are those of the easing.
  EXPECT_NEAR(at(stream, 20.0 / 30).weights[0], frames[2 * 20], 1e-6);
  EXPECT_NEAR(at(stream, 21.0 / 30).weights[0], easing[0], 1e-6);
}

TEST(StreamMoment, AnInterruptBeforeAnythingWasShownStartsAtRest) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const auto audio = sweep(16000);
  stream.push(audio.data(), audio.size(), 1, 16000);
  Floats frames(2 * 10);
  int64_t first = 0;
  stream.pull(frames.data(), 10, &first);
  EXPECT_EQ(stream.interrupt(100, -1).next_audio_frame, 3);
  ASSERT_EQ(stream.pull(frames.data(), 10, &first), 3u);
  EXPECT_EQ(first, 0);
  EXPECT_EQ(Floats(frames.begin(), frames.begin() + 6), Floats(6, 0.0f));
}

TEST(StreamMoment, AnInterruptNamesTheFramesThatItCanStartFrom) {
  Recorder recorder;
  auto model = fake_model(&recorder);
  StreamSettings settings = make_settings(*model);
  settings.history_ms = 200;
  Stream stream(model, settings);
  const auto audio = sweep(2 * 16000);
  stream.push(audio.data(), audio.size(), 1, 16000);
  Floats frames(2 * 30);
  int64_t first = 0;
  stream.pull(frames.data(), 5, &first);
  EXPECT_NE(message_of([&] { stream.interrupt(0, 5); }).find("next one to be pulled is frame 5"),
            std::string::npos);
  EXPECT_NE(message_of([&] { stream.interrupt(0, -2); }).find("began with frame 0"), std::string::npos);
  stream.pull(frames.data(), 25, &first);
  EXPECT_NE(message_of([&] { stream.interrupt(0, 22); }).find("only frames from frame 23 on are kept"),
            std::string::npos);
  EXPECT_EQ(stream.info().next_frame, 30);  // nothing was changed
  EXPECT_EQ(stream.info().utterance, 1);
  EXPECT_EQ(stream.interrupt(0, 23).next_audio_frame, 24);
  settings.history_ms = 0;
  Stream bare(model, settings);
  bare.push(audio.data(), audio.size(), 1, 16000);
  bare.pull(frames.data(), 5, &first);
  EXPECT_EQ(bare.interrupt(0, 4).next_audio_frame, 5);  // the pose pulled last is always there
}

}  // namespace
}  // namespace dt
