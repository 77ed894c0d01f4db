// Frames that are pulled to where they were computed.
#include <algorithm>
#include <string>

#include "common/error.h"
#include "runtime/device_array.h"
#include "runtime/stream.h"

namespace dt {

// One window whose weights go straight from the networks to `frames`, [hop, C] on the device; false where
// post-processing changed them: then they wait to be pulled. The host has them too: the pose to ease from
// and the past of the next window are its. goes_on: false when a restart or a pause came meanwhile.
bool Stream::pull_window(Lock* lock, float* frames, bool* goes_on) {
  *goes_on = run_window(lock, frames) && !paused_;
  const auto hop = static_cast<size_t>(settings_.profile.hop_frames);
  const auto n_channels = static_cast<size_t>(model_->manifest().motion.n_channels());
  if (!*goes_on || queue_.n_waiting() != hop || segment_.is_mixed()) return false;
  for (size_t i = 0; i < hop; ++i) {
    const float* waiting = queue_.waiting(i);
    if (!std::equal(waiting, waiting + n_channels, segment_.weights() + i * n_channels)) return false;
  }
  return true;
}

size_t Stream::pull_device(DeviceArray* frames, int64_t* first_frame, float* head_pose) {
  const Lock turn(pulls_);
  Lock lock(mutex_);
  const MotionSpec& motion = model_->manifest().motion;
  const auto n_weights = static_cast<size_t>(motion.n_weights());
  if (&frames->model() != model_.get() || frames->row_size() != n_weights) {
    throw Error(DT_INVALID_ARGUMENT, "the array has " + std::to_string(frames->row_size()) +
                                         " values a row, expected one of the stream's model with " +
                                         std::to_string(n_weights));
  }
  *first_frame = next_frame_;
  const size_t capacity = frames->rows();
  const auto hop = static_cast<size_t>(settings_.profile.hop_frames);
  Vector<float> passing(hop * n_weights);  // what goes through the host
  // What the networks give is a row of the array: there is no head pose.
  const bool is_whole = motion.n_channels() == motion.n_weights();
  size_t n = 0;
  bool goes_on = true;
  while (n < capacity) {
    float* const to = frames->data() + n * n_weights;
    float* const pose = head_pose == nullptr ? nullptr : head_pose + n * kHeadPoseChannels.size();
    const bool can_run = window_can_run_here();
    const bool is_empty = queue_.is_empty();
    bool is_there = false;
    try {
      is_there = is_whole && is_empty && can_run && capacity - n >= hop && pull_window(&lock, to, &goes_on);
      if (!goes_on) break;  // what comes next belongs to another utterance
      // Counts, remembers the last pose and empties the ring, for both ways.
      const bool has_more = !queue_.is_empty() || can_run;
      if (n > 0 && !has_more) break;
      int64_t first = 0;
      const size_t most = std::min(hop, capacity - n);
      const size_t got = pull_locked({passing.data(), pose, &history_}, most, &first, &lock, &goes_on);
      if (got == 0) break;
      if (!is_there) frames->device().upload(to, passing.data(), got * n_weights * sizeof(float));
      n += got;
      if (!goes_on) break;
    } catch (...) {
      if (n == 0) throw;  // or the next call tells, and these frames are not lost
      break;
    }
  }
  if (n > 0) frames->touch();
  return n;
}

}  // namespace dt
