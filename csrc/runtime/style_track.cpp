#include "runtime/style_track.h"

#include <algorithm>
#include <utility>

#include "runtime/post.h"

namespace dt {

StyleTrack::StyleTrack(const Model& model, const Vector<float>& style) : target_(model.condition(style)) {}

// How much of the target the window has: that of the middle of its hop.
double StyleTrack::progress(int64_t frame, int64_t n_hop) const {
  if (blend_frames_ <= 0) return 1.0;
  const double at = static_cast<double>(frame - blend_begin_) + 0.5 * static_cast<double>(n_hop);
  return smooth_step(std::clamp(at / static_cast<double>(blend_frames_), 0.0, 1.0));
}

void StyleTrack::mix(double share) {
  for (size_t i = 0; i < from_.size(); ++i) {
    now_[i] = static_cast<float>(from_[i] + (target_->style[i] - from_[i]) * share);
  }
}

void StyleTrack::change(const Model& model, Vector<float> style, int64_t frame, int64_t n_frames) {
  std::shared_ptr<const Condition> target = model.condition(style);
  Vector<float> now = target_->style;
  const double share = progress(frame, 0);
  if (share < 1) {
    mix(share);
    now = now_;
  }
  if (n_frames > 0) {
    from_ = std::move(now);
    now_.resize(from_.size());
    own_.resize(target->values.size());
  }
  target_ = std::move(target);
  blend_begin_ = frame;
  blend_frames_ = n_frames;
}

const float* StyleTrack::condition(const Model& model, int64_t frame, int64_t n_hop) {
  const double share = progress(frame, n_hop);
  used_ = target_;
  if (share >= 1) {
    own_ = Vector<float>();  // nobody reads the last window's condition any more
    return target_->values.data();
  }
  mix(share);
  model.condition(now_.data(), own_.data());
  return own_.data();
}

int64_t StyleTrack::bytes() const {
  const bool shared = target_.use_count() > (used_ == target_ ? 2 : 1);
  return bytes_of(from_) + bytes_of(now_) + bytes_of(own_) +
         (shared ? 0 : bytes_of(target_->values) + bytes_of(target_->style));
}

}  // namespace dt
