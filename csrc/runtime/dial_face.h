// The dials that shape a frame: strength and sharpness, closures kept, and each channel's own.
#pragma once

#include <cstddef>

#include "core/manifest.h"
#include "runtime/dials.h"
#include "runtime/lip_opening.h"

namespace dt {

// One stream's. One thread at a time.
class DialFace {
 public:
  // Both must outlive it.
  DialFace(const MotionSpec& motion, const LipOpening& lips);

  // Makes room for the sharpness that these dials ask for. Allocates.
  void reserve(const Dials& dials);
  // The next frame has none before it.
  void restart() { is_primed_ = false; }
  // frame: [n_channels], within limits; the head pose is left as it is.
  void shape(const Dials& dials, float* frame);
  // What channels have of their own, in the frame that leaves.  keep: share of it, 0 at rest.
  void channels(const Dials& dials, float keep, float* frame) const;
  int64_t bytes() const { return bytes_of(parts_) + bytes_of(slow_); }

 private:
  enum Part : char { kOther, kUpper, kLid, kJaw, kMouth };
  void sharpen(const Dials& dials, float* frame);
  void strengthen(const Dials& dials, float* frame) const;
  void keep_closures(const Dials& dials, const float closure, double opening, float* frame) const;

  const MotionSpec& motion_;
  const LipOpening& lips_;
  const float alpha_;   // of the low-pass that sharpness looks beyond
  Vector<char> parts_;  // [n_weights], Part
  Vector<float> slow_;  // [n_weights], empty without sharpness
  bool is_primed_ = false;
};

}  // namespace dt
