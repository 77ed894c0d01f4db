// Motion of blendshapes with a head pose, for tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/manifest.h"

namespace dt::test {

// channels: their names; the last three are the head pose, -0.6 .. 0.6 radians, the others 0..1.
inline MotionSpec motion_with_pose(std::vector<std::string> channels) {
  MotionSpec m;
  m.space = "blendshapes";
  m.channels = std::move(channels);
  const size_t n = m.channels.size();
  m.fps_num = 30;
  m.fps_den = 1;
  m.mean = m.rest = m.min = std::vector<float>(n, 0.0f);
  m.std = m.max = std::vector<float>(n, 1.0f);
  for (size_t c = n - 3; c < n; ++c) m.min[c] = -0.6f, m.max[c] = 0.6f;
  m.has_head_pose = true;
  return m;
}

}  // namespace dt::test
