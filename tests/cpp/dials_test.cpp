// What dials make of frames: neutral at their defaults, bounded, monotone, and closures stay.
#include "runtime/dials.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "motion_support.h"
#include "runtime/post.h"

namespace dt {
namespace {

enum Channel { kJaw, kClose, kFunnel, kBrow, kBlinkL, kBlinkR, kYaw, kPitch, kRoll, kCount };

MotionSpec face() {
  return test::motion_with_pose({"jawOpen", "mouthClose", "mouthFunnel", "browInnerUp", "eyeBlinkLeft",
                                 "eyeBlinkRight", "headYaw", "headPitch", "headRoll"});
}

using Frame = std::vector<float>;

// Speech-like frames: the mouth opens and closes some four times a second.
std::vector<Frame> speech(size_t n) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> noise(-0.02f, 0.02f);
  std::vector<Frame> out;
  for (size_t f = 0; f < n; ++f) {
    const double t = static_cast<double>(f) / 30;
    const auto open = static_cast<float>(std::max(0.0, 0.35 * std::sin(25 * t)));
    Frame w(kCount);
    w[kJaw] = 0.1f + open;
    w[kClose] = std::max(0.0f, 0.09f - open + noise(random));
    w[kFunnel] = 0.1f * open;
    w[kBrow] = 0.3f + noise(random);
    w[kYaw] = 0.1f;
    out.push_back(w);
  }
  return out;
}

std::vector<Frame> applied(const std::vector<Frame>& frames, const Dials& dials, PostSettings settings = {}) {
  const MotionSpec motion = face();
  settings.dials = dials;
  Post post(motion, settings);
  std::vector<Frame> out(frames.size(), Frame(kCount));
  for (size_t f = 0; f < frames.size(); ++f) {
    post.frame(static_cast<int64_t>(f), frames[f].data(), f % 40 < 25 ? 1.0 : 0.0,
               f + 5 < frames.size() ? 1.0f : 0.5f, out[f].data());
  }
  return out;
}

TEST(Dials, AtTheirDefaultsLeaveEveryBit) {
  const auto frames = speech(200);
  PostSettings settings;
  settings.smoothing_ms = 60;
  settings.gate.is_on = true;
  settings.gate.open_power = settings.gate.close_power = 0.5;
  Dials spelled_out;
  spelled_out.channel_gain.assign(kYaw, 1.0f);
  spelled_out.channel_offset.assign(kYaw, 0.0f);
  spelled_out.channel_min.assign(kYaw, -4.0f);
  spelled_out.channel_max.assign(kYaw, 4.0f);
  EXPECT_EQ(applied(frames, spelled_out, settings), applied(frames, {}, settings));
  Dials turned;
  turned.strength = 1.01f;
  EXPECT_NE(applied(frames, turned, settings), applied(frames, {}, settings));
}

// The bits that frames had before there were dials (566d892, amount of the head 0.75, gate and end of a
// clip).
TEST(Dials, AtTheirDefaultsGiveTheFramesOfBefore) {
  MotionSpec m =
      test::motion_with_pose({"jawOpen", "mouthClose", "browInnerUp", "eyeBlinkLeft", "eyeLookInLeft",
                              "eyeLookOutLeft", "headYaw", "headPitch", "headRoll"});
  m.rest[0] = 0.05f;
  PostSettings settings;
  settings.gate.is_on = true;
  settings.gate.open_power = settings.gate.close_power = 0.5;
  settings.head_amount = 0.75f;
  Post post(m, settings);
  uint32_t state = 12345;  // of a generator of + and * of integers
  uint64_t hash = 14695981039346656037ull;
  for (int f = 0; f < 200; ++f) {
    float w[9], out[9];
    for (float& v : w) v = static_cast<float>((state = state * 1664525u + 1013904223u) >> 8) / 16777216.0f;
    for (int c = 6; c < 9; ++c) w[c] -= 0.5f;
    post.frame(f, w, f % 50 < 30 ? 1.0 : 0.0, f < 190 ? 1.0f : static_cast<float>(200 - f) / 16, out);
    for (const float v : out) {
      uint32_t bits;
      std::memcpy(&bits, &v, 4);
      for (int i = 0; i < 4; ++i) hash = (hash ^ (bits >> (8 * i) & 255)) * 1099511628211ull;
    }
  }
  EXPECT_EQ(hash, 0x578c645fc22c0249ull);
}

TEST(Dials, StrengthKeepsClosedLipsClosedAndOpenOnesOpen) {
  const MotionSpec motion = face();
  const LipOpening opening(motion.channels);
  const auto frames = speech(300);
  size_t n_closed = 0;
  for (const float strength : {0.5f, 0.7f, 1.3f, 1.5f}) {
    Dials dials;
    dials.lower_strength = strength;
    const auto out = applied(frames, dials);
    for (size_t f = 0; f + 5 < frames.size(); ++f) {
      const double before = opening(frames[f].data()), after = opening(out[f].data());
      if (before < 0.0295) {
        EXPECT_LT(after, 0.03) << strength << " " << f << " " << before;
      }
      if (before > 0.0305) {
        EXPECT_GT(after, 0.03) << strength << " " << f << " " << before;
      }
      n_closed += before < 0.0295 ? 1 : 0;
    }
  }
  EXPECT_GT(n_closed, 100u);  // there is something to keep
}

TEST(Dials, SharpnessAndSmoothingKeepClosures) {
  const LipOpening opening(face().channels);
  const auto frames = speech(300);
  Dials sharp, smooth, both;
  sharp.jaw_sharpness = sharp.lip_sharpness = 1;
  smooth.smoothing_ms = 200;
  both = sharp;
  both.smoothing_ms = 200;
  both.strength = 1.5f;
  for (const Dials& dials : {sharp, smooth, both}) {
    const auto out = applied(frames, dials);
    for (size_t f = 0; f + 5 < frames.size(); ++f) {
      if (opening(frames[f].data()) < 0.0295) {
        EXPECT_LT(opening(out[f].data()), 0.03) << f;
      }
    }
  }
  // And sharpness does what it says: the mouth moves more.
  const auto travel = [&](const std::vector<Frame>& w) {
    double sum = 0;
    for (size_t f = 1; f < w.size(); ++f) sum += std::fabs(w[f][kJaw] - w[f - 1][kJaw]);
    return sum;
  };
  EXPECT_GT(travel(applied(frames, sharp)), 1.2 * travel(frames));
}

TEST(Dials, AreMonotoneAndStayWithinTheLimits) {
  const LipOpening opening(face().channels);
  const auto frames = speech(120);
  const auto mean_of = [&](const Dials& dials, auto&& value) {
    double sum = 0;
    for (const Frame& w : applied(frames, dials)) {
      for (size_t c = 0; c < kYaw; ++c) {
        EXPECT_GE(w[c], 0.0f);
        EXPECT_LE(w[c], 1.0f);
      }
      sum += value(w);
    }
    return sum / static_cast<double>(frames.size());
  };
  double last_open = -1, last_brow = -1;
  for (float strength = 0; strength <= 2.01f; strength += 0.125f) {
    Dials dials;
    dials.strength = std::min(2.0f, strength);
    const double open = mean_of(dials, [&](const Frame& w) { return opening(w.data()); });
    const double brow = mean_of(dials, [](const Frame& w) { return w[kBrow]; });
    EXPECT_GT(open, last_open) << strength;
    EXPECT_GT(brow, last_brow) << strength;
    if (strength == 0) {
      EXPECT_EQ(brow, 0);
    }
    last_open = open, last_brow = brow;
  }
}

TEST(Dials, UpperAndLowerStrengthActOnTheirPart) {
  const auto frames = speech(60);
  Dials upper, lower;
  upper.upper_strength = 0;
  lower.lower_strength = 0;
  const auto no_upper = applied(frames, upper), no_lower = applied(frames, lower);
  for (size_t f = 0; f + 5 < frames.size(); ++f) {
    EXPECT_EQ(no_upper[f][kBrow], 0);
    EXPECT_EQ(no_upper[f][kJaw], frames[f][kJaw]);
    EXPECT_EQ(no_lower[f][kJaw], 0);
    EXPECT_EQ(no_lower[f][kBrow], frames[f][kBrow]);
    EXPECT_EQ(no_lower[f][kYaw], frames[f][kYaw]);
  }
}

TEST(Dials, HalfAStrengthLeavesABlinkWhole) {
  auto frames = speech(20);
  frames[10][kBlinkL] = frames[10][kBlinkR] = 1;
  Dials dials;
  dials.strength = 0.5f;
  EXPECT_EQ(applied(frames, dials)[10][kBlinkL], 1);
  dials.strength = 0;
  EXPECT_EQ(applied(frames, dials)[10][kBlinkL], 0);
}

TEST(Dials, ChannelsGetGainOffsetAndLimitsAfterEverythingElse) {
  const auto frames = speech(60);
  Dials dials;
  dials.channel_gain = {2, 1, 1, 1, 1, 1};
  dials.channel_offset = {0.1f, 0, 0, 0, 0, 0};
  dials.channel_max = {0.5f, 1, 1, 1, 1, 1};
  const auto out = applied(frames, dials);
  for (size_t f = 0; f + 5 < frames.size(); ++f) {
    EXPECT_NEAR(out[f][kJaw], std::min(0.5f, 2 * frames[f][kJaw] + 0.1f), 1e-6);
    EXPECT_EQ(out[f][kBrow], frames[f][kBrow]);
  }
}

TEST(Dials, AnOffsetHoldsInSilenceAndEasesOutAtTheEnd) {
  const MotionSpec motion = face();
  PostSettings settings;
  settings.gate.is_on = true;
  settings.gate.open_power = settings.gate.close_power = 0.5;
  settings.dials.channel_offset = {0.2f, 0, 0, 0, 0, 0};
  Post post(motion, settings);
  const Frame open(kCount, 0.5f);
  Frame out(kCount);
  for (int f = 0; f < 60; ++f) post.frame(f, open.data(), 0, 1.0f, out.data());
  EXPECT_NEAR(out[kJaw], 0.2f, 1e-6);
  post.frame(60, open.data(), 0, 0.0f, out.data());
  EXPECT_EQ(out[kJaw], 0.0f);
}

TEST(Dials, HeadAmountMultipliesThatOfTheStream) {
  const auto frames = speech(20);
  PostSettings settings;
  settings.head_amount = 0.5f;
  Dials dials;
  dials.head_amount = 0.5f;
  EXPECT_NEAR(applied(frames, dials, settings)[3][kYaw], 0.25f * frames[3][kYaw], 1e-7);
}

TEST(Dials, AChangeBackMayBeGivenFirst) {
  const MotionSpec motion = face();
  const auto frames = speech(100);
  Dials strong;
  strong.strength = 2;
  Post first(motion, {}), last(motion, {}), plain(motion, {});
  first.set_dials({}, 60, 0), first.set_dials(strong, 30, 0);
  last.set_dials(strong, 30, 0), last.set_dials({}, 60, 0);
  Frame a(kCount), b(kCount), c(kCount);
  for (size_t f = 0; f < frames.size(); ++f) {
    const auto index = static_cast<int64_t>(f);
    first.frame(index, frames[f].data(), 0, 1.0f, a.data());
    last.frame(index, frames[f].data(), 0, 1.0f, b.data());
    plain.frame(index, frames[f].data(), 0, 1.0f, c.data());
    EXPECT_EQ(a, b) << f;
    EXPECT_EQ(a != c, f >= 30 && f < 60) << f;
  }
}

// ---- The track ----

Dials strength_of(float strength) {
  Dials dials;
  dials.strength = strength;
  return dials;
}

TEST(DialTrack, ChangesAreExactToTheFrame) {
  const MotionSpec motion = face();
  DialTrack track(motion, {});
  track.change(strength_of(2), 10, 4);
  track.change(strength_of(0), 30, 0);
  for (int64_t f = 0; f < 40; ++f) {
    const double u = std::min(1.0, static_cast<double>(f - 9) / 5);
    const double expected = f < 10 ? 1 : (f < 30 ? 1 + u * u * (3 - 2 * u) : 0);
    EXPECT_NEAR(track.at(f).strength, expected, 1e-6) << f;
  }
}

TEST(DialTrack, ABlendThatIsOvertakenGoesOnFromWhereItWas) {
  const MotionSpec motion = face();
  DialTrack track(motion, {});
  track.change(strength_of(2), 0, 19);
  track.change(strength_of(1), 10, 9);
  float last = 1;
  for (int64_t f = 0; f < 30; ++f) {
    const float now = track.at(f).strength;
    EXPECT_LT(std::fabs(now - last), 0.09f) << f;  // without a jump
    last = now;
  }
  EXPECT_EQ(last, 1);
}

TEST(DialTrack, ADialThatStaysKeepsItsOwnBlend) {
  const MotionSpec motion = face();
  DialTrack track(motion, {}), alone(motion, {});
  Dials both = strength_of(2);
  both.gaze_hold = 1;
  track.change(strength_of(2), 0, 19);
  track.change(both, 10, 3);
  alone.change(strength_of(2), 0, 19);
  for (int64_t f = 0; f < 30; ++f) {
    EXPECT_EQ(track.at(f).strength, alone.at(f).strength) << f;
    EXPECT_EQ(track.at(f).gaze_hold == 1, f >= 13) << f;
  }
}

TEST(DialTrack, OrderOfTheCallsDoesNotMatter) {
  const MotionSpec motion = face();
  Dials offset = strength_of(1.5f);
  offset.channel_offset.assign(kYaw, 0.5f);
  DialTrack a(motion, {}), b(motion, {});
  a.change(strength_of(2), 10, 6), a.change(offset, 20, 6), a.change({}, 40, 6);
  b.change({}, 40, 6), b.change(offset, 20, 6), b.change(strength_of(2), 10, 6);
  for (int64_t f = 0; f < 60; ++f) {
    const Dials& x = a.at(f);
    const Dials& y = b.at(f);
    EXPECT_EQ(x.strength, y.strength) << f;
    EXPECT_EQ(x.channel_offset, y.channel_offset) << f;
  }
  EXPECT_TRUE(a.at(60).is_neutral(motion));
}

TEST(DialTrack, SettlesOnWhatWasReached) {
  const MotionSpec motion = face();
  DialTrack track(motion, {});
  track.change(strength_of(2), 10, 30);
  track.change(strength_of(0), 50, 0);
  track.at(12);
  track.settle(12);
  EXPECT_EQ(track.at(0).strength, 2);
  EXPECT_EQ(track.at(90).strength, 2);
}

}  // namespace
}  // namespace dt
