// The windows of a stream from one restart to the next: audio becomes log-mel, style becomes a condition, and
// what the networks make of them becomes frames (docs/bundle-format.md, "Window k of a stream").
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/audio_input.h"
#include "runtime/front_end.h"
#include "runtime/head_pose.h"
#include "runtime/model.h"
#include "runtime/post.h"
#include "runtime/stream_settings.h"
#include "runtime/style_track.h"

namespace dt {

// One thread at a time, but for pushes into input(). While the networks run a window, nothing that changes
// its buffers may be called: all but restart(), set_style() and the const functions.
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
  // Window k, in buffers that stay as they are until it is committed or prepared again: when the networks
  // fail, it can be tried again. Throws what the conditioner throws.
  Window prepare(int64_t* front_end_ns);
  // New frames of the window at work that the audio lasts for, a hop at most.
  size_t n_frames() const;
  // New frame i of it, which is frame `index` of the segment, post-processed; in order. out: [C].
  void frame(size_t i, int64_t index, float* out);
  // The window at work is done.
  void advance();
  // What the networks gave for the window at work, [hop, C].
  const float* weights() const { return weights_.data(); }

  // From the window at work on, or from the one after; blended over blend_ms.
  void set_style(Vector<float> style, int blend_ms, bool after_window);
  // Forgets how far a blend is.
  void settle_style() { style_.settle(); }

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

  const Model& model_;
  const StreamSettings& settings_;
  const size_t n_channels_;
  const int ease_out_frames_;
  AudioInput input_;
  FrontEnd front_end_;
  StyleTrack style_;
  Post post_;
  const HeadPose head_;
  Vector<float> past_;          // [past, C] normalised frames before the next window's new ones
  Vector<float> weights_;       // [hop, C] of the window at work
  int64_t base_frame_ = 0;      // absolute index of the first frame; windows start there
  int64_t index_ = 0;           // k of the window at work
  bool needs_restart_ = false;  // the buffers still hold the segment before: they may be in flight
};

}  // namespace dt
