// The way of the audio from the thread that pushes it to the one that computes: a single-producer
// single-consumer ring of mono samples at the model's rate. The producer mixes and resamples; nobody waits
// for anybody.
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

namespace dt {

// A restart (reset, seek, interrupt) begins a new epoch on the consumer's side. The producer notices at its
// next call and marks where the new epoch begins in the ring; what lies before is of the old one and is
// dropped. So a restart needs no lock, and a push that runs meanwhile belongs to the old epoch as a whole.
class AudioInput {
 public:
  using TableOf = std::function<std::shared_ptr<const ResamplerTable>(int rate_in_hz)>;

  // max_buffered_ms: what the capacity was made from, for messages. rate_hz: of the ring. fps: to count the
  // frames of the whole audio. table_of: shared tables; called by the constructor for prepared_rate_hz (0:
  // none), and by a push with a rate that was not used before.
  AudioInput(size_t capacity, int max_buffered_ms, int rate_hz, int fps_num, int fps_den, TableOf table_of,
             int prepared_rate_hz);

  // Producer. Throws DT_INVALID_ARGUMENT, DT_BUFFER_FULL, DT_CLOSED, DT_BUSY; nothing is changed then.
  void push(const float* samples, size_t n_frames, int n_channels, int sample_rate_hz);
  // Producer. Throws DT_CLOSED, DT_BUSY.
  void flush();

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

  int64_t free_samples() const;
  int64_t n_overruns() const { return n_overruns_.load(std::memory_order_relaxed); }
  int64_t resampling_ns() const { return resampling_ns_.load(std::memory_order_relaxed); }
  void clear_counters();
  // Rate of this epoch's pushes; 0 before the first one.
  int rate_hz() const;
  int64_t resampler_latency() const { return resampler_latency_.load(std::memory_order_relaxed); }
  int64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  // For tests of the clock: lets the stream of numbers behave as if so many seconds had passed already. Only
  // while nothing is pushed; rate: of the pushes.
  void jump(int64_t seconds);

 private:
  class Turn;
  void begin_epoch();
  void set_rate(int sample_rate_hz);
  void check_room(size_t n_frames, int sample_rate_hz);
  void write(const float* samples, size_t n);
  bool epoch_is_seen() const { return seen_epoch_.load(std::memory_order_acquire) == epoch_; }

  const int max_buffered_ms_, rate_hz_, fps_num_, fps_den_;
  TableOf table_of_;
  Vector<float> ring_;

  // Of the producer, under its turn. Positions count samples of the ring since the stream was made.
  std::atomic<bool> turn_taken_{false};
  Downmix downmix_;
  std::optional<Resampler> resampler_;
  int resampler_rate_hz_ = 0;  // outlives epochs, so that the next clip of the same rate needs no new table
  int input_rate_hz_ = 0;      // of this epoch; 0 until the first push
  int64_t n_input_ = 0;        // input samples of this epoch
  bool closed_ = false;
  Vector<float> mono_, resampled_;  // of one block
  std::atomic<int64_t> head_{0};

  // Written by the producer before seen_epoch_, read by the consumer after it.
  int64_t epoch_start_ = 0;
  std::atomic<uint64_t> seen_epoch_{0};
  std::atomic<int64_t> total_frames_{-1};
  std::atomic<int> shown_rate_hz_{0};

  // Of the consumer.
  alignas(64) std::atomic<int64_t> tail_{0};
  uint64_t epoch_ = 0;
  std::atomic<uint64_t> wanted_epoch_{0};

  std::atomic<int64_t> n_overruns_{0}, resampling_ns_{0}, resampler_latency_{0}, bytes_{0};
};

}  // namespace dt
