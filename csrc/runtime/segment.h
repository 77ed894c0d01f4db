// The windows of a stream from one restart to the next: audio becomes log-mel, style becomes a condition, and
// what the networks make of them becomes frames (docs/bundle-format.md, "Window k of a stream").
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/audio_input.h"
#include "runtime/front_end.h"
#include "runtime/model.h"
#include "runtime/post.h"
#include "runtime/stream_settings.h"
#include "runtime/style_track.h"

namespace dt {

// One thread at a time, but for pushes into input(). While the networks run a window, nothing that changes
// its buffers may be called: all but restart(), set_style(), set_dials() and the const functions.
class Segment {
 public:
  // Both must outlive it.
  Segment(const Model& model, const StreamSettings& settings);

  AudioInput& input() { return input_; }
  const AudioInput& input() const { return input_; }

  // The next audio belongs to `frame`. Buffers that a window in flight may use are left for the next
  // prepare() or take_audio().
  void restart(int64_t frame);
  // Makes room for pushes: what arrived goes into the window at work as far as it reaches. The time that this
  // takes is added to *front_end_ns, as in prepare().
  void take_audio(int64_t* front_end_ns);

  // Windows of this segment that have their audio, finished ones included.
  int64_t windows_ready() const;
  bool window_is_ready() const { return index_ < windows_ready(); }
  // The next pass of window k, in buffers that stay as they are until it is taken or prepared again: when the
  // networks fail, it can be tried again.
  Window prepare(int64_t* front_end_ns);
  // Takes what the networks gave for a pass. False when the window has more of them: prepare() again.
  bool take_pass();
  // Whether the frames of the window at work are a mixture of several passes, and not weights().
  bool is_mixed() const { return style_.n_passes() > 1; }
  // New frames of the window at work that the audio lasts for, a hop at most.
  size_t n_frames() const;
  // New frame i of it, which is frame `index` of the segment, post-processed; in order. out: [C].
  void frame(size_t i, int64_t index, float* out);
  // The window at work is done.
  void advance();
  // What the networks gave for the window at work, [hop, C].
  const float* weights() const { return weights_.data(); }

  // From this absolute frame on, but not before the first one that no window at work has; blended over
  // blend_ms.  in_flight: the networks run.
  void set_style(Vector<float> style, int64_t frame, int blend_ms, bool in_flight);
  void set_dials(Dials dials, int64_t frame, int blend_ms, bool in_flight);
  // Styles and dials that were reached hold without a blend; changes that were to come are dropped.
  void settle_changes(bool in_flight);

  // Absolute index of the frame that the next pushed sample belongs to.
  int64_t next_audio_frame() const { return base_frame_ + input_.pushed_frames(); }
  // Absolute index of the segment's first frame.
  int64_t base_frame() const { return base_frame_; }
  int64_t bytes() const;
  // For tests of the clock: as if so many seconds, a whole number of hops, had passed. Before the first
  // window.
  void jump(int64_t seconds);

 private:
  void apply_restart();
  float ease_out(int64_t index) const;
  int64_t first_open_frame(bool in_flight) const;
  int64_t blend_frames(int blend_ms) const;

  const Model& model_;
  const StreamSettings& settings_;
  const size_t n_channels_;
  const int ease_out_frames_;
  AudioInput input_;
  FrontEnd front_end_;
  StyleTrack style_;
  Post post_;
  Vector<float> past_;     // [past, C] normalised frames before the next window's new ones
  Vector<float> weights_;  // [hop, C] of the window at work
  // Of a window with several passes: the past that a pass works on, and the mixtures. Empty without.
  Vector<float> pass_past_, mixed_past_, mixed_weights_;
  size_t pass_ = 0;             // of the window at work
  int64_t base_frame_ = 0;      // absolute index of the first frame; windows start there
  int64_t index_ = 0;           // k of the window at work
  bool needs_restart_ = false;  // the buffers still hold the segment before: they may be in flight
};

}  // namespace dt
