// Frames that are pulled to where they were computed.
#include <algorithm>
#include <string>

#include "common/error.h"
#include "runtime/device_array.h"
#include "runtime/stream.h"

namespace dt {

// One window whose weights go straight from the networks to `frames`, [hop, C] on the device; false where
// post-processing changed them: then they wait to be pulled. The host has them too: the pose to ease from
// and the past of the next window are its.
bool Stream::pull_window(float* frames) {
  run_window(frames);
  const auto hop = static_cast<size_t>(settings_.profile.hop_frames);
  const auto size = static_cast<int64_t>(out_.size() / n_channels_);
  if (frames_waiting() != hop) return false;
  for (size_t i = 0; i < hop; ++i) {
    const float* waiting =
        out_.data() + static_cast<size_t>((out_begin_ + static_cast<int64_t>(i)) % size) * n_channels_;
    const float* computed = weights_.data() + i * n_channels_;
    if (!std::equal(waiting, waiting + n_channels_, computed)) return false;
  }
  return true;
}

size_t Stream::pull_device(DeviceArray* frames, int64_t* first_frame, float* head_pose) {
  const Lock lock(mutex_);
  if (&frames->model() != model_.get() || frames->row_size() != n_weights_) {
    throw Error(DT_INVALID_ARGUMENT, "the array has " + std::to_string(frames->row_size()) +
                                         " values a row, expected one of the stream's model with " +
                                         std::to_string(n_weights_));
  }
  *first_frame = next_frame_;
  const size_t capacity = frames->rows();
  const auto hop = static_cast<size_t>(settings_.profile.hop_frames);
  Vector<float> passing(hop * n_weights_);  // what goes through the host
  const bool is_whole =
      n_channels_ == n_weights_;  // what the networks give is a row of the array, without a head pose
  size_t n = 0;
  while (n < capacity) {
    float* const to = frames->data() + n * n_weights_;
    float* const pose = head_pose == nullptr ? nullptr : head_pose + n * kHeadPoseChannels.size();
    const bool can_run = scheduler_ == nullptr && !paused_ && window_ready();
    const bool is_empty = ease_left_ == 0 && frames_waiting() == 0;
    bool is_there = false;
    try {
      is_there = is_whole && is_empty && can_run && capacity - n >= hop && pull_window(to);
      // Counts, remembers the last pose and empties the ring, for both ways.
      const bool has_more = ease_left_ > 0 || frames_waiting() > 0 || can_run;
      if (n > 0 && !has_more) break;
      int64_t first = 0;
      const size_t got = pull_locked({passing.data(), pose}, std::min(hop, capacity - n), &first);
      if (got == 0) break;
      if (!is_there) frames->device().upload(to, passing.data(), got * n_weights_ * sizeof(float));
      n += got;
    } catch (...) {
      if (n == 0) throw;  // or the next call tells, and these frames are not lost
      break;
    }
  }
  if (n > 0) frames->touch();
  return n;
}

}  // namespace dt
