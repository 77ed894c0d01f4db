#include "runtime/dial_eyes.h"

#include <algorithm>

#include "kernels/philox.h"
#include "runtime/lip_opening.h"

namespace dt {
namespace {

// Our choices, by what people do: a blink closes in 80 ms, stays 30 ms and opens in 170 ms.
constexpr double kCloseMs = 80, kHoldMs = 30, kOpenMs = 170;
constexpr double kBlinksPerS = 0.5;  // that begin where no blink is near, for each 1 of the rate above 1
constexpr double kQuietMs = 400;     // between an added blink and the one before
// Lids that are lower than between blinks by so much close; what lasts longer is no blink.
constexpr float kClosing = 0.15f;
constexpr double kLongestMs = 600, kBaseMs = 700;
enum Purpose : uint32_t { kLeaveOut = 0x626C6E30u, kAdd = 0x626C6E31u };

// How far an added blink is closed, 0..1.
double blink_shape(double ms) {
  if (ms < kCloseMs) return smooth_step(ms / kCloseMs);
  const double opening_ms = ms - kCloseMs - kHoldMs;
  return opening_ms <= 0 ? 1.0 : smooth_step(std::max(0.0, 1 - opening_ms / kOpenMs));
}

}  // namespace

DialEyes::DialEyes(const MotionSpec& motion, uint64_t seed)
    : motion_(motion), seed_(seed), frame_ms_(1000.0 * motion.fps_den / motion.fps_num), looks_(motion) {
  for (size_t c = 0; c < motion.channels.size() && n_lids_ < 2; ++c) {
    if (motion.channels[c].rfind("eyeBlink", 0) == 0) lids_[n_lids_++] = c;
  }
}

void DialEyes::restart() {
  is_primed_ = is_closing_ = is_left_out_ = false;
  closing_ms_ = quiet_ms_ = 0;
  added_ms_ = -1;
}

// Uniform in 0..1, a function of seed, frame and purpose only.
double DialEyes::draw(int64_t index, uint32_t purpose) const {
  const auto i = static_cast<uint64_t>(index);
  const Philox4x32 counter{{static_cast<uint32_t>(i), static_cast<uint32_t>(i >> 32), purpose, 0}};
  const PhiloxKey key{{static_cast<uint32_t>(seed_), static_cast<uint32_t>(seed_ >> 32)}};
  return philox_4x32_10(counter, key).v[0] / 4294967296.0;
}

float DialEyes::lid(const float* frame) const {
  float low = frame[lids_[0]];
  for (size_t i = 1; i < n_lids_; ++i) low = std::max(low, frame[lids_[i]]);
  return low;
}

void DialEyes::blink(const Dials& dials, int64_t index, float* frame) {
  if (n_lids_ == 0) return;
  const float now = lid(frame);
  if (!is_primed_) base_ = std::min(now, kClosing);
  is_primed_ = true;
  const bool closes = now > base_ + kClosing;
  closing_ms_ = closes ? closing_ms_ + frame_ms_ : 0;
  quiet_ms_ = closes || added_ms_ >= 0 ? 0 : quiet_ms_ + frame_ms_;
  if (!closes || closing_ms_ > kLongestMs) {
    base_ += static_cast<float>(std::min(1.0, frame_ms_ / kBaseMs)) * (now - base_);
  }
  if (closes && !is_closing_) is_left_out_ = draw(index, kLeaveOut) >= dials.blink_rate;
  is_closing_ = closes;
  if (closes && is_left_out_) {
    for (size_t i = 0; i < n_lids_; ++i) frame[lids_[i]] = std::min(frame[lids_[i]], base_ + kClosing);
  }
  add(dials.blink_rate, index, frame);
}

void DialEyes::add(float rate, int64_t index, float* frame) {
  if (added_ms_ >= 0) {
    added_ms_ += frame_ms_;
  } else if (rate > 1 && quiet_ms_ >= kQuietMs &&
             draw(index, kAdd) < (rate - 1) * kBlinksPerS * frame_ms_ / 1000) {
    added_ms_ = 0.5 * frame_ms_;
  }
  if (added_ms_ > kCloseMs + kHoldMs + kOpenMs) added_ms_ = -1;
  if (added_ms_ < 0) return;
  const auto closed = static_cast<float>(blink_shape(added_ms_));
  for (size_t i = 0; i < n_lids_; ++i) {
    const size_t c = lids_[i];
    frame[c] = std::min(motion_.max[c], std::max(frame[c], frame[c] + (1 - frame[c]) * closed));
  }
}

void DialEyes::look(const Dials& dials, float* frame) const {
  const auto turn = [&](LookAxes::Direction direction, double target) {
    for (size_t eye = 0; eye < 2; ++eye) {
      const double now = looks_.degrees(frame, direction, eye);
      looks_.turn(frame, direction, eye, target - dials.gaze_hold * now);
    }
  };
  if (dials.gaze_side_deg == 0 && dials.gaze_up_deg == 0 && dials.gaze_hold == 0) return;
  turn(LookAxes::kSide, dials.gaze_side_deg);
  turn(LookAxes::kUp, dials.gaze_up_deg);
}

}  // namespace dt
