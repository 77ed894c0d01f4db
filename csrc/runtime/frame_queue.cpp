#include "runtime/frame_queue.h"

#include <algorithm>

#include "runtime/post.h"

namespace dt {

FrameQueue::FrameQueue(const MotionSpec& motion, int hop_frames)
    : motion_(motion),
      n_channels_(static_cast<size_t>(motion.n_channels())),
      n_weights_(static_cast<size_t>(motion.n_weights())),
      size_(2 * static_cast<size_t>(hop_frames)) {
  ring_.resize(size_ * n_channels_);
  last_pose_.resize(n_channels_);
  ease_from_.resize(n_channels_);
}

void FrameQueue::start_at_rest() { hold(motion_.rest.data()); }

void FrameQueue::ease(int64_t n) {
  ease_from_ = last_pose_;
  ease_left_ = ease_total_ = n;
}

float* FrameQueue::add() { return ring_.data() + ring_place(end_++, size_) * n_channels_; }

size_t FrameQueue::take(Target* to, size_t capacity) {
  size_t n = 0;
  for (; n < capacity && ease_left_ > 0; ++n, --ease_left_) {
    const double u = static_cast<double>(ease_total_ - ease_left_ + 1) / static_cast<double>(ease_total_);
    const auto keep = static_cast<float>(1.0 - smooth_step(u));
    for (size_t c = 0; c < n_channels_; ++c) {
      last_pose_[c] = motion_.rest[c] + (ease_from_[c] - motion_.rest[c]) * keep;
    }
    hand_out(last_pose_.data(), to);
  }
  for (; n < capacity && begin_ < end_; ++n, ++begin_) {
    hand_out(place(begin_), to);
    if (n + 1 == capacity || begin_ + 1 == end_) hold(place(begin_));
  }
  return n;
}

void FrameQueue::hand_out(const float* frame, Target* to) const {
  if (to->history != nullptr) to->history->add(frame);
  if (to->weights != nullptr) to->weights = std::copy_n(frame, n_weights_, to->weights);
  if (to->head_pose == nullptr) return;
  constexpr size_t n_pose = kHeadPoseChannels.size();
  if (n_channels_ > n_weights_) {
    std::copy_n(frame + n_weights_, n_pose, to->head_pose);
  } else {
    std::fill_n(to->head_pose, n_pose, 0.0f);
  }
  to->head_pose += n_pose;
}

}  // namespace dt
