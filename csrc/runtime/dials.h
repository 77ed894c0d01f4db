// What an artist turns on a stream: how strong, how sharp, how smooth its frames are, and where its eyes
// look. docs/dials.md and dt/dials.h say what each does. Every dial at its default leaves a frame as it is,
// bit by bit.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/allocator.h"
#include "core/manifest.h"

namespace dt {

struct Dials {
  float strength = 1, upper_strength = 1, lower_strength = 1;  // 0..2
  float jaw_sharpness = 0, lip_sharpness = 0;                  // 0..1
  float blink_rate = 1;                                        // 0..4
  float gaze_side_deg = 0, gaze_up_deg = 0;                    // to the subject's left, and up
  float gaze_hold = 0;                                         // 0..1
  float head_amount = 1;                                       // 0..2, on top of StreamSettings::head_amount
  float smoothing_ms = 0;  // 0..1000; the longer of it and PostSettings::smoothing_ms holds
  // Each empty, for the default, or [n_weights].
  Vector<float> channel_gain, channel_offset, channel_min, channel_max;

  bool has_channels() const {
    return !channel_gain.empty() || !channel_offset.empty() || !channel_min.empty() || !channel_max.empty();
  }
  // Whether what Post and HeadPose do is what they do without dials.
  bool is_neutral(const MotionSpec& motion) const;
  // Strength of the upper face (eyes and brows) and of the rest.
  float upper() const { return strength * upper_strength; }
  float lower() const { return strength * lower_strength; }
  int64_t bytes() const;
};

// The dials of a stream over time. One thread at a time; frames are asked for in ascending order.
class DialTrack {
 public:
  DialTrack(const MotionSpec& motion, Dials dials);

  // From `frame` on: every number that differs from where it was to go is on the way there for n_frames, and
  // there with frame + n_frames; the others go on as they were. Allocates. A change of the same frame is
  // replaced; changes of later frames stay.
  void change(Dials dials, int64_t frame, int64_t n_frames);
  // The dials of a frame. Does not allocate; valid until the next call.
  const Dials& at(int64_t frame);
  // The last dials that `frame` reaches hold from now on; what was to come is dropped.
  void settle(int64_t frame);
  int64_t bytes() const;

 private:
  struct Change {
    int64_t frame, n_frames;
    Dials dials;
  };
  // One number on its way.
  struct Ramp {
    size_t number;
    float from, to;
    int64_t begin, n_frames;
    float at(int64_t frame) const;
  };
  void give_channels(Dials* dials) const;
  size_t n_numbers() const;
  void begin(Change* change);

  const MotionSpec& motion_;
  Dials now_, target_;  // of the last frame; where its numbers go
  Vector<Ramp> ramps_;
  Vector<Change> changes_;  // to come, by frame
};

// Share of what a change leads to at `frame`: smooth_step() from 0 before `begin` to 1 at begin + n_frames.
double blend_share(int64_t frame, int64_t begin, int64_t n_frames);

}  // namespace dt
