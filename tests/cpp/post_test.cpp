// Filters over frames.
#include "runtime/post.h"

#include <gtest/gtest.h>

#include <cmath>

namespace dt {
namespace {

MotionSpec lips() {
  MotionSpec m;
  m.space = "blendshapes";
  m.channels = {"jawOpen", "mouthClose", "browInnerUp"};
  m.fps_num = 30;
  m.fps_den = 1;
  m.mean = m.min = m.rest = {0, 0, 0};
  m.std = m.max = {1, 1, 1};
  return m;
}

// An open mouth that closes for two frames by the jaw, as for a "b".
float jaw(int frame) { return frame == 10 || frame == 11 ? 0.0f : 0.5f; }

float closed_jaw(bool lip_seal, int frame_wanted) {
  const MotionSpec m = lips();
  PostSettings settings;
  settings.smoothing_ms = 100;
  settings.lip_seal = lip_seal;
  Post post(m, settings);
  float out[3] = {};
  for (int f = 0; f <= frame_wanted; ++f) {
    const float z[3] = {jaw(f), 0, jaw(f)};
    post.frame(f, z, 0, 1.0f, out);
  }
  return out[0];
}

TEST(Post, SealKeepsClosuresThatSmoothingWouldOpen) {
  EXPECT_GT(closed_jaw(false, 10), 0.2f);
  EXPECT_EQ(closed_jaw(true, 10), 0.0f);
  EXPECT_EQ(closed_jaw(true, 11), 0.0f);
  EXPECT_EQ(closed_jaw(true, 9), closed_jaw(false, 9));  // open frames are smoothed as ever
}

TEST(Post, SmoothingIsAOnePoleWithTheStatedTimeConstant) {
  const MotionSpec m = lips();
  PostSettings settings;
  settings.smoothing_ms = 200;
  Post post(m, settings);
  float out[3] = {};
  const float z[3] = {0, 0, 1};
  for (int f = 1; f <= 30; ++f) {
    post.frame(f, z, 0, 1.0f, out);
    EXPECT_NEAR(out[2], 1 - std::exp(-f / 30.0 / 0.2), 1e-5);
  }
  const float rest[3] = {0, 0, 0};
  for (int f = 31; f < 3031; ++f) post.frame(f, rest, 0, 1.0f, out);
  EXPECT_EQ(out[2], 0.0f);  // no denormal tail
}

// What the gate leaves of a frame of ones after a second of silence.
TEST(Post, TheGateRestsTheMouthAndNotTheHead) {
  MotionSpec m = lips();
  for (const char* name : kHeadPoseChannels) m.channels.emplace_back(name);
  m.mean = m.rest = std::vector<float>(6, 0.0f);
  m.min = std::vector<float>(6, -0.6f);
  m.std = m.max = std::vector<float>(6, 1.0f);
  m.has_head_pose = true;
  PostSettings settings;
  settings.gate.is_on = true;
  settings.gate.open_power = settings.gate.close_power = 1e-4;
  Post post(m, settings);
  const std::vector<float> ones(6, 1.0f);
  std::vector<float> out(6);
  for (int f = 0; f < 30; ++f) post.frame(f, ones.data(), 0, 1.0f, out.data());
  EXPECT_EQ(out, (std::vector<float>{0, 0, 1, 1, 1, 1}));
  post.frame(30, ones.data(), 0, 0.0f, out.data());  // the end of a clip rests all of it
  EXPECT_EQ(out, std::vector<float>(6, 0.0f));
}

// It opens in half of ease_ms: 100.5 ms are more than three frames of a 30th second.
TEST(Post, TheGateIsAheadByWholeFramesThatCoverItsOpening) {
  const MotionSpec m = lips();
  PostSettings settings;
  settings.gate.is_on = true;
  settings.gate.ease_ms = 200;
  EXPECT_EQ(Post(m, settings).gate_ahead_frames(), 3);
  settings.gate.ease_ms = 201;
  EXPECT_EQ(Post(m, settings).gate_ahead_frames(), 4);
}

TEST(Post, OpeningFollowsTheHead) {
  const LipOpening opening(lips().channels);
  EXPECT_TRUE(opening.is_known());
  const float open[3] = {0.1f, 0, 0}, closed[3] = {0.3f, 0.3f, 0}, half[3] = {0.3f, 0.25f, 0};
  // lip_opening of the built-in head for the same weights.
  EXPECT_NEAR(opening(open), 0.0335, 0.002);
  EXPECT_NEAR(opening(closed), -0.0008, 0.0035);
  EXPECT_NEAR(opening(half), 0.0161, 0.002);
  EXPECT_FALSE(LipOpening({"a", "b"}).is_known());
}

}  // namespace
}  // namespace dt
