#include "runtime/head_pose.h"

#include <algorithm>

namespace dt {
namespace {

constexpr double kDegreesPerRadian = 57.29577951308232;

}  // namespace

HeadPose::HeadPose(const MotionSpec& motion)
    : motion_(motion), pose_(static_cast<size_t>(motion.n_weights())), looks_(motion) {}

void HeadPose::apply(float* frame, float amount, float gaze_hold) const {
  if (!motion_.has_head_pose) return;
  float* const pose = frame + pose_;
  for (size_t i = 0; i < kHeadPoseChannels.size(); ++i) {
    const float scaled = amount == 0.0f ? 0.0f : pose[i] * amount;  // never -0
    pose[i] = std::clamp(scaled, motion_.min[pose_ + i], motion_.max[pose_ + i]);
  }
  const double share = kGazeShare + (1 - kGazeShare) * gaze_hold;
  // Yaw turns the face to the subject's left, pitch nods down.
  looks_.turn(frame, LookAxes::kSide, -share * kDegreesPerRadian * pose[0]);
  looks_.turn(frame, LookAxes::kUp, share * kDegreesPerRadian * pose[1]);
}

}  // namespace dt
