#include "runtime/frame_history.h"

#include <algorithm>
#include <cmath>

#include "common/ring_place.h"

namespace dt {

FrameHistory::FrameHistory(const MotionSpec& motion, size_t size)
    : motion_(motion), n_channels_(static_cast<size_t>(motion.n_channels())), size_(size) {
  ring_.resize(size_ * n_channels_);
}

void FrameHistory::restart(int64_t frame) {
  first_ = end_ = frame;
  n_ = 0;
}

void FrameHistory::add(const float* frame) {
  if (size_ > 0) std::copy_n(frame, n_channels_, ring_.data() + ring_place(end_, size_) * n_channels_);
  ++end_;
  n_ = std::min(n_ + 1, size_);
}

void FrameHistory::cut(int64_t end) {
  n_ = static_cast<size_t>(std::max<int64_t>(0, end - begin()));
  end_ = end;
}

const float* FrameHistory::frame(int64_t index) const {
  if (index < begin()) return motion_.rest.data();
  return ring_.data() + ring_place(index, size_) * n_channels_;
}

bool FrameHistory::knows(double at) const { return is_whole() || at >= static_cast<double>(begin()); }

void FrameHistory::mix(double at, int begin, int end, float* out) const {
  at = std::clamp(at, static_cast<double>(first_ - 1), static_cast<double>(end_ - 1));
  const auto index = static_cast<int64_t>(std::floor(at));
  const float* const a = frame(index);
  const float* const b = frame(std::min(index + 1, end_ - 1));
  const auto share = static_cast<float>(at - std::floor(at));
  for (int c = begin; c < end; ++c) *out++ = a[c] + (b[c] - a[c]) * share;
}

}  // namespace dt
