// The amount of a head pose, and eyes that turn against it.
#include "runtime/head_pose.h"

#include <gtest/gtest.h>

#include <cmath>

#include "motion_support.h"

namespace dt {
namespace {

constexpr double kRadian = 57.29577951308232;

// Eight look channels, one that is none, and the pose.
enum Channel { kInL, kOutL, kUpL, kDownL, kInR, kOutR, kUpR, kDownR, kJaw, kYaw, kPitch, kRoll, kCount };

MotionSpec looks() {
  return test::motion_with_pose({"eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeLookDownLeft",
                                 "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight", "eyeLookDownRight",
                                 "jawOpen", "headYaw", "headPitch", "headRoll"});
}

using Frame = std::vector<float>;

Frame applied(Frame frame, float amount) {
  const MotionSpec motion = looks();
  HeadPose(motion).apply(frame.data(), amount);
  return frame;
}

// Degrees that both eyes look: to the subject's left, and up.
double left_of_left_eye(const Frame& f) { return kLookSideDegrees * (f[kOutL] - f[kInL]); }
double left_of_right_eye(const Frame& f) { return kLookSideDegrees * (f[kInR] - f[kOutR]); }
double up(const Frame& f) { return kLookUpDegrees * f[kUpL] - kLookDownDegrees * f[kDownL]; }

Frame looking_ahead(float yaw, float pitch, float roll) {
  Frame f(kCount);
  f[kJaw] = 0.3f, f[kYaw] = yaw, f[kPitch] = pitch, f[kRoll] = roll;
  return f;
}

TEST(HeadPose, AmountOfZeroIsNoPoseAndLeavesEveryWeight) {
  Frame f = looking_ahead(0.2f, -0.1f, 0.3f);
  f[kOutL] = 0.4f, f[kInR] = 0.37f;
  Frame expected = f;
  expected[kYaw] = expected[kPitch] = expected[kRoll] = 0;
  const Frame out = applied(f, 0);
  EXPECT_EQ(out, expected);
  for (size_t c = kYaw; c < kCount; ++c) EXPECT_FALSE(std::signbit(out[c]));
}

TEST(HeadPose, AHeldGazeTakesAllOfTheTurnBack) {
  const MotionSpec motion = looks();
  Frame f = looking_ahead(0.1f, 0.05f, 0);
  HeadPose(motion).apply(f.data(), 1, 1);
  EXPECT_NEAR(left_of_left_eye(f), -0.1 * kRadian, 1e-4);
  EXPECT_NEAR(up(f), 0.05 * kRadian, 1e-4);
}

TEST(HeadPose, AmountScalesWithinTheLimits) {
  const Frame f = looking_ahead(0.2f, -0.1f, 0.5f);
  const Frame one = applied(f, 1), half = applied(f, 0.5f), two = applied(f, 2);
  for (size_t c = kYaw; c < kCount; ++c) {
    EXPECT_EQ(one[c], f[c]);
    EXPECT_EQ(half[c], 0.5f * f[c]);
    EXPECT_EQ(two[c], std::min(0.6f, 2 * f[c]));
  }
  EXPECT_EQ(one[kJaw], 0.3f);
}

TEST(HeadPose, EyesTakeTheirShareOfYawAndPitchBack) {
  for (const float yaw : {-0.15f, 0.02f, 0.2f}) {
    for (const float pitch : {-0.2f, 0.1f}) {
      const Frame out = applied(looking_ahead(yaw, pitch, 0.1f), 1);
      EXPECT_NEAR(left_of_left_eye(out), -kGazeShare * kRadian * yaw, 1e-4);
      EXPECT_NEAR(left_of_right_eye(out), -kGazeShare * kRadian * yaw, 1e-4);
      EXPECT_NEAR(up(out), kGazeShare * kRadian * pitch, 1e-4);  // a nod down lifts the eyes
    }
  }
  EXPECT_EQ(applied(looking_ahead(0, 0, 0.2f), 1)[kOutL], 0.0f);  // eyes do not roll
}

TEST(HeadPose, EyesThatLookAsideComeBackFirst) {
  Frame f = looking_ahead(0.1f, 0, 0);  // to the left, as the eyes look
  f[kOutL] = f[kInR] = 0.5f;
  const Frame little = applied(f, 1);
  EXPECT_NEAR(little[kOutL], 0.5 - kGazeShare * kRadian * 0.1 / kLookSideDegrees, 1e-6);
  EXPECT_EQ(little[kInL], 0.0f);
  f[kYaw] = 0.4f;
  const Frame far = applied(f, 1);
  EXPECT_EQ(far[kOutL], 0.0f);
  EXPECT_NEAR(left_of_left_eye(far), 0.5 * kLookSideDegrees - kGazeShare * kRadian * 0.4, 1e-4);
}

TEST(HeadPose, EyesStayWithinTheirLimits) {
  const Frame out = applied(looking_ahead(0.6f, 0.6f, 0), 1);
  EXPECT_EQ(out[kInL], 1.0f);
  EXPECT_EQ(out[kUpR], 1.0f);
}

TEST(HeadPose, MotionWithoutOneIsLeftAlone) {
  MotionSpec m = looks();
  m.has_head_pose = false;
  Frame f = looking_ahead(0.2f, 0.2f, 0.2f);
  const Frame before = f;
  HeadPose(m).apply(f.data(), 2);
  EXPECT_EQ(f, before);
}

}  // namespace
}  // namespace dt
