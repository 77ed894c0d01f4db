#include "runtime/post.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace dt {
namespace {

// Gap that a weight of 1 adds, measured on the built-in head with one channel at 0.5 each; the gap at rest.
constexpr std::pair<const char*, float> kGapPerWeight[] = {
    {"jawOpen", 0.467f},          {"mouthClose", -0.478f},       {"mouthFunnel", 0.112f},
    {"mouthPucker", -0.020f},     {"mouthShrugLower", -0.063f},  {"mouthShrugUpper", 0.056f},
    {"mouthUpperUpLeft", 0.040f}, {"mouthUpperUpRight", 0.040f}, {"mouthLowerDownLeft", 0.034f},
    {"mouthRollUpper", -0.036f},  {"mouthRollLower", -0.033f},   {"mouthLowerDownRight", 0.034f},
    {"mouthPressLeft", -0.014f},  {"mouthPressRight", -0.014f},
};
constexpr double kGapAtRest = 0.0083;
// CLOSED_LIP_GAP of the head, and where the seal has let go.
constexpr double kClosedLips = 0.03, kOpenLips = 0.05;

bool starts_with(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

}  // namespace

LipOpening::LipOpening(const std::vector<std::string>& channels) {
  bool has_jaw = false, has_close = false;
  gap_per_weight_.resize(channels.size());
  for (size_t c = 0; c < channels.size(); ++c) {
    for (const auto& [name, gap] : kGapPerWeight) {
      if (channels[c] == name) gap_per_weight_[c] = gap;
    }
    has_jaw = has_jaw || channels[c] == "jawOpen";
    has_close = has_close || channels[c] == "mouthClose";
  }
  known_ = has_jaw && has_close;
}

double LipOpening::operator()(const float* weights) const {
  double gap = kGapAtRest;
  for (size_t c = 0; c < gap_per_weight_.size(); ++c) gap += double{gap_per_weight_[c]} * weights[c];
  return gap;
}

float LipOpening::closure(const float* weights) const {
  return static_cast<float>(
      smooth_step(std::clamp((kOpenLips - (*this)(weights)) / (kOpenLips - kClosedLips), 0.0, 1.0)));
}

Post::Post(const MotionSpec& motion, const PostSettings& settings)
    : motion_(motion),
      settings_(settings),
      frame_ms_(1000.0 * motion.fps_den / motion.fps_num),
      lips_(motion.channels) {
  const auto n = static_cast<size_t>(motion.n_channels());
  if (settings.smoothing_ms > 0) {
    smooth_.resize(n);
    alpha_ = static_cast<float>(1.0 - std::exp(-frame_ms_ / settings.smoothing_ms));
  }
  if (settings.gate.is_on) {
    gated_.assign(n, 1);
    for (size_t c = 0; c < motion.channels.size(); ++c) {
      const std::string& name = motion.channels[c];
      if (starts_with(name, "eye") || starts_with(name, "brow")) gated_[c] = 0;
    }
  }
  restart();
}

void Post::restart() {
  std::copy_n(motion_.rest.begin(), smooth_.size(), smooth_.begin());
  is_open_ = false;
  silent_ms_ = gain_ = 0;
}

int Post::gate_ahead_frames() const {
  return static_cast<int>(std::ceil(settings_.gate.ease_ms / 2 / frame_ms_));
}

// One-pole low-pass; lips that are closed in w are closed in the result.
void Post::smooth(float* w) {
  const float closure = settings_.lip_seal && lips_.is_known() ? lips_.closure(w) : 0.0f;
  for (size_t c = 0; c < smooth_.size(); ++c) {
    const float step = w[c] - smooth_[c];
    // The rest of a decay would become denormal.
    smooth_[c] = std::fabs(step) < 1e-7f ? w[c] : smooth_[c] + alpha_ * step;
    const float seal = closure > 0 && lips_.is_lip(c) ? closure : 0.0f;
    w[c] = smooth_[c] + (w[c] - smooth_[c]) * seal;
  }
}

// Share of the pose against rest after this frame's audio.
float Post::gate(double power) {
  const GateSettings& g = settings_.gate;
  if (power >= g.open_power) is_open_ = true;
  silent_ms_ = power < g.close_power ? silent_ms_ + frame_ms_ : 0;
  if (silent_ms_ > g.hold_ms) is_open_ = false;
  const double ease_ms = is_open_ ? 0.5 * g.ease_ms : g.ease_ms;
  const double step = ease_ms > frame_ms_ ? frame_ms_ / ease_ms : 1.0;
  gain_ = std::clamp(gain_ + (is_open_ ? step : -step), 0.0, 1.0);
  return static_cast<float>(smooth_step(gain_));
}

void Post::frame(const float* w, double power, float keep, float* out) {
  const auto n = static_cast<size_t>(motion_.n_channels());
  std::copy_n(w, n, out);
  if (!smooth_.empty()) smooth(out);
  const float gate_keep = settings_.gate.is_on ? gate(power) : 1.0f;
  if (keep == 1.0f && gate_keep == 1.0f) return;
  for (size_t c = 0; c < n; ++c) {
    const float share = !gated_.empty() && gated_[c] != 0 ? keep * gate_keep : keep;
    if (share != 1.0f) out[c] = motion_.rest[c] + (out[c] - motion_.rest[c]) * share;
  }
}

}  // namespace dt
