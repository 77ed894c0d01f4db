// The dials of the eyes: how often they blink, and where they look.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/manifest.h"
#include "runtime/dials.h"
#include "runtime/look_axes.h"

namespace dt {

// One stream's. One thread at a time, but look(), which has no state.
class DialEyes {
 public:
  // motion: must outlive it.  seed: of the stream; with the frame's number it decides which blinks go and
  // where others come, so that a blink of a low rate is there at a higher one too.
  DialEyes(const MotionSpec& motion, uint64_t seed);

  // The next frame has none before it.
  void restart();
  // Leaves blinks out, or adds some.  index: absolute number of the frame.  frame: [n_channels].
  void blink(const Dials& dials, int64_t index, float* frame);
  // Turns the gaze to where the dials say.
  void look(const Dials& dials, float* frame) const;

 private:
  double draw(int64_t index, uint32_t purpose) const;
  float lid(const float* frame) const;
  void add(float rate, int64_t index, float* frame);

  const MotionSpec& motion_;
  const uint64_t seed_;
  const double frame_ms_;
  const LookAxes looks_;
  size_t lids_[2] = {}, n_lids_ = 0;  // channels of eyeBlink
  float base_ = 0;                    // where the lids are between blinks
  bool is_primed_ = false, is_closing_ = false, is_left_out_ = false;
  double closing_ms_ = 0, quiet_ms_ = 0, added_ms_ = -1;  // added_ms_: since an added blink began; -1: none
};

}  // namespace dt
