// One character's state: audio in, frames out, window by window (docs/bundle-format.md, "Window k of a
// stream").
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/front_end.h"
#include "runtime/model.h"

namespace dt {

struct StreamSettings {
  std::vector<float> style;  // [d_identity]
  uint64_t seed = 0;
  Profile profile;
  int max_buffered_ms = 30000;
  int ease_out_frames = 5;  // at most the lookahead takes effect: earlier frames may be gone at the flush
};

struct StreamStats {
  int64_t n_hops = 0, n_frames = 0, front_end_ns = 0, post_ns = 0, noise_ns = 0;
  PhaseTimes networks;
};

// One thread at a time.
class Stream {
 public:
  Stream(std::shared_ptr<const Model> model, StreamSettings settings);

  // All or nothing. Throws DT_INVALID_ARGUMENT, DT_BUFFER_FULL, DT_CLOSED.
  void push(const float* samples, size_t n_frames, int n_channels, int sample_rate_hz);
  // Writes up to capacity frames of n_channels weights; returns how many, *first_frame is the index of the
  // first. Throws DT_INTERNAL_ERROR when a network fails; the same window is tried again by the next call.
  size_t pull(float* weights, size_t capacity, int64_t* first_frame);
  int64_t ready_frames() const;
  // Throws DT_CLOSED the second time.
  void flush();
  void reset();

  const StreamStats& stats() const { return stats_; }
  const Model& model() const { return *model_; }

 private:
  void check_room(size_t n_frames, int sample_rate_hz) const;
  void rewind();
  bool window_ready() const;
  void run_window();
  void fill_window_noise(int64_t first_frame);
  void emit_window(size_t n_frames);
  float ease(int64_t frame) const;

  std::shared_ptr<const Model> model_;
  StreamSettings settings_;
  std::unique_ptr<Session> session_;
  FrontEnd front_end_;
  StreamStats stats_;

  std::vector<float> mel_;              // [mel frames of a window, n_mels]
  std::vector<float> x_t_;              // [window, C] of the window at work
  std::vector<float> past_;             // [past, C] normalised frames before the next window's new ones
  std::vector<float> out_;              // [hop, C] weights of the last window
  size_t out_begin_ = 0, out_end_ = 0;  // frames of out_ that are still to be pulled
  int64_t window_index_ = 0;            // k of the next window
  int64_t next_frame_ = 0;              // absolute index of the next frame to be pulled
  bool flushed_ = false;
  int64_t total_frames_ = 0;  // N, known after the flush
};

}  // namespace dt
