// Which way the eyes of a frame look, and turning them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/manifest.h"

namespace dt {

// Degrees that the gaze turns at weight 1 of a look channel, measured on the built-in head as the direction
// of the pupil from the eyeball's centre. tests/py_pkg/test_head_pose.py compares them.
constexpr double kLookSideDegrees = 22, kLookUpDegrees = 11, kLookDownDegrees = 17;

// No state, any thread.
class LookAxes {
 public:
  enum Direction { kSide, kUp };  // above 0: to the subject's left, and up

  // motion: must outlive it. An axis of which it lacks a channel stays away.
  explicit LookAxes(const MotionSpec& motion);
  // Degrees that an eye, 0 or 1, looks in a frame [C]; 0 for an axis that is not there.
  double degrees(const float* frame, Direction direction, size_t eye) const;
  // Turns one eye by so much, and both by so much, within the channels' limits.
  void turn(float* frame, Direction direction, size_t eye, double degrees) const;
  void turn(float* frame, Direction direction, double degrees) const;

 private:
  // Two channels that turn one eye either way.
  struct Axis {
    uint32_t plus = 0, minus = 0;
    float plus_deg = 0, minus_deg = 0;  // 0: not there
  };
  Axis axis(const char* plus, double plus_deg, const char* minus, double minus_deg) const;

  const MotionSpec& motion_;
  std::array<std::array<Axis, 2>, 2> axes_;  // [direction][eye]
};

}  // namespace dt
