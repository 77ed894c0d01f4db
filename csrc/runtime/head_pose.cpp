#include "runtime/head_pose.h"

#include <algorithm>

namespace dt {
namespace {

constexpr double kDegreesPerRadian = 57.29577951308232;

}  // namespace

HeadPose::HeadPose(const MotionSpec& motion, float amount)
    : motion_(motion), amount_(amount), pose_(static_cast<size_t>(motion.n_weights())) {
  if (!motion.has_head_pose) return;
  add_axis(&side_, "eyeLookOutLeft", kLookSideDegrees, "eyeLookInLeft", kLookSideDegrees);
  add_axis(&side_, "eyeLookInRight", kLookSideDegrees, "eyeLookOutRight", kLookSideDegrees);
  add_axis(&height_, "eyeLookUpLeft", kLookUpDegrees, "eyeLookDownLeft", kLookDownDegrees);
  add_axis(&height_, "eyeLookUpRight", kLookUpDegrees, "eyeLookDownRight", kLookDownDegrees);
}

// An axis of which the motion lacks a channel stays away.
void HeadPose::add_axis(LookAxes* axes, const char* plus, double plus_deg, const char* minus,
                        double minus_deg) {
  const auto& names = motion_.channels;
  const auto p = std::find(names.begin(), names.end(), plus),
             m = std::find(names.begin(), names.end(), minus);
  if (p == names.end() || m == names.end()) return;
  axes->axes[axes->n++] = {static_cast<size_t>(p - names.begin()), static_cast<size_t>(m - names.begin()),
                           plus_deg, minus_deg};
}

void HeadPose::turn(float* frame, const LookAxes& axes, double degrees) const {
  if (degrees == 0) return;
  for (size_t i = 0; i < axes.n; ++i) turn(frame, axes.axes[i], degrees);
}

// First by less of the channel that looks the other way, then by more of the one that looks there.
void HeadPose::turn(float* frame, const LookAxis& axis, double degrees) const {
  const bool is_plus = degrees > 0;
  const size_t less = is_plus ? axis.minus : axis.plus, more = is_plus ? axis.plus : axis.minus;
  const double less_deg = is_plus ? axis.minus_deg : axis.plus_deg;
  const double more_deg = is_plus ? axis.plus_deg : axis.minus_deg;
  double left = is_plus ? degrees : -degrees;
  const double away = std::max(0.0, double{frame[less]} - motion_.min[less]) * less_deg;
  const double taken = std::min(away, left);
  if (taken > 0) {
    frame[less] = std::max(motion_.min[less], static_cast<float>(frame[less] - taken / less_deg));
    left -= taken;
  }
  if (left > 0) frame[more] = std::min(motion_.max[more], static_cast<float>(frame[more] + left / more_deg));
}

void HeadPose::apply(float* frame) const {
  if (!motion_.has_head_pose) return;
  float* const pose = frame + pose_;
  for (size_t i = 0; i < kHeadPoseChannels.size(); ++i) {
    const float scaled = amount_ == 0.0f ? 0.0f : pose[i] * amount_;  // never -0
    pose[i] = std::clamp(scaled, motion_.min[pose_ + i], motion_.max[pose_ + i]);
  }
  // Yaw turns the face to the subject's left, pitch nods down.
  turn(frame, side_, -kGazeShare * kDegreesPerRadian * pose[0]);
  turn(frame, height_, kGazeShare * kDegreesPerRadian * pose[1]);
}

}  // namespace dt
