// The way of the audio from the thread that pushes it to the one that computes: mono samples at the model's
// rate in a ring. The producer mixes and resamples; nobody waits for anybody.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "audio/downmix.h"
#include "audio/resampler.h"
#include "common/allocator.h"
#include "runtime/audio_ring.h"

namespace dt {

// What may wait, and whose audio it is.
struct InputLimits {
  size_t reserved, most;                // samples at the model's rate: room from the start, and after growing
  int max_buffered_ms, grow_to_ms = 0;  // what they were made from, for messages; 0: it does not grow
};

// A restart (reset, seek, interrupt) begins a new epoch, which is a new utterance, on the consumer's side.
// The producer notices at its next call and marks where the new epoch begins in the ring; what lies before is
// of the old one and is dropped. So a restart needs no lock, and a push that runs meanwhile belongs to the
// old epoch as a whole.
class AudioInput {
 public:
  using TableOf = std::function<std::shared_ptr<const ResamplerTable>(int rate_in_hz)>;

  // rate_hz: of the ring. fps: to count the frames of the whole audio. table_of: shared tables; called by the
  // constructor for prepared_rate_hz (0: none), and by a push with a rate that was not used before.
  AudioInput(const InputLimits& limits, int rate_hz, int fps_num, int fps_den, TableOf table_of,
             int prepared_rate_hz);

  // Producer. utterance: that the audio is of, or kAnyUtterance: the one at hand. Throws DT_INVALID_ARGUMENT,
  // DT_BUFFER_FULL, DT_CLOSED, DT_BUSY, DT_STALE; nothing is changed then.
  void push(const float* samples, size_t n_frames, int n_channels, int sample_rate_hz,
            int64_t utterance = kAnyUtterance);
  // Producer. Silence up to the end of the frame at hand, and n_frames of it. Throws as push.
  void idle(int64_t n_frames);
  // Producer. Throws DT_CLOSED, DT_BUSY, DT_STALE, DT_INVALID_ARGUMENT.
  void flush(int64_t utterance = kAnyUtterance);
  static constexpr int64_t kAnyUtterance = -1;

  // Consumer. Samples of this epoch at the model's rate that arrived so far, used ones included.
  int64_t n_arrived() const;
  // Frames that the audio of this epoch lasts: ceil(duration * fps); -1 until it is flushed. n_arrived() is
  // final for whoever saw 0 or more.
  int64_t total_frames() const;
  // Copies samples first .. first + n - 1 of this epoch, all arrived and not yet released.
  void copy(int64_t first, size_t n, float* out) const;
  // The samples of this epoch before `end` are used.
  void release(int64_t end);
  // Drops everything; the next push begins a new epoch.
  void restart();

  // Number of the epoch that the next push belongs to; any thread.
  int64_t utterance() const { return static_cast<int64_t>(wanted_epoch_.load(std::memory_order_acquire)); }
  // Frame of this epoch that the next sample belongs to, to within a sample.
  int64_t pushed_frames() const;
  int64_t free_samples() const;
  int64_t n_overruns() const { return n_overruns_.load(std::memory_order_relaxed); }
  int64_t resampling_ns() const { return resampling_ns_.load(std::memory_order_relaxed); }
  void clear_counters();
  // Rate of this epoch's pushes; 0 before the first one.
  int rate_hz() const;
  int64_t resampler_latency() const { return resampler_latency_.load(std::memory_order_relaxed); }
  int64_t bytes() const { return ring_.bytes() + bytes_.load(std::memory_order_relaxed); }
  // For tests of the clock: lets the stream of numbers behave as if so many seconds had passed already. Only
  // while nothing is pushed; rate: of the pushes.
  void jump(int64_t seconds);

 private:
  class Turn;
  void begin_epoch();
  void begin(int64_t utterance);
  void set_rate(int sample_rate_hz);
  void make_room(int64_t n_samples);
  void resample(const float* samples, size_t n_frames, int n_channels);
  void write_silence(int64_t n_samples);
  int64_t samples_at(int64_t frame, int rate_hz) const;
  int64_t input_frames() const;
  bool epoch_is_seen() const { return seen_epoch_.load(std::memory_order_acquire) == epoch_; }

  const InputLimits limits_;
  const int rate_hz_, fps_num_, fps_den_;
  TableOf table_of_;
  AudioRing ring_;

  // Of the producer, under its turn. Positions count samples of the ring since the stream was made.
  std::atomic<bool> turn_taken_{false};
  Downmix downmix_;
  std::optional<Resampler> resampler_;
  int resampler_rate_hz_ = 0;  // outlives epochs, so that the next clip of the same rate needs no new table
  int input_rate_hz_ = 0;      // of this epoch; 0 until the first push
  int64_t n_input_ = 0;        // input samples of this epoch
  int64_t lead_frames_ = 0;    // of silence before them, from before the rate was fixed
  bool closed_ = false;
  Vector<float> mono_, resampled_;  // of one block

  // Written by the producer before seen_epoch_, read by the consumer after it.
  int64_t epoch_start_ = 0;
  std::atomic<uint64_t> seen_epoch_{0};
  std::atomic<int64_t> total_frames_{-1}, pushed_frames_{0};
  std::atomic<int> shown_rate_hz_{0};

  // Of the consumer.
  uint64_t epoch_ = 0;
  std::atomic<uint64_t> wanted_epoch_{0};

  std::atomic<int64_t> n_overruns_{0}, resampling_ns_{0}, resampler_latency_{0}, bytes_{0};
};

}  // namespace dt
