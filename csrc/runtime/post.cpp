#include "runtime/post.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace dt {
namespace {

// Opening that a weight of 1 adds, measured on the built-in head with one channel at 0.5 each; that at rest.
constexpr std::pair<const char*, float> kOpeningPerWeight[] = {
    {"jawOpen", 0.3351f},          {"mouthClose", -0.3420f},       {"mouthFunnel", 0.0784f},
    {"mouthPucker", -0.0316f},     {"mouthShrugLower", -0.0441f},  {"mouthShrugUpper", 0.0392f},
    {"mouthUpperUpLeft", 0.0280f}, {"mouthUpperUpRight", 0.0280f}, {"mouthLowerDownLeft", 0.0238f},
    {"mouthRollUpper", -0.0200f},  {"mouthRollLower", 0.0030f},    {"mouthLowerDownRight", 0.0238f},
    {"mouthPressLeft", -0.0056f},  {"mouthPressRight", -0.0056f},  {"mouthSmileLeft", -0.0130f},
    {"mouthSmileRight", -0.0130f}, {"mouthLeft", -0.0137f},        {"mouthRight", -0.0137f},
    {"jawForward", 0.0141f},       {"cheekPuff", -0.0096f},
};
constexpr double kOpeningAtRest = -0.0003;
// The seal is whole below the first opening and lets go at the second. CLOSED_LIP_OPENING of the head lies
// between.
constexpr double kSealedLips = 0.021, kOpenLips = 0.035;

bool starts_with(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

}  // namespace

LipOpening::LipOpening(const std::vector<std::string>& channels) {
  bool has_jaw = false, has_close = false;
  opening_per_weight_.resize(channels.size());
  for (size_t c = 0; c < channels.size(); ++c) {
    for (const auto& [name, opening] : kOpeningPerWeight) {
      if (channels[c] == name) opening_per_weight_[c] = opening;
    }
    has_jaw = has_jaw || channels[c] == "jawOpen";
    has_close = has_close || channels[c] == "mouthClose";
  }
  known_ = has_jaw && has_close;
}

double LipOpening::operator()(const float* weights) const {
  double opening = kOpeningAtRest;
  for (size_t c = 0; c < opening_per_weight_.size(); ++c)
    opening += double{opening_per_weight_[c]} * weights[c];
  return opening;
}

float LipOpening::closure(const float* weights) const {
  return static_cast<float>(
      smooth_step(std::clamp((kOpenLips - (*this)(weights)) / (kOpenLips - kSealedLips), 0.0, 1.0)));
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
    std::fill_n(gated_.end() - motion.n_head_pose(), motion.n_head_pose(), char{0});
  }
  restart();
}

void Post::restart() {
  std::copy_n(motion_.rest.begin(), smooth_.size(), smooth_.begin());
  is_open_ = false;
  silent_ms_ = gain_ = 0;
}

int Post::gate_ahead_frames() const {
  return static_cast<int>(std::ceil(settings_.gate.ease_ms / 2.0 / frame_ms_));
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
