// Frames between the windows that give them and the pulls that take them, with the easing to the rest pose
// that an interrupt puts before them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "common/allocator.h"
#include "common/ring_place.h"
#include "core/manifest.h"
#include "runtime/frame_history.h"

namespace dt {

// Holds two hops; does not allocate after its constructor. One thread at a time.
class FrameQueue {
 public:
  // Where taken frames go: the next row of the weights, and of the head pose ([3], zeros for a motion without
  // one), where they are wanted; and into the history.
  struct Target {
    float *weights, *head_pose;
    FrameHistory* history = nullptr;
  };

  FrameQueue(const MotionSpec& motion, int hop_frames);

  // Empty and without easing; frame 0 of a segment comes next. The pose taken last stays.
  void restart() { begin_ = end_ = ease_left_ = 0; }
  // As if the rest pose had been taken last.
  void start_at_rest();
  // As if this pose, [C], had been taken last.
  void hold(const float* pose) { std::copy_n(pose, n_channels_, last_pose_.begin()); }
  // n frames come next that lead from the pose taken last to the rest pose: the rest of the way shrinks by
  // smooth_step().
  void ease(int64_t n);

  // The place of the next frame, [C], which the caller fills. Only where has_room() was true before the hop.
  float* add();
  // The next frames, at most `capacity`; returns how many.
  size_t take(Target* to, size_t capacity);

  bool is_empty() const { return ease_left_ == 0 && begin_ == end_; }
  // Frames of windows, without the easing.
  size_t n_waiting() const { return static_cast<size_t>(end_ - begin_); }
  int64_t n_easing() const { return ease_left_; }
  // For one more hop.
  bool has_room() const { return n_waiting() <= size_ / 2; }
  // Frame i of those that wait, [C].
  const float* waiting(size_t i) const { return place(begin_ + static_cast<int64_t>(i)); }
  // Frames of the segment that were taken, and that were added.
  int64_t n_taken() const { return begin_; }
  int64_t n_added() const { return end_; }
  int64_t bytes() const { return bytes_of(ring_) + bytes_of(last_pose_) + bytes_of(ease_from_); }
  // For tests of the clock: as if so many frames had been added and taken.
  void jump(int64_t frames) { begin_ = end_ = frames; }

 private:
  const float* place(int64_t frame) const { return ring_.data() + ring_place(frame, size_) * n_channels_; }
  void hand_out(const float* frame, Target* to) const;

  const MotionSpec& motion_;
  const size_t n_channels_, n_weights_;  // of the networks; without those of a head pose
  const size_t size_;                    // frames of the ring
  Vector<float> ring_;                   // frame i of the segment lies at i % size_
  int64_t begin_ = 0, end_ = 0;          // frames of the segment in the ring
  Vector<float> last_pose_, ease_from_;  // [C] frame taken last; pose that the easing began with
  int64_t ease_left_ = 0, ease_total_ = 0;
};

}  // namespace dt
