#include "runtime/post.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace dt {
namespace {

bool starts_with(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

}  // namespace

Post::Post(const MotionSpec& motion, const PostSettings& settings, uint64_t seed)
    : motion_(motion),
      settings_(settings),
      frame_ms_(1000.0 * motion.fps_den / motion.fps_num),
      lips_(motion.channels),
      head_(motion),
      seed_(seed) {
  const auto n = static_cast<size_t>(motion.n_channels());
  if (!settings.dials.is_neutral(motion)) make_dials();
  reserve(settings.dials);
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

void Post::make_dials() {
  if (dials_ != nullptr) return;
  dials_ = make_hooked<DialParts>(
      DialParts{DialTrack(motion_, settings_.dials), DialFace(motion_, lips_), DialEyes(motion_, seed_)});
}

void Post::reserve(const Dials& dials) {
  if (dials_ != nullptr) dials_->face.reserve(dials);
  if (settings_.smoothing_ms > 0 || dials.smoothing_ms > 0) {
    smooth_.resize(static_cast<size_t>(motion_.n_channels()));
  }
}

void Post::restart() {
  std::copy_n(motion_.rest.begin(), smooth_.size(), smooth_.begin());
  has_smooth_ = !smooth_.empty();
  is_open_ = false;
  silent_ms_ = gain_ = 0;
  restart_dials();
}

// The next frame has none before it.
void Post::restart_dials() {
  if (dials_ == nullptr) return;
  dials_->face.restart();
  dials_->eyes.restart();
}

void Post::set_dials(Dials dials, int64_t index, int64_t n_frames) {
  make_dials();
  reserve(dials);
  dials_->track.change(std::move(dials), index, n_frames);
}

int Post::gate_ahead_frames() const {
  return static_cast<int>(std::ceil(settings_.gate.ease_ms / 2.0 / frame_ms_));
}

int64_t Post::bytes() const {
  const int64_t dials = dials_ == nullptr ? 0
                                          : static_cast<int64_t>(sizeof(DialParts)) + dials_->track.bytes() +
                                                dials_->face.bytes();
  return bytes_of(smooth_) + bytes_of(gated_) + lips_.bytes() + dials;
}

// One-pole low-pass; lips that are closed in w are closed in the result.
void Post::smooth(float ms, float* w) {
  if (alpha_ms_ != ms) alpha_ = static_cast<float>(1.0 - std::exp(-frame_ms_ / ms));
  alpha_ms_ = ms;
  if (!has_smooth_) std::copy_n(w, smooth_.size(), smooth_.begin());
  has_smooth_ = true;
  float closure = 0;
  if (settings_.lip_seal && lips_.is_known()) {
    const bool is_dial = ms > static_cast<float>(settings_.smoothing_ms);
    closure = is_dial ? lips_.closure(w, kClosedLips, kPartedLips) : lips_.closure(w);
  }
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

// Leaves a share of the pose: of what the gate acts on, and of everything.
void Post::rest(float mouth, float all, float* out) const {
  if (mouth == 1.0f && all == 1.0f) return;
  for (size_t c = 0; c < motion_.rest.size(); ++c) {
    const float share = !gated_.empty() && gated_[c] != 0 ? all * mouth : all;
    if (share != 1.0f) out[c] = motion_.rest[c] + (out[c] - motion_.rest[c]) * share;
  }
}

// The gate comes before the dials and the end of the clip after them: a channel's own offset holds in silence
// too, and a clip ends at rest.
void Post::dialled(const Dials& dials, int64_t index, float mouth, float keep, float* out) {
  rest(mouth, 1.0f, out);
  dials_->eyes.blink(dials, index, out);
  dials_->face.shape(dials, out);
  dials_->eyes.look(dials, out);
  rest(1.0f, keep, out);
  head_.apply(out, settings_.head_amount * dials.head_amount, dials.gaze_hold);
  dials_->face.channels(dials, keep, out);
}

void Post::frame(int64_t index, const float* w, double power, float keep, float* out) {
  std::copy_n(w, motion_.rest.size(), out);
  static const Dials neutral;
  const Dials& dials = dials_ == nullptr ? neutral : dials_->track.at(index);
  const float smoothing_ms = std::max(static_cast<float>(settings_.smoothing_ms), dials.smoothing_ms);
  has_smooth_ = has_smooth_ && smoothing_ms > 0;
  if (smoothing_ms > 0) smooth(smoothing_ms, out);
  const float mouth = settings_.gate.is_on ? gate(power) : 1.0f;
  if (dials_ != nullptr && !dials.is_neutral(motion_)) {
    dialled(dials, index, mouth, keep, out);
    return;
  }
  restart_dials();
  rest(mouth, keep, out);
  head_.apply(out, settings_.head_amount);
}

}  // namespace dt
