// Styles and dials that change while a stream runs: at a frame, in every profile, however it is driven.
#include <cstring>

#include "runtime/scheduler.h"
#include "stream_support.h"

namespace dt::test {
namespace {

constexpr float kStyleShare = 0.01f;  // how much of a style the fake shows in channel 1
constexpr size_t kN = 90;             // frames

double share(int64_t frame, int64_t begin, int64_t n) {
  const double u = std::min(1.0, static_cast<double>(frame - begin + 1) / static_cast<double>(n + 1));
  return frame < begin ? 0 : u * u * (3 - 2 * u);
}

// What channel 1 has of the style, per frame: two streams' difference over that of whole styles.
std::vector<double> shares(const std::vector<float>& changed, const std::vector<float>& plain, double whole) {
  std::vector<double> out;
  for (size_t f = 0; f < kN; ++f) {
    out.push_back((double{changed[2 * f + 1]} - double{plain[2 * f + 1]}) / (kStyleShare * whole));
  }
  return out;
}

TEST(StreamChanges, AStyleBlendsFromItsFrameOnInEveryProfile) {
  const auto audio = sweep(kN * 16000 / 30);
  for (const char* profile : {"live", "bare", "long"}) {
    SCOPED_TRACE(profile);
    Recorder recorder;
    recorder.style_share = kStyleShare;
    auto model = fake_model(&recorder, [](nlohmann::json& m) {
      m["motion"]["min"] = {-1, -1};
      m["profiles"]["long"] = {{"past_frames", 12}, {"hop_frames", 36}, {"lookahead_frames", 12}};
    });
    Stream plain(model, make_settings(*model, profile)), stream(model, make_settings(*model, profile));
    const auto expected = animate(plain, audio, 16000, 1000);
    stream.set_style({9, 6}, 300, 40);
    const auto got = animate(stream, audio, 16000, 1000);
    ASSERT_EQ(got.size(), 2 * kN);
    EXPECT_EQ(std::memcmp(got.data(), expected.data(), 2 * 40 * sizeof(float)), 0);
    const auto found = shares(got, expected, 4);
    // The ease-out at the end takes the style away with everything else.
    for (size_t f = 40; f < 80; ++f) EXPECT_NEAR(found[f], share(static_cast<int64_t>(f), 40, 9), 2e-3) << f;
  }
}

TEST(StreamChanges, AWindowRunsOnceWithEachOfItsStyles) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  const auto audio = sweep(3 * 16000);
  stream.push(audio.data(), audio.size(), 1, 16000);
  std::vector<float> frames(2 * 90);
  int64_t first = 0;
  EXPECT_EQ(stream.pull(frames.data(), 12, &first), 12u);
  stream.set_style({7, 10}, 400);  // 12 frames, from frame 12 on
  const int64_t within_blend = stream.info().memory_bytes;
  EXPECT_EQ(stream.pull(frames.data(), 24, &first), 24u);
  EXPECT_LT(stream.info().memory_bytes, within_blend);
  std::vector<float> styles;
  for (const auto& w : recorder.windows) styles.push_back(w.style[0]);
  EXPECT_EQ(styles, (std::vector<float>{5, 5, 7, 5, 7, 5, 7, 7}));
  // Both passes of a window have the same past.
  EXPECT_EQ(recorder.windows[2].past, recorder.windows[3].past);
  stream.set_style({1, 1}, 0);  // from a window's first frame on, without a blend: once
  EXPECT_EQ(stream.pull(frames.data(), 6, &first), 6u);
  EXPECT_EQ(recorder.windows.size(), 9u);
  EXPECT_EQ(recorder.windows.back().style, (std::vector<float>{1, 1}));
}

TEST(StreamChanges, ABlendThatIsOvertakenGoesOnFromWhereItWas) {
  const auto audio = sweep(kN * 16000 / 30);
  Recorder recorder;
  recorder.style_share = kStyleShare;
  Stream plain = make_stream(&recorder), stream = make_stream(&recorder);
  const auto expected = animate(plain, audio, 16000, 1000);
  stream.set_style({9, 6}, 1000, 20);
  stream.set_style({5, 6}, 500, 30);  // back, half way
  const auto found = shares(animate(stream, audio, 16000, 1000), expected, 4);
  const double reached = share(29, 20, 30);
  for (size_t f = 20; f < 30; ++f) EXPECT_NEAR(found[f], share(static_cast<int64_t>(f), 20, 30), 2e-3) << f;
  for (size_t f = 30; f < 70; ++f) {
    EXPECT_NEAR(found[f], reached * (1 - share(static_cast<int64_t>(f), 30, 15)), 2e-3) << f;
  }
}

// The same frames from pulls of every size, from a scheduler, and from changes that are told sooner or later.
TEST(StreamChanges, FramesAreTheSameHoweverTheStreamIsDriven) {
  const auto audio = sweep(kN * 16000 / 30);
  Recorder recorder;
  recorder.style_share = kStyleShare;
  auto model = fake_model(&recorder);
  Dials dials;
  dials.strength = 0.6f;
  dials.smoothing_ms = 80;
  const auto change = [&](Stream& s, bool style, bool late) {
    if (style) s.set_style({9, 6}, 200, 25);
    if (late) s.set_dials(dials, {}, 0, 400, 47);
  };
  std::vector<std::vector<float>> results;
  for (const size_t chunk : {333u, 16000u}) {
    Stream stream(model, make_settings(*model));
    change(stream, true, true);
    results.push_back(animate(stream, audio, 16000, chunk));
  }
  {  // in a scheduler
    auto stream = std::make_shared<Stream>(model, make_settings(*model));
    change(*stream, true, true);
    Scheduler scheduler(model, {});
    scheduler.add(stream);
    stream->push(audio.data(), audio.size(), 1, 16000);
    stream->flush();
    std::vector<float> out;
    while (out.size() < 2 * kN) {
      scheduler.step(-1, -1);
      pull_all(*stream, &out);
    }
    results.push_back(out);
  }
  {  // told when the frame is near
    Stream stream(model, make_settings(*model));
    std::vector<float> out(2 * kN);
    int64_t first = 0;
    stream.push(audio.data(), audio.size(), 1, 16000);
    stream.flush();
    stream.pull(out.data(), 13, &first);
    change(stream, true, false);
    stream.pull(out.data() + 2 * 13, 29, &first);
    change(stream, false, true);
    stream.pull(out.data() + 2 * 42, kN - 42, &first);
    results.push_back(out);
  }
  for (size_t i = 1; i < results.size(); ++i) EXPECT_EQ(results[i], results[0]) << i;
}

TEST(StreamChanges, AFailedPassIsTriedAgain) {
  const auto audio = sweep(kN * 16000 / 30);
  Recorder recorder;
  recorder.style_share = kStyleShare;
  Stream plain = make_stream(&recorder), stream = make_stream(&recorder);
  plain.set_style({9, 6}, 300, 9);
  stream.set_style({9, 6}, 300, 9);
  const auto expected = animate(plain, audio, 16000, 1000);
  stream.push(audio.data(), audio.size(), 1, 16000);
  stream.flush();
  recorder.poison = 9;  // the second pass of the window that has the change
  std::vector<float> frames(2 * kN);
  int64_t first = 0;
  const size_t n = stream.pull(frames.data(), kN, &first);
  EXPECT_EQ(n, 6u);
  EXPECT_THROW(stream.pull(frames.data() + 2 * n, kN, &first), Error);
  recorder.poison = 1e30f;
  EXPECT_EQ(stream.pull(frames.data() + 2 * n, kN, &first), kN - n);
  EXPECT_EQ(frames, expected);
}

TEST(StreamChanges, AResetKeepsWhatWasReachedAndDropsWhatWasToCome) {
  const auto audio = sweep(kN * 16000 / 30);
  Recorder recorder;
  recorder.style_share = kStyleShare;
  Stream plain = make_stream(&recorder), stream = make_stream(&recorder);
  plain.set_style({9, 6}, 0, 0);
  const auto expected = animate(plain, audio, 16000, 1000);
  stream.set_style({9, 6}, 500);
  stream.set_style({1, 6}, 0, 60);
  Dials strong;
  strong.strength = 2;
  stream.set_dials(strong, {}, 0, 0, 60);
  stream.reset();
  EXPECT_EQ(animate(stream, audio, 16000, 1000), expected);
}

TEST(StreamChanges, DialsBlendFromTheirFrameOn) {
  const auto audio = sweep(kN * 16000 / 30);
  Recorder recorder;
  Stream plain = make_stream(&recorder), stream = make_stream(&recorder);
  const auto expected = animate(plain, audio, 16000, 1000);
  Dials half;
  half.channel_gain = {0.5f, 1};
  stream.set_dials(half, {}, 0, 300, 40);
  const auto got = animate(stream, audio, 16000, 1000);
  EXPECT_EQ(std::memcmp(got.data(), expected.data(), 2 * 40 * sizeof(float)), 0);
  for (size_t f = 40; f < 80; ++f) {
    const double gain = 1 - 0.5 * share(static_cast<int64_t>(f), 40, 9);
    EXPECT_NEAR(got[2 * f], gain * expected[2 * f], 1e-5) << f;
    EXPECT_EQ(got[2 * f + 1], expected[2 * f + 1]) << f;
  }
}

TEST(StreamChanges, AnotherOffsetThanAtTheStartIsRefused) {
  Recorder recorder;
  Stream stream = make_stream(&recorder);
  EXPECT_THROW(stream.set_dials({}, {}, 40, 0), Error);
}

}  // namespace
}  // namespace dt::test
