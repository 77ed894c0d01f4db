// The head pose of a frame, scaled, and the eyes that keep their target while the head turns.
#pragma once

#include <cstddef>

#include "core/manifest.h"
#include "runtime/look_axes.h"

namespace dt {

// Share of a head's rotation that the eyes take back. Our choice: people who look at somebody take back
// nearly all of it, and those who look away turn eyes and head together; the networks learn no
// counter-rotation.
constexpr double kGazeShare = 0.7;

// One stream's; no state, any thread.
class HeadPose {
 public:
  explicit HeadPose(const MotionSpec& motion);

  // frame: [n_channels], within limits. Multiplies the pose by the amount, 0 to 4, within its limits, and
  // turns the eyes against it: all the way for a gaze that is held (gaze_hold 1). An amount of 0 gives no
  // pose and leaves every weight as it is. Nothing for a motion without a pose.
  void apply(float* frame, float amount, float gaze_hold = 0) const;

 private:
  const MotionSpec& motion_;
  const size_t pose_;  // first channel of the pose
  const LookAxes looks_;
};

}  // namespace dt
