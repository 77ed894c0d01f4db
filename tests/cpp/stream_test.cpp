// The clock, the windows and the states of a stream, on a fake backend.
#include "runtime/stream.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

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

// Sample count after which the first window of the profile "live" can run: 40 mel frames, the last one
// centred on sample 39 * 160 and reaching 200 samples further.
constexpr size_t kFirstReady = 39 * 160 + 200;

TEST(Stream, FirstWindowIsReadyWithItsLastSample) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const auto audio = sweep(kFirstReady);
  stream.push(audio.data(), kFirstReady - 1, 1, 16000);
  EXPECT_EQ(stream.ready_frames(), 0);
  stream.push(audio.data() + kFirstReady - 1, 1, 1, 16000);
  EXPECT_EQ(stream.ready_frames(), 6);
  std::vector<float> out;
  pull_all(stream, &out);
  EXPECT_EQ(out.size(), 12u);
  EXPECT_EQ(stream.ready_frames(), 0);
}

TEST(Stream, WindowsCarryPastNoiseAndSilence) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  animate(stream, sweep(16000), 16000, 16000);
  ASSERT_EQ(recorder.windows.size(), 5u);  // 30 frames, 6 per hop
  const auto& first = recorder.windows[0];
  EXPECT_EQ(first.style, (std::vector<float>{5, 6}));
  for (size_t i = 0; i < 18; ++i) EXPECT_EQ(first.past[2 * i], -0.5f);  // rest 0 is (0 - 0.25) / 0.5
  for (size_t i = 0; i < 60 * 80; ++i) EXPECT_EQ(first.mel[i], std::log(1e-5f));  // silence before time 0
  EXPECT_NE(first.mel[70 * 80], std::log(1e-5f));
  for (size_t k = 0; k < 5; ++k) {
    EXPECT_EQ(recorder.windows[k].seed, 7u);
    EXPECT_EQ(recorder.windows[k].first_frame, static_cast<int64_t>(6 * k));
  }
  // The mel of a window is the one before, moved by one hop of 20 mel frames.
  const auto &a = recorder.windows[2].mel, &b = recorder.windows[3].mel;
  EXPECT_TRUE(std::equal(b.begin(), b.begin() + 80 * 80, a.begin() + 20 * 80));
}

TEST(Stream, ChunksNeverMatter) {
  for (const char* profile : {"live", "bare"}) {
    for (const int rate_hz : {16000, 44100, 8000}) {
      Recorder recorder;
      Stream stream = make_stream(&recorder, profile);
      const auto audio = sweep(static_cast<size_t>(rate_hz) + 77, rate_hz);
      const auto whole = animate(stream, audio, rate_hz, audio.size());
      EXPECT_EQ(whole.size() / 2, static_cast<size_t>(std::ceil(audio.size() * 30.0 / rate_hz)));
      for (const size_t chunk : {1, 160, 999, 16000}) {
        stream.reset();
        EXPECT_EQ(animate(stream, audio, rate_hz, chunk), whole) << profile << " " << rate_hz << " " << chunk;
      }
    }
  }
}

TEST(Stream, GivesAsManyFramesAsTheAudioLasts) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const std::pair<size_t, size_t> cases[] = {{0, 0},    {1, 1},    {160, 1},    {533, 1},   {534, 2},
                                             {1600, 3}, {1601, 4}, {16000, 30}, {16001, 31}};
  for (const auto& [n_samples, n_frames] : cases) {
    stream.reset();
    EXPECT_EQ(animate(stream, sweep(n_samples), 16000, 999).size(), 2 * n_frames) << n_samples;
    EXPECT_EQ(stream.ready_frames(), 0);
  }
}

TEST(Stream, RunsAt25FramesASecond) {
  Recorder recorder;
  const auto model = fake_model(&recorder, [](nlohmann::json& m) {
    m["motion"]["fps_num"] = 25;
    m["audio"]["mel_frames_per_group"] = 4;
    m["audio"]["anim_frames_per_group"] = 1;
    m["profiles"]["live"] = {{"past_frames", 5}, {"hop_frames", 2}, {"lookahead_frames", 1}};
  });
  Stream stream(model, make_settings(*model));
  const auto audio = sweep(16001);
  const auto whole = animate(stream, audio, 16000, audio.size());
  EXPECT_EQ(whole.size(), 26u * 2);
  EXPECT_EQ(whole[2 * 25], 0.0f);  // the lookahead bounds the ease-out to the last frame
  EXPECT_NE(whole[2 * 24], 0.0f);
  ASSERT_EQ(recorder.windows.size(), 13u);
  // The mel of a window is the one before, moved by one hop of 8 mel frames.
  const auto &a = recorder.windows[3].mel, &b = recorder.windows[4].mel;
  ASSERT_EQ(a.size(), 8u * 4 * 80);
  EXPECT_TRUE(std::equal(b.begin(), b.begin() + 24 * 80, a.begin() + 8 * 80));
  stream.reset();
  EXPECT_EQ(animate(stream, audio, 16000, 777), whole);
  stream.reset();
  // Two frames and one ahead are 12 mel frames; the last is centred on sample 11 * 160.
  stream.push(audio.data(), 11 * 160 + 199, 1, 16000);
  EXPECT_EQ(stream.ready_frames(), 0);
  stream.push(audio.data(), 1, 1, 16000);
  EXPECT_EQ(stream.ready_frames(), 2);
}

