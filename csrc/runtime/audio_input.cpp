#include "runtime/audio_input.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "audio/mix.h"
#include "common/clock.h"
#include "common/error.h"

namespace dt {
namespace {

// Resampled samples that one block of work gives at most, so that scratch memory does not grow with the push.
constexpr size_t kBlock = 256;

}  // namespace

// One thread at a time is the producer; another one that comes meanwhile is turned away, not kept waiting.
class AudioInput::Turn {
 public:
  explicit Turn(AudioInput* input) : input_(input) {
    if (input_->turn_taken_.exchange(true, std::memory_order_acquire)) {
      throw Error(DT_BUSY, "another thread is pushing into or flushing this stream: use one thread for both");
    }
  }
  ~Turn() { input_->turn_taken_.store(false, std::memory_order_release); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  AudioInput* input_;
};

AudioInput::AudioInput(size_t capacity, int max_buffered_ms, int rate_hz, int fps_num, int fps_den,
                       TableOf table_of, int prepared_rate_hz)
    : max_buffered_ms_(max_buffered_ms),
      rate_hz_(rate_hz),
      fps_num_(fps_num),
      fps_den_(fps_den),
      table_of_(std::move(table_of)),
      ring_(capacity) {
  mono_.resize(kBlock);
  bytes_ = bytes_of(ring_) + bytes_of(mono_);
  if (prepared_rate_hz != 0) {
    check_audio_format(1, prepared_rate_hz);
    set_rate(prepared_rate_hz);
    shown_rate_hz_ = input_rate_hz_ = 0;
  }
}

// The first call after a restart: what is pushed from here on is of the new epoch.
void AudioInput::begin_epoch() {
  const uint64_t wanted = wanted_epoch_.load(std::memory_order_acquire);
  if (wanted == seen_epoch_.load(std::memory_order_relaxed)) return;
  if (resampler_) resampler_->reset();
  downmix_.reset();
  input_rate_hz_ = 0;
  n_input_ = 0;
  closed_ = false;
  epoch_start_ = head_.load(std::memory_order_relaxed);
  total_frames_.store(-1, std::memory_order_relaxed);
  shown_rate_hz_.store(0, std::memory_order_relaxed);
  seen_epoch_.store(wanted, std::memory_order_release);
}

void AudioInput::set_rate(int sample_rate_hz) {
  if (resampler_rate_hz_ != sample_rate_hz) {
    resampler_rate_hz_ = 0;  // until all of this has worked
    resampler_.emplace(table_of_(sample_rate_hz));
    // A block of one input sample may give rate_hz_ / sample_rate_hz of them.
    resampled_.reserve(
        kBlock + static_cast<size_t>(rate_hz_ / sample_rate_hz) + 1 +
        static_cast<size_t>(scale_up(2 * resampler_->latency_in_samples(), rate_hz_, sample_rate_hz)));
    resampler_rate_hz_ = sample_rate_hz;
    resampler_latency_.store(resampler_->latency_in_samples(), std::memory_order_relaxed);
    bytes_.store(bytes_of(ring_) + bytes_of(mono_) + bytes_of(resampled_) + resampler_->bytes(),
                 std::memory_order_relaxed);
  }
  input_rate_hz_ = sample_rate_hz;
  shown_rate_hz_.store(sample_rate_hz, std::memory_order_relaxed);
}

// Room for all that these samples will ever give, so that a flush finds room too; it does not depend on how
// the audio was cut.
void AudioInput::check_room(size_t n_frames, int sample_rate_hz) {
  constexpr size_t kHuge = size_t{1} << 40;  // keeps the sums below away from overflow
  const int64_t head = head_.load(std::memory_order_relaxed);
  // What an older epoch left in the ring counts as free: nobody will read it.
  const int64_t tail = std::max(tail_.load(std::memory_order_acquire), epoch_start_);
  const int64_t produced = head - epoch_start_, room = static_cast<int64_t>(ring_.size()) - (head - tail);
  if (n_frames < kHuge &&
      scale_up(n_input_ + static_cast<int64_t>(n_frames), rate_hz_, sample_rate_hz) - produced <= room) {
    return;
  }
  n_overruns_.fetch_add(1, std::memory_order_relaxed);
  throw Error(DT_BUFFER_FULL, "more than max_buffered_ms = " + std::to_string(max_buffered_ms_) +
                                  " of audio would wait: pull frames and push again, in shorter chunks");
}

void AudioInput::push(const float* samples, size_t n_frames, int n_channels, int sample_rate_hz) {
  const Turn turn(this);
  begin_epoch();
  if (closed_) throw Error(DT_CLOSED, "the stream was flushed: reset it before pushing more audio");
  check_audio_format(n_channels, sample_rate_hz);
  if (input_rate_hz_ != 0 && sample_rate_hz != input_rate_hz_) {
    throw Error(DT_INVALID_ARGUMENT, "the sample rate is " + std::to_string(sample_rate_hz) +
                                         " Hz, the stream began with " + std::to_string(input_rate_hz_) +
                                         ": reset it or create another stream");
  }
  if (n_frames == 0) return;
  check_room(n_frames, sample_rate_hz);
  check_audio_finite(samples, n_frames, n_channels);
  const int64_t start_ns = now_ns();
  if (input_rate_hz_ == 0) set_rate(sample_rate_hz);
  const size_t block = std::clamp<size_t>(
      kBlock * static_cast<size_t>(sample_rate_hz) / static_cast<size_t>(rate_hz_), 1, kBlock);
  for (size_t done = 0; done < n_frames;) {
    const size_t n = std::min(block, n_frames - done);
    downmix_.mix(samples + done * static_cast<size_t>(n_channels), n, n_channels, sample_rate_hz,
                 mono_.data());
    resampled_.clear();
    resampler_->push(mono_.data(), n, resampled_);
    write(resampled_.data(), resampled_.size());
    done += n;
  }
  n_input_ += static_cast<int64_t>(n_frames);
  resampling_ns_.fetch_add(now_ns() - start_ns, std::memory_order_relaxed);
}

void AudioInput::flush() {
  const Turn turn(this);
  begin_epoch();
  if (closed_) throw Error(DT_CLOSED, "the stream was flushed already");
  if (input_rate_hz_ != 0) {
    resampled_.clear();
    resampler_->flush(resampled_);
    write(resampled_.data(), resampled_.size());
  }
  closed_ = true;
  total_frames_.store(
      input_rate_hz_ == 0 ? 0 : scale_up(n_input_, fps_num_, int64_t{input_rate_hz_} * fps_den_),
      std::memory_order_release);
}

void AudioInput::write(const float* samples, size_t n) {
  const int64_t head = head_.load(std::memory_order_relaxed);
  const size_t at = static_cast<size_t>(head) % ring_.size(), first = std::min(n, ring_.size() - at);
  std::copy_n(samples, first, ring_.data() + at);
  std::copy_n(samples + first, n - first, ring_.data());
  head_.store(head + static_cast<int64_t>(n), std::memory_order_release);
}

int64_t AudioInput::n_arrived() const {
  const int64_t head = head_.load(std::memory_order_acquire);
  // Read after the head: if the epoch is not there by now, all of these samples are of an older one.
  return epoch_is_seen() ? std::max<int64_t>(0, head - epoch_start_) : 0;
}

int64_t AudioInput::total_frames() const {
  return epoch_is_seen() ? total_frames_.load(std::memory_order_acquire) : -1;
}

void AudioInput::copy(int64_t first, size_t n, float* out) const {
  const size_t at = static_cast<size_t>(epoch_start_ + first) % ring_.size();
  const size_t n_first = std::min(n, ring_.size() - at);
  std::copy_n(ring_.data() + at, n_first, out);
  std::copy_n(ring_.data(), n - n_first, out + n_first);
}

void AudioInput::release(int64_t end) {
  if (epoch_is_seen()) tail_.store(epoch_start_ + end, std::memory_order_release);
}

void AudioInput::restart() {
  // Samples that are pushed between these lines by a push of the old epoch stay in the ring until release().
  tail_.store(head_.load(std::memory_order_acquire), std::memory_order_release);
  wanted_epoch_.store(++epoch_, std::memory_order_release);
}

int64_t AudioInput::free_samples() const {
  const int64_t tail = tail_.load(std::memory_order_relaxed);
  const int64_t waiting = std::min(n_arrived(), head_.load(std::memory_order_acquire) - tail);
  return static_cast<int64_t>(ring_.size()) - waiting;
}

void AudioInput::clear_counters() {
  n_overruns_.store(0, std::memory_order_relaxed);
  resampling_ns_.store(0, std::memory_order_relaxed);
}

int AudioInput::rate_hz() const {
  return epoch_is_seen() ? shown_rate_hz_.load(std::memory_order_relaxed) : 0;
}

void AudioInput::jump(int64_t seconds) {
  n_input_ += seconds * input_rate_hz_;
  epoch_start_ -= seconds * rate_hz_;
}

}  // namespace dt
