// The pose of any moment, for a player that shows a face by its own clock.
#include <algorithm>
#include <cmath>
#include <string>

#include "common/error.h"
#include "runtime/stream.h"

namespace dt {
namespace {

std::string seconds(double frame, double fps) {
  std::string text = std::to_string(std::llround(1000 * frame / fps));
  const bool is_negative = text[0] == '-';
  const size_t n_digits = text.size() - (is_negative ? 1 : 0);
  if (n_digits < 4) text.insert(is_negative ? 1 : 0, 4 - n_digits, '0');
  return text.insert(text.size() - 3, ".") + " s";
}

}  // namespace

// Takes frames into the history until frame `last` is there or no more come.
void Stream::take_until(int64_t last, int max_hops, Lock* lock) {
  const auto hop = static_cast<int64_t>(settings_.profile.hop_frames);
  for (int hops = 0; next_frame_ <= last;) {
    if (paused_) return;
    FrameQueue::Target nowhere{nullptr, nullptr, &history_};
    // Not beyond what is asked for: the history must reach back as far as it says.
    if (!queue_.is_empty()) {
      take(&nowhere, static_cast<size_t>(std::min(hop, last + 1 - next_frame_)));
      continue;
    }
    if (!window_can_run_here() || (max_hops >= 0 && hops == max_hops)) break;
    ++hops;
    if (!run_window(lock)) return;
  }
  if (ticket_.is_free()) take_audio();
}

double Stream::frame_at(double time_s, int max_hops, float* weights, float* head_pose) {
  const MotionSpec& motion = model_->manifest().motion;
  const double fps = static_cast<double>(motion.fps_num) / motion.fps_den, at = time_s * fps;
  if (history_.size() == 0) {
    throw Error(DT_UNSUPPORTED, "the stream keeps no frames: make it with a history_ms above 0");
  }
  // Whoever pulls meanwhile takes the frames; one who may not compute does not wait for that.
  Lock turn(pulls_, std::defer_lock);
  const bool takes = max_hops == 0 ? turn.try_lock() : (turn.lock(), true);
  Lock lock(mutex_);
  if (!history_.knows(at)) {
    throw Error(DT_INVALID_ARGUMENT,
                "time_s is " + seconds(at, fps) + ", but only frames from " +
                    seconds(static_cast<double>(history_.begin()), fps) +
                    " on are kept: ask sooner, or make the stream with a longer history_ms than " +
                    std::to_string(settings_.history_ms));
  }
  if (takes) take_until(static_cast<int64_t>(std::ceil(at)), max_hops, &lock);
  const auto newest = static_cast<double>(history_.end() - 1);
  if (takes && newest < at && !failure_.empty()) throw Error(DT_INTERNAL_ERROR, failure_);
  if (weights != nullptr) history_.mix(at, 0, motion.n_weights(), weights);
  if (head_pose != nullptr) {
    std::fill_n(head_pose, kHeadPoseChannels.size(), 0.0f);
    history_.mix(at, motion.n_weights(), motion.n_channels(), head_pose);
  }
  return newest < at ? newest / fps : time_s;
}

}  // namespace dt
