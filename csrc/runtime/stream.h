// One character: audio in, frames out. The segment makes windows, the queue keeps frames, the ticket is the
// place in a scheduler, the history what was shown. The stream holds the lock and opens the doors: stream.cpp
// pulls, stream_device.cpp pulls to a device, stream_moment.cpp gives the pose of a moment,
// stream_control.cpp restarts and tells, stream_scheduling.cpp serves a scheduler.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "runtime/frame_history.h"
#include "runtime/frame_queue.h"
#include "runtime/model.h"
#include "runtime/scheduler_ticket.h"
#include "runtime/segment.h"
#include "runtime/stream_settings.h"

namespace dt {

class DeviceArray;

struct StreamStats {
  int64_t n_hops = 0, n_frames = 0, front_end_ns = 0, post_ns = 0;
  int64_t n_overruns = 0, n_underruns = 0, n_deadline_misses = 0, max_lateness_ns = 0;
  PhaseTimes networks;
};

inline void add_times(const PhaseTimes& more, PhaseTimes* sum) {
  sum->encoder_ns += more.encoder_ns;
  sum->denoiser_ns += more.denoiser_ns;
  sum->update_ns += more.update_ns;
  sum->post_ns += more.post_ns;
}

struct StreamInfo {
  int64_t next_frame = 0, audio_frame = 0, memory_bytes = 0, free_samples = 0;
  int sample_rate_hz = 0;
  int64_t resampler_samples = 0;
  double latency_ms = 0;
  bool is_flushed = false, is_paused = false, in_scheduler = false, is_failed = false;
  int64_t utterance = 0, next_audio_frame = 0, first_kept_frame = 0, buffered_frames = 0;
};

// What an interrupt leads to.
struct Interruption {
  int64_t next_audio_frame = 0, utterance = 0;
};

// push, idle and flush: one thread, without locks. All the rest: any thread, under the stream's mutex, which
// nobody holds while the networks run: so nobody waits for them but who takes frames. Pulls take turns.
class Stream {
 public:
  Stream(std::shared_ptr<const Model> model, StreamSettings settings);

  // Of the producer; as AudioInput has them.
  void push(const float* samples, size_t n_frames, int n_channels, int sample_rate_hz,
            int64_t utterance = AudioInput::kAnyUtterance) {
    segment_.input().push(samples, n_frames, n_channels, sample_rate_hz, utterance);
  }
  void idle(int64_t n_frames) { segment_.input().idle(n_frames); }
  void flush(int64_t utterance = AudioInput::kAnyUtterance) { segment_.input().flush(utterance); }

  // Writes up to capacity frames of n_weights weights; returns how many, *first_frame is the index of the
  // first. Fewer than are ready when a restart or a pause comes meanwhile. head_pose: null, or [capacity, 3],
  // zeros for a motion without one. Throws DT_INTERNAL_ERROR when a network fails; the same window is tried
  // again by the next call.
  // utterance: null, or gets the number of theirs.
  size_t pull(float* weights, size_t capacity, int64_t* first_frame, float* head_pose = nullptr,
              int64_t* utterance = nullptr);
  // The same into the first rows of an array on the device. What post-processing leaves as it is goes there
  // straight from the networks. Allocates a hop's frames for the call. head_pose: null, or [rows of frames,
  // 3] on the host.
  size_t pull_device(DeviceArray* frames, int64_t* first_frame, float* head_pose = nullptr);
  int64_t ready_frames();
  // The pose at that time, mixed from the frames around it, which are taken as by pull(), with at most
  // max_hops windows (-1: as many as it needs). weights, head_pose: null where they are not wanted. Returns
  // the time of the pose: earlier than asked for when the frames have not come; the newest one is held then.
  // Throws DT_INVALID_ARGUMENT (older than the history), DT_UNSUPPORTED (there is none), and as pull().
  double frame_at(double time_s, int max_hops, float* weights, float* head_pose);

  void reset();
  void seek(int64_t frame);
  // shown_frame: that the easing starts from; kLastPulled, or a frame of the history or the one before the
  // first. Throws DT_INVALID_ARGUMENT.
  Interruption interrupt(int ease_ms, int64_t shown_frame = kLastPulled);
  static constexpr int64_t kLastPulled = INT64_MIN;
  void pause(bool paused);
  // From `frame` on, or from the first frame of a window that is not begun where that is later.
  // style: [d_identity].
  void set_style(Vector<float> style, int blend_ms, int64_t frame = kNow);
  // Throws DT_INVALID_ARGUMENT: another offset_ms than at the start; as style_of().
  void set_dials(Dials dials, const DialMood& mood, int offset_ms, int blend_ms, int64_t frame = kNow);
  static constexpr int64_t kNow = -1;

  StreamStats stats() const;
  StreamInfo info() const;
  const std::shared_ptr<const Model>& model() const { return model_; }
  const Profile& profile() const { return settings_.profile; }

  // For a scheduler. join: throws DT_BUSY when it is in one. leave waits until no window is in flight.
  void join(const void* scheduler);
  void leave(const void* scheduler);
  // The handle is gone: its scheduler drops it.
  void mark_released() { released_ = true; }
  bool is_released() const { return released_; }
  // Takes the audio that has come. Returns the deadline of the next window when it can run now, and then
  // *ready_ns is when it was first seen to be ready; 0 when it cannot, or when the stream has left
  // `scheduler`. now_ns: of the scheduler's clock.
  int64_t deadline(const void* scheduler, int64_t now_ns, int64_t* ready_ns);
  // Makes the next window ready to run without the lock; false when it cannot run any more (a reset came, it
  // left `scheduler`). Every true is followed by one finish or fail. Throws what the conditioner throws;
  // fail() may follow.
  bool begin(const void* scheduler, Window* window);
  // Returns by how much the window missed its deadline, 0 if it did not.
  int64_t finish(const PhaseTimes& share, int64_t now_ns);
  void fail(const std::string& message);

  // For tests of the clock: as if so many seconds, a whole number of hops, had passed. Before the first
  // window.
  void jump(int64_t seconds);

 private:
  using Lock = std::unique_lock<std::mutex>;
  bool window_can_run() const;
  int64_t hop_ns() const;
  void restart(int64_t frame);
  void seek_locked(int64_t frame);
  void take_audio();
  void take_until(int64_t last, int max_hops, Lock* lock);
  bool window_can_run_here() const;
  bool run_window(Lock* lock, float* device_weights = nullptr);
  bool pull_window(Lock* lock, float* frames, bool* goes_on);
  size_t take(FrameQueue::Target* to, size_t capacity);
  size_t pull_locked(FrameQueue::Target to, size_t capacity, int64_t* first_frame, Lock* lock, bool* goes_on);
  void commit_window();
  void check_shown(int64_t shown_frame) const;

  const std::shared_ptr<const Model> model_;
  const StreamSettings settings_;

  std::mutex pulls_;          // taken before mutex_: frames of one pull follow each other
  mutable std::mutex mutex_;  // of what follows, but for the input of the segment
  Segment segment_;
  FrameQueue queue_;
  FrameHistory history_;
  SchedulerTicket ticket_;
  StreamStats stats_;
  DialMood dial_mood_;      // that the style was made of last
  int64_t next_frame_ = 0;  // absolute index of the next frame to be pulled
  bool has_pulled_ = false;
  bool paused_ = false;
  std::atomic<bool> released_{false};
  std::string failure_;
};

}  // namespace dt
