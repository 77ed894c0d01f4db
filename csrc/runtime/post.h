// From the networks' frames to those that leave: smoothing with lip seal, silence gate, dials, end of the
// clip, head pose. All of it is a function of the frames since the start and of the dials' schedule, never of
// how they were cut. A head pose is smoothed and eased like the weights; the gate leaves it, as eyes and
// brows: a listener's head moves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "common/allocator.h"
#include "core/manifest.h"
#include "runtime/dial_eyes.h"
#include "runtime/dial_face.h"
#include "runtime/dials.h"
#include "runtime/head_pose.h"
#include "runtime/lip_opening.h"

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
  float head_amount = 1;  // 0 to 2, HeadPose
  Dials dials;            // from the first frame on
};

// One stream's filters. One thread at a time.
class Post {
 public:
  // motion: must outlive it.  seed: of the stream, for the dial of blinks.
  Post(const MotionSpec& motion, const PostSettings& settings, uint64_t seed = 0);

  // To the rest pose and silence. The dials stay.
  void restart();
  // One frame, in order. index: its absolute number.  w: [C], within their limits.  power: of the gate's
  // audio.  keep: share of the pose against rest, for the end of the clip.  out: [C].
  void frame(int64_t index, const float* w, double power, float keep, float* out);

  // Dials from frame `index` on, blended over n_frames. Allocates.
  void set_dials(Dials dials, int64_t index, int64_t n_frames);
  // The dials that frame `index` reaches hold; changes that were to come are dropped.
  void settle_dials(int64_t index) {
    if (dials_ != nullptr) dials_->track.settle(index);
  }

  bool needs_power() const { return settings_.gate.is_on; }
  // Frames of audio after a frame's own that the gate should hear, so that it is open when speech begins.
  int gate_ahead_frames() const;
  int64_t bytes() const;

 private:
  void make_dials();
  void reserve(const Dials& dials);
  void restart_dials();
  void smooth(float ms, float* w);
  float gate(double power);
  void rest(float mouth, float all, float* out) const;
  void dialled(const Dials& dials, int64_t index, float mouth, float keep, float* out);

  const MotionSpec& motion_;
  const PostSettings settings_;
  const double frame_ms_;
  const LipOpening lips_;
  const HeadPose head_;
  // What dials need, from the first on that are given: most streams have none.
  struct DialParts {
    DialTrack track;
    DialFace face;
    DialEyes eyes;
  };
  std::shared_ptr<DialParts> dials_;
  const uint64_t seed_;
  float alpha_ = 1, alpha_ms_ = 0;  // share of the new frame in the low-pass, of this time constant
  bool has_smooth_ = false;         // smooth_ is of the frame before
  Vector<float> smooth_;            // [C], empty without smoothing
  Vector<char> gated_;              // [C], 1 where the gate acts; empty without it
  bool is_open_ = false;
  double silent_ms_ = 0, gain_ = 0;
};

}  // namespace dt
