// The frames that were pulled last: what a player may be showing, and the poses between them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/allocator.h"
#include "core/manifest.h"

namespace dt {

// Frames by their absolute index, without a gap. Does not allocate after its constructor. One thread at a
// time.
class FrameHistory {
 public:
  // size: frames that it keeps; 0: none.
  FrameHistory(const MotionSpec& motion, size_t size);

  // Empty; the next frame is `frame`, and before it is the rest pose.
  void restart(int64_t frame);
  // The next frame, [C].
  void add(const float* frame);
  // Frames from `end` on were never shown. end: begin() .. end(), or first() where that is kept.
  void cut(int64_t end);

  // Frames begin() .. end() - 1 are kept.
  int64_t begin() const { return end_ - static_cast<int64_t>(n_); }
  int64_t end() const { return end_; }
  // Nothing was dropped since restart(): what lies before begin() is the rest pose.
  bool is_whole() const { return begin() == first_; }
  // Frame `index` of those that are kept, [C], or the rest pose where nothing was dropped.
  const float* frame(int64_t index) const;
  // Channels `begin` up to `end` of the pose at `at`, in frames, from the two frames around it: pose_a +
  // (pose_b - pose_a) * share. Held at end() - 1 when `at` lies behind.
  void mix(double at, int begin, int end, float* out) const;
  // Whether mix() knows the pose: it is not older than what is kept.
  bool knows(double at) const;

  size_t size() const { return size_; }
  int64_t bytes() const { return bytes_of(ring_); }

 private:
  const MotionSpec& motion_;
  const size_t n_channels_, size_;
  Vector<float> ring_;           // frame k lies at k % size_
  int64_t first_ = 0, end_ = 0;  // since restart(); first_: the index that came first
  size_t n_ = 0;
};

}  // namespace dt
