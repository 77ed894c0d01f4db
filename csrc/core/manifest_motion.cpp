#include <algorithm>

#include "core/manifest_sections.h"

namespace dt {
namespace {

// Names of the channels, or their number for vertices. Returns the number.
size_t parse_channels(const JsonReader& r, MotionSpec* m) {
  if (m->space == "vertices") {
    if (r.has("channels")) r.at("channels").fail("is not for vertices, which have n_channels only");
    const int64_t n = r.at("n_channels").integer(3, kMaxChannels);
    if (n % 3 != 0) r.at("n_channels").fail("is " + std::to_string(n) + ", which is not divisible by 3");
    return static_cast<size_t>(n);
  }
  if (r.has("n_channels")) r.at("n_channels").fail("is for vertices only: the names in channels are counted");
  m->channels = r.at("channels").unique_strings(kMaxNamedChannels);
  return m->channels.size();
}

// Whether the channels end with the head pose. Its three names are there together and in their order, or not
// at all.
bool parse_head_pose(const JsonReader& r, const MotionSpec& m) {
  const auto is_pose = [](const std::string& name) {
    return std::find(kHeadPoseChannels.begin(), kHeadPoseChannels.end(), name) != kHeadPoseChannels.end();
  };
  if (std::none_of(m.channels.begin(), m.channels.end(), is_pose)) return false;
  const size_t n = kHeadPoseChannels.size();
  const bool is_last = m.channels.size() > n && std::equal(kHeadPoseChannels.begin(), kHeadPoseChannels.end(),
                                                           m.channels.end() - static_cast<std::ptrdiff_t>(n));
  if (m.space != "blendshapes" || !is_last) {
    r.at("channels")
        .fail("has a head pose elsewhere: headYaw, headPitch, headRoll come last, behind blendshapes");
  }
  return true;
}

// The rest of a head pose is to look ahead.
void check_head_pose(const JsonReader& r, const MotionSpec& m) {
  for (auto c = static_cast<size_t>(m.n_weights()); c < m.mean.size(); ++c) {
    if (m.rest[c] != 0.0f) r.at("rest").fail_at(c, "is not 0, the rest of a head pose");
  }
}

void check_statistics(const JsonReader& r, const MotionSpec& m) {
  for (size_t c = 0; c < m.mean.size(); ++c) {
    if (!(m.noise_scale[c] >= 0.0f && m.noise_scale[c] <= 1.0f))
      r.at("noise_scale").fail_at(c, "is outside 0 to 1");
    // Below the smallest normal float, 1 / std overflows.
    if (!(m.std[c] >= 1e-30f)) r.at("std").fail_at(c, "is not above zero");
    if (!(m.min[c] < m.max[c])) r.at("min").fail_at(c, "is not below max");
    if (!(m.rest[c] >= m.min[c] && m.rest[c] <= m.max[c])) r.at("rest").fail_at(c, "is outside min to max");
  }
}

}  // namespace

MotionSpec parse_motion(const JsonReader& r) {
  r.allow_only({"space", "channels", "n_channels", "fps_num", "fps_den", "mean", "std", "min", "max", "rest",
                "noise_scale"});
  MotionSpec m;
  m.space = r.at("space").string();
  if (m.space != "blendshapes" && m.space != "vertices" && m.space != "coefficients") {
    r.at("space").fail("is \"" + m.space + "\", expected blendshapes, vertices or coefficients");
  }
  const size_t n = parse_channels(r, &m);
  m.fps_num = static_cast<int>(r.at("fps_num").integer(1, 1000000));
  m.fps_den = static_cast<int>(r.at("fps_den").integer(1, 1000000));
  m.mean = r.at("mean").one_or_floats(n);
  m.std = r.at("std").one_or_floats(n);
  m.min = r.at("min").one_or_floats(n);
  m.max = r.at("max").one_or_floats(n);
  m.rest = r.at("rest").one_or_floats(n);
  m.noise_scale = r.has("noise_scale") ? r.at("noise_scale").one_or_floats(n) : std::vector<float>(n, 1.0f);
  check_statistics(r, m);
  m.has_head_pose = parse_head_pose(r, m);
  check_head_pose(r, m);
  return m;
}

}  // namespace dt
