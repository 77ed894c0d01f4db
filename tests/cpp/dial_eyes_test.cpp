// Blinks that are left out or added, and the gaze.
#include "runtime/dial_eyes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace dt {
namespace {

enum Channel { kBlinkL, kBlinkR, kInL, kOutL, kUpL, kDownL, kInR, kOutR, kUpR, kDownR, kCount };

MotionSpec eyes() {
  MotionSpec m;
  m.space = "blendshapes";
  m.channels = {"eyeBlinkLeft",    "eyeBlinkRight",  "eyeLookInLeft",   "eyeLookOutLeft", "eyeLookUpLeft",
                "eyeLookDownLeft", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight", "eyeLookDownRight"};
  m.fps_num = 30;
  m.fps_den = 1;
  m.mean = m.rest = m.min = std::vector<float>(kCount, 0.0f);
  m.std = m.max = std::vector<float>(kCount, 1.0f);
  return m;
}

constexpr int kMinute = 60 * 30;
constexpr float kBlink[] = {0.3f, 0.9f, 1.0f, 0.8f, 0.4f, 0.15f};

// A blink every 3 seconds over lids that are a little low.
float lids_at(int f) { return std::max(0.08f, f % 90 < 6 ? kBlink[f % 90] : 0.0f); }

// Frames at which the lids pass the half on their way down, over ten minutes.
std::set<int> blinks(float rate, uint64_t seed = 7) {
  const MotionSpec motion = eyes();
  DialEyes dial(motion, seed);
  Dials dials;
  dials.blink_rate = rate;
  std::set<int> found;
  float last = 0;
  for (int f = 0; f < 10 * kMinute; ++f) {
    std::vector<float> w(kCount);
    w[kBlinkL] = w[kBlinkR] = lids_at(f);
    dial.blink(dials, f, w.data());
    EXPECT_LE(w[kBlinkL], 1.0f);
    EXPECT_EQ(w[kBlinkL], w[kBlinkR]);
    if (last < 0.5f && w[kBlinkL] >= 0.5f) found.insert(f);
    last = w[kBlinkL];
  }
  return found;
}

bool holds(const std::set<int>& more, const std::set<int>& less) {
  return std::includes(more.begin(), more.end(), less.begin(), less.end());
}

TEST(DialEyes, ALowerRateLeavesBlinksOut) {
  const auto none = blinks(0), third = blinks(0.3f), most = blinks(0.8f), all = blinks(1);
  EXPECT_EQ(none.size(), 0u);
  EXPECT_EQ(all.size(), 200u);
  EXPECT_NEAR(static_cast<double>(third.size()), 60, 20);
  EXPECT_NEAR(static_cast<double>(most.size()), 160, 20);
  EXPECT_TRUE(holds(most, third));
  EXPECT_TRUE(holds(all, most));
  EXPECT_NE(blinks(0.3f, 8), third);
}

TEST(DialEyes, AHigherRateAddsBlinksBetweenTheOthers) {
  const auto all = blinks(1), two = blinks(2), four = blinks(4);
  EXPECT_NEAR(static_cast<double>(two.size() - all.size()), 180, 40);  // 18 a minute
  EXPECT_GT(four.size(), two.size() + 100);
  EXPECT_LT(four.size(), 900u);
}

TEST(DialEyes, ARateOfOneLeavesEveryBit) {
  const MotionSpec motion = eyes();
  DialEyes dial(motion, 7);
  for (int f = 0; f < kMinute; ++f) {
    std::vector<float> w(kCount);
    w[kBlinkL] = w[kBlinkR] = lids_at(f);
    const std::vector<float> before = w;
    dial.blink({}, f, w.data());
    EXPECT_EQ(w, before);
  }
}

TEST(DialEyes, LidsThatStayLowAreNoBlink) {
  const MotionSpec motion = eyes();
  DialEyes dial(motion, 7);
  Dials dials;
  dials.blink_rate = 0;
  std::vector<float> w(kCount);
  for (int f = 0; f < 200; ++f) {
    w.assign(kCount, 0.0f);
    w[kBlinkL] = w[kBlinkR] = f < 30 ? 0.05f : 0.5f;  // a tired face from the second second on
    dial.blink(dials, f, w.data());
  }
  EXPECT_EQ(w[kBlinkL], 0.5f);
}

double left_of_left_eye(const std::vector<float>& w) { return kLookSideDegrees * (w[kOutL] - w[kInL]); }
double left_of_right_eye(const std::vector<float>& w) { return kLookSideDegrees * (w[kInR] - w[kOutR]); }
double up(const std::vector<float>& w) { return kLookUpDegrees * w[kUpL] - kLookDownDegrees * w[kDownL]; }

std::vector<float> looked(float side, float height, float hold) {
  const MotionSpec motion = eyes();
  std::vector<float> w(kCount);
  w[kOutL] = 0.2f, w[kInR] = 0.2f, w[kDownL] = 0.1f, w[kDownR] = 0.1f;
  Dials dials;
  dials.gaze_side_deg = side;
  dials.gaze_up_deg = height;
  dials.gaze_hold = hold;
  DialEyes(motion, 0).look(dials, w.data());
  return w;
}

TEST(DialEyes, TheGazeWandersAboutItsTargetAndIsHeldThere) {
  EXPECT_EQ(looked(0, 0, 0)[kOutL], 0.2f);
  EXPECT_NEAR(left_of_left_eye(looked(10, 5, 0)), 10 + 0.2 * kLookSideDegrees, 1e-4);
  EXPECT_NEAR(left_of_right_eye(looked(10, 5, 0)), 10 + 0.2 * kLookSideDegrees, 1e-4);
  EXPECT_NEAR(up(looked(10, 5, 0)), 5 - 0.1 * kLookDownDegrees, 1e-4);
  EXPECT_NEAR(left_of_left_eye(looked(-12, -9, 1)), -12, 1e-4);
  EXPECT_NEAR(up(looked(-12, -9, 1)), -9, 1e-4);
  EXPECT_EQ(looked(35, 0, 1)[kOutL], 1.0f);  // as far as the channel reaches
}

}  // namespace
}  // namespace dt
