// One character's state: audio in, frames out, window by
// window (docs/bundle-format.md, "Window k of a stream").
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "runtime/audio_input.h"
#include "runtime/front_end.h"
#include "runtime/head_pose.h"
#include "runtime/model.h"
#include "runtime/post.h"
#include "runtime/style_track.h"

namespace dt {

class DeviceArray;

struct StreamSettings {
  Vector<float> style;  // [d_identity]
  uint64_t seed = 0;
  Profile profile;
  int max_buffered_ms = 1000;
  int ease_out_frames = 5;  // at most the lookahead takes effect: earlier frames may be gone at the flush
  int sample_rate_hz = 0;   // of the pushes; 0: fixed by the first one
  int offset_ms = 0;
  int deadline_ms = -1;  // -1: one hop
  PostSettings post;
  float head_amount = 1;  // 0 to 2, HeadPose
};

struct StreamStats {
  int64_t n_hops = 0, n_frames = 0, front_end_ns = 0, post_ns = 0;
  int64_t n_overruns = 0, n_underruns = 0, n_deadline_misses = 0, max_lateness_ns = 0;
  PhaseTimes networks;
};

struct StreamInfo {
  int64_t next_frame = 0, audio_frame = 0, memory_bytes = 0, free_samples = 0;
  int sample_rate_hz = 0;
  int64_t resampler_samples = 0;
  double latency_ms = 0;
  bool is_flushed = false, is_paused = false, in_scheduler = false, is_failed = false;
};

// push and flush: one thread, without locks. All the rest: any thread, under the stream's mutex, which is not
// held while a scheduler runs the networks.
class Stream {
 public:
  Stream(std::shared_ptr<const Model> model, StreamSettings settings);

  // All or nothing. Throws DT_INVALID_ARGUMENT, DT_BUFFER_FULL, DT_CLOSED, DT_BUSY.
  void push(const float* samples, size_t n_frames, int n_channels, int sample_rate_hz) {
    input_.push(samples, n_frames, n_channels, sample_rate_hz);
  }
  // Throws DT_CLOSED the second time, DT_BUSY.
  void flush() { input_.flush(); }

  // Writes up to capacity frames of n_weights weights; returns how many, *first_frame is the index of the
  // first. head_pose: null, or [capacity, 3], zeros for a motion without one. Throws DT_INTERNAL_ERROR when a
  // network fails; the same window is tried again by the next call.
  size_t pull(float* weights, size_t capacity, int64_t* first_frame, float* head_pose = nullptr);
  // The same into the first rows of an array on the device. What post-processing leaves as it is goes there
  // straight from the networks. Allocates a hop's frames for the call. head_pose: null, or [rows of frames,
  // 3] on the host.
  size_t pull_device(DeviceArray* frames, int64_t* first_frame, float* head_pose = nullptr);
  int64_t ready_frames();

  void reset();
  void seek(int64_t frame);
  // Returns the frame that the next audio belongs to.
  int64_t interrupt(int ease_ms);
  void pause(bool paused);
  // style: [d_identity].
  void set_style(Vector<float> style, int blend_ms);

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
  // Makes the next window ready to run without the lock; false when it cannot run any more (a reset
  // came, it left `scheduler`).
  // Every true is followed by one finish or fail. Throws what the conditioner throws; fail() may follow.
  bool begin(const void* scheduler, Window* window);
  // Returns by how much the window missed its deadline, 0 if it did not.
  int64_t finish(const PhaseTimes& share, int64_t now_ns);
  void fail(const std::string& message);

  // For tests of the clock: as if so many seconds, a whole
  // number of hops, had passed. Before the first window.
  void jump(int64_t seconds);

 private:
  using Lock = std::unique_lock<std::mutex>;
  int64_t windows_ready() const;
  bool window_ready() const;
  bool has_room() const;
  int64_t hop_ns() const;
  void restart(int64_t frame);
  void apply_restart();
  void take_audio();
  Window prepare_window();
  void run_window(float* device_weights = nullptr);
  bool pull_window(float* frames);
  // Where pulled frames go: the next row of the weights, and of the head pose where that is wanted.
  struct Target {
    float *weights, *head_pose;
  };
  void hand_out(const float* frame, Target* to) const;
  size_t pull_locked(Target to, size_t capacity, int64_t* first_frame);
  void commit_window();
  void emit_window(size_t n_frames);
  float ease(int64_t segment_frame) const;
  size_t pull_easing(Target* to, size_t capacity);
  size_t pull_waiting(Target* to, size_t capacity);
  size_t frames_waiting() const { return static_cast<size_t>(out_end_ - out_begin_); }

  const std::shared_ptr<const Model> model_;
  StreamSettings settings_;
  const size_t n_channels_;  // of the networks: n_weights_, and those of a head pose
  const size_t n_weights_;
  AudioInput input_;

  mutable std::mutex mutex_;
  std::condition_variable landed_;  // the window in flight is back
  FrontEnd front_end_;
  Post post_;
  const HeadPose head_;
  StyleTrack style_;
  StreamStats stats_;

  Vector<float> past_;                   // [past, C] normalised frames before the next window's new ones
  Vector<float> weights_;                // [hop, C] of the window at work
  Vector<float> out_;                    // ring of frames that wait to be pulled: two hops of [C]
  int64_t out_begin_ = 0, out_end_ = 0;  // frames of the segment in the ring: frame i lies at i % (2 hop)
  int64_t base_frame_ = 0;               // absolute index of the segment's first frame; windows start there
  int64_t window_index_ = 0;             // k of the next window of the segment
  int64_t next_frame_ = 0;               // absolute index of the next frame to be pulled
  bool needs_restart_ = false;           // the buffers still hold the segment before: they may be in flight
  bool has_pulled_ = false;

  Vector<float> last_pose_, ease_from_;  // [C] frame pulled last; pose that the easing began with
  int64_t ease_left_ = 0, ease_total_ = 0;

  bool paused_ = false;
  std::atomic<bool> released_{false};
  const void* scheduler_ = nullptr;
  bool in_flight_ = false;
  uint64_t generation_ = 0, flight_generation_ = 0;  // a restart in between makes the result void
  int64_t deadline_ns_ = 0, last_deadline_ns_ = 0;   // of the window that is ready; of the one before
  int64_t ready_ns_ = 0;                             // when deadline_ns_ was set
  std::string failure_;
};

}  // namespace dt