TEST(Stream, EasesToRestAtTheEnd) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const std::vector<float> loud(16000, 0.5f);
  const auto out = animate(stream, loud, 16000, 16000);
  EXPECT_EQ(out[2 * 29], 0.0f);
  // Frame 30 - 5 + 1 is at u = 2/5; channel 1 has mean 0,
  // std 1 and is half of channel 0's z of the frame before.
  const float z = (out[2 * 24] - 0.25f) / 0.5f;
  const double u = 0.4, keep = 1 - u * u * (3 - 2 * u);
  EXPECT_NEAR(out[2 * 26 + 1], 0.5 * z * keep, 0.02);
}

TEST(Stream, RefusesBadAudioAndChangesNothing) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const auto audio = sweep(16000);
  const auto expected = animate(stream, audio, 16000, 16000);
  stream.reset();
  auto bad = audio;
  bad[123] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(message_of([&] { stream.push(bad.data(), 16000, 1, 16000); }).find("sample 123 "),
            std::string::npos);
  bad[123] = std::numeric_limits<float>::infinity();
  EXPECT_NE(message_of([&] { stream.push(bad.data(), 8000, 2, 16000); }).find("sample 61 "),
            std::string::npos);
  EXPECT_NE(message_of([&] { stream.push(audio.data(), 1, 65, 16000); }).find("65 channels"),
            std::string::npos);
  EXPECT_NE(message_of([&] { stream.push(audio.data(), 1, 1, 999); }).find("999 Hz"), std::string::npos);
  stream.push(audio.data(), 100, 1, 16000);
  EXPECT_NE(message_of([&] { stream.push(audio.data(), 1, 1, 8000); }).find("began with 16000"),
            std::string::npos);
  EXPECT_NE(message_of([&] { stream.push(audio.data(), size_t{1} << 62, 1, 16000); }).find("would wait"),
            std::string::npos);
  stream.push(audio.data() + 100, 15900, 1, 16000);
  std::vector<float> out;
  stream.flush();
  pull_all(stream, &out);
  EXPECT_EQ(out, expected);
  EXPECT_NE(message_of([&] { stream.push(audio.data(), 1, 1, 16000); }).find("flushed"), std::string::npos);
  EXPECT_NE(message_of([&] { stream.flush(); }).find("flushed"), std::string::npos);
}

TEST(Stream, FullBufferTakesNothing) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const auto audio = sweep(16000 * 40);
  size_t pushed = 0;
  for (; pushed + 1600 <= audio.size(); pushed += 1600) {
    if (!message_of([&] { stream.push(audio.data() + pushed, 1600, 1, 16000); }).empty()) break;
  }
  EXPECT_EQ(pushed, 16000u * 30);  // and a mel window, in which a whole push has no room
  EXPECT_EQ(stream.stats().n_overruns, 1);
  std::vector<float> out;
  pull_all(stream, &out);
  stream.push(audio.data() + pushed, audio.size() - pushed, 1, 16000);
  stream.flush();
  pull_all(stream, &out);
  Stream other = make_stream(&recorder);
  EXPECT_EQ(out, animate(other, audio, 16000, 48000));
}

// The first window waits for 0.4 s of audio, here in a buffer of 0.1 s.
TEST(Stream, EveryQuestionMakesRoomForThePush) {
  Recorder recorder;
  const auto model = fake_model(&recorder);
  const auto audio = sweep(16000);
  for (const int offset_ms : {0, 40, -300}) {
    StreamSettings settings = make_settings(*model);
    settings.offset_ms = offset_ms;
    Stream whole(model, settings);
    const auto expected = animate(whole, audio, 16000, audio.size());
    settings.max_buffered_ms = 100;
    Stream stream(model, settings);
    for (int question = 0; question < 3; ++question) {
      std::vector<float> out, frame(2);
      int64_t first = 0;
      for (size_t at = 0; at < audio.size(); at += 1600) {
        stream.push(audio.data() + at, 1600, 1, 16000);
        EXPECT_NE(message_of([&] { stream.push(audio.data(), 1600, 1, 16000); }), "");
        if (question == 0) stream.ready_frames();
        if (question == 1) stream.pull(frame.data(), 0, &first);
        int64_t ready_ns = 0;
        if (question == 2) stream.deadline(nullptr, 1, &ready_ns);
        if (stream.ready_frames() > 0) pull_all(stream, &out);
      }
      stream.flush();
      pull_all(stream, &out);
      EXPECT_EQ(out, expected) << offset_ms << " " << question;
      stream.reset();
    }
  }
}

TEST(Stream, FailedWindowIsTriedAgain) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const auto audio = sweep(16000);
  const auto expected = animate(stream, audio, 16000, 16000);
  stream.reset();
  stream.push(audio.data(), audio.size(), 1, 16000);
  stream.flush();
  recorder.fail = true;
  std::vector<float> out;
  EXPECT_EQ(message_of([&] { pull_all(stream, &out); }), "told to fail");
  recorder.fail = false;
  pull_all(stream, &out);
  EXPECT_EQ(out, expected);
}

TEST(Stream, MixesChannelsAndBoundsValues) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const auto audio = sweep(8000);
  const auto mono = animate(stream, audio, 16000, 8000);
  std::vector<float> stereo;
  for (const float s : audio) stereo.insert(stereo.end(), {2 * s, 0.0f});
  stream.reset();
  stream.push(stereo.data(), 8000, 2, 16000);
  stream.flush();
  std::vector<float> out;
  pull_all(stream, &out);
  EXPECT_EQ(out, mono);
  stream.reset();
  const std::vector<float> extreme(8000, std::numeric_limits<float>::max());
  for (const float w : animate(stream, extreme, 16000, 8000)) EXPECT_TRUE(w >= -1 && w <= 1);
}

}  // namespace
}  // namespace dt
