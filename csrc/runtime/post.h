// From the networks' frames to those that leave: smoothing with lip seal, silence gate, end of the clip. All
// of it is a function of the frames since the start, never of how they were cut. A head pose is smoothed and
// eased like the weights; the gate leaves it, as eyes and brows: a listener's head moves.
#pragma once

#include <cstddef>

#include "common/allocator.h"
#include "core/manifest.h"

namespace dt {

struct GateSettings {
  bool is_on = false;
  double open_power = 0, close_power = 0;  // mean power, 1 for a full-scale square wave
  int hold_ms = 200, ease_ms = 200;
};

struct PostSettings {
  int smoothing_ms = 0;  // 0: off
  bool lip_seal = true;
  GateSettings gate;
};

// How open the mouth of these weights is, in outer-canthal distances (of the outer eye corners), from the
// channels' names. Linear fit of python/diffusiontalker/head (lip_opening) at small openings.
class LipOpening {
 public:
  explicit LipOpening(const std::vector<std::string>& channels);
  bool is_known() const { return known_; }
  double operator()(const float* weights) const;
  // 1 for lips that are closed, 0 for open ones, in between it passes smoothly.
  float closure(const float* weights) const;
  bool is_lip(size_t channel) const { return opening_per_weight_[channel] != 0; }
  int64_t bytes() const { return bytes_of(opening_per_weight_); }

 private:
  Vector<float> opening_per_weight_;  // [C], 0 for channels that do not move the lips
  bool known_ = false;
};

// One stream's filters. One thread at a time.
class Post {
 public:
  Post(const MotionSpec& motion, const PostSettings& settings);

  // To the rest pose and silence.
  void restart();
  // One frame, in order. w: [C], within their limits.  power: of the gate's audio.  keep: share
  // of the pose against rest, for the end of the clip.  out: [C].
  void frame(const float* w, double power, float keep, float* out);

  bool needs_power() const { return settings_.gate.is_on; }
  // Frames of audio after a frame's own that the gate should hear, so that it is open when speech begins.
  int gate_ahead_frames() const;
  int64_t bytes() const { return bytes_of(smooth_) + bytes_of(gated_) + lips_.bytes(); }

 private:
  void smooth(float* w);
  float gate(double power);

  const MotionSpec& motion_;
  const PostSettings settings_;
  const double frame_ms_;
  const LipOpening lips_;
  float alpha_ = 1;       // share of the new frame in the low-pass
  Vector<float> smooth_;  // [C], empty without smoothing
  Vector<char> gated_;    // [C], 1 where the gate acts; empty without it
  bool is_open_ = false;
  double silent_ms_ = 0, gain_ = 0;
};

// s(u) = u^2 (3 - 2 u) for u in 0..1.
inline double smooth_step(double u) { return u * u * (3.0 - 2.0 * u); }

}  // namespace dt
