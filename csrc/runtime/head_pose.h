// The head pose of a frame, scaled, and the eyes that keep their target while the head turns.
#pragma once

#include <array>
#include <cstddef>

#include "core/manifest.h"

namespace dt {

// Share of a head's rotation that the eyes take back. Our choice: people who look at somebody take back
// nearly all of it, and those who look away turn eyes and head together; the networks learn no
// counter-rotation.
constexpr double kGazeShare = 0.7;

// Degrees that the gaze turns at weight 1 of a look channel, measured on the built-in head as the direction
// of the pupil from the eyeball's centre. tests/py_pkg/test_head_pose.py compares them.
constexpr double kLookSideDegrees = 22, kLookUpDegrees = 11, kLookDownDegrees = 17;

// One stream's; no state, any thread.
class HeadPose {
 public:
  // amount: 0 to 2; 0 gives no pose and leaves every weight as it is.
  HeadPose(const MotionSpec& motion, float amount);

  // frame: [n_channels], within limits. Multiplies the pose by the amount, within its limits, and turns the
  // eyes against it. Nothing for a motion without a pose.
  void apply(float* frame) const;

 private:
  // Two channels that turn one eye either way.
  struct LookAxis {
    size_t plus, minus;
    double plus_deg, minus_deg;
  };
  // Two eyes, as far as the motion has their channels.
  struct LookAxes {
    std::array<LookAxis, 2> axes;
    size_t n = 0;
  };
  void turn(float* frame, const LookAxes& axes, double degrees) const;
  void turn(float* frame, const LookAxis& axis, double degrees) const;
  void add_axis(LookAxes* axes, const char* plus, double plus_deg, const char* minus, double minus_deg);

  const MotionSpec& motion_;
  const float amount_;
  const size_t pose_;       // first channel of the pose
  LookAxes side_, height_;  // plus is the subject's left, and up
};

}  // namespace dt
