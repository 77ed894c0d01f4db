#include "runtime/dial_face.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace dt {
namespace {

// What moves slower than this is not sharpened. Our choice: a syllable lasts some 200 ms.
constexpr double kSharpnessMs = 100;
// Sharpness may not close lips that are open: this is as far as it goes.
constexpr double kOpenStill = 0.031;

bool starts_with(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

}  // namespace

DialFace::DialFace(const MotionSpec& motion, const LipOpening& lips)
    : motion_(motion),
      lips_(lips),
      alpha_(static_cast<float>(1.0 - std::exp(-1000.0 * motion.fps_den / motion.fps_num / kSharpnessMs))) {}

void DialFace::reserve(const Dials& dials) {
  const auto n = static_cast<size_t>(motion_.n_weights());
  if (parts_.empty() && !dials.is_neutral(motion_)) {
    parts_.assign(n, kOther);
    for (size_t c = 0; c < std::min(n, motion_.channels.size()); ++c) {
      const std::string& name = motion_.channels[c];
      if (starts_with(name, "eye") || starts_with(name, "brow")) parts_[c] = kUpper;
      if (starts_with(name, "eyeBlink")) parts_[c] = kLid;
      if (starts_with(name, "jaw")) parts_[c] = kJaw;
      if (starts_with(name, "mouth")) parts_[c] = kMouth;
    }
  }
  if (dials.jaw_sharpness > 0 || dials.lip_sharpness > 0) slow_.resize(n);
}

// Adds what is faster than the low-pass once more.
void DialFace::sharpen(const Dials& dials, float* frame) {
  if (dials.jaw_sharpness == 0 && dials.lip_sharpness == 0) is_primed_ = false;
  if (dials.jaw_sharpness == 0 && dials.lip_sharpness == 0) return;
  if (!is_primed_) std::copy_n(frame, slow_.size(), slow_.begin());
  is_primed_ = true;
  for (size_t c = 0; c < slow_.size(); ++c) {
    slow_[c] += alpha_ * (frame[c] - slow_[c]);
    const float sharpness =
        parts_[c] == kJaw ? dials.jaw_sharpness : (parts_[c] == kMouth ? dials.lip_sharpness : 0.0f);
    if (sharpness > 0) frame[c] += sharpness * (frame[c] - slow_[c]);
  }
}

// Away from the rest pose, or towards it. Half a blink is no blink: lids close whole from half strength on.
void DialFace::strengthen(const Dials& dials, float* frame) const {
  const float upper = dials.upper(), lower = dials.lower(), lid = std::min(1.0f, 2 * upper);
  for (size_t c = 0; c < parts_.size(); ++c) {
    const float share = parts_[c] == kUpper ? upper : (parts_[c] == kLid ? lid : lower);
    const float rest = motion_.rest[c];
    const float scaled = share == 1 ? frame[c] : rest + (frame[c] - rest) * share;
    frame[c] = std::clamp(scaled, motion_.min[c], motion_.max[c]);
  }
}

// Strength scales openings about the closure, not about zero: lips that were closed are as closed as they
// were, those that were open stay open. Below half strength this fades, since strength 0 is the rest pose.
// closure, opening: of the frame before the dials.
void DialFace::keep_closures(const Dials& dials, float closure, double opening, float* frame) const {
  const double lower = dials.lower(), now = lips_(frame);
  const double about_closure = now + (1 - lower) * (kClosedLips - kOpeningAtRest);
  const double open = std::max(about_closure, std::min(opening, kOpenStill));
  const double wanted = closure * opening + (1 - closure) * open;
  lips_.open(frame, std::min(1.0, 2 * lower) * (wanted - now), motion_);
}

void DialFace::shape(const Dials& dials, float* frame) {
  const bool moves_lips = dials.lower() != 1 || dials.jaw_sharpness > 0 || dials.lip_sharpness > 0;
  const bool keeps = moves_lips && lips_.is_known();
  const float closure = keeps ? lips_.closure(frame, kClosedLips, kPartedLips) : 0.0f;
  const double opening = keeps ? lips_(frame) : 0.0;
  sharpen(dials, frame);
  strengthen(dials, frame);
  if (keeps) keep_closures(dials, closure, opening, frame);
}

void DialFace::channels(const Dials& dials, float keep, float* frame) const {
  if (!dials.has_channels() || keep == 0) return;
  const auto n = static_cast<size_t>(motion_.n_weights());
  for (size_t c = 0; c < n; ++c) {
    const float low = std::max(motion_.min[c], dials.channel_min[c]);
    const float high = std::min(motion_.max[c], dials.channel_max[c]);
    const float own =
        std::clamp(frame[c] * dials.channel_gain[c] + dials.channel_offset[c], std::min(low, high), high);
    frame[c] = keep == 1 ? own : frame[c] + (own - frame[c]) * keep;
  }
}

}  // namespace dt
