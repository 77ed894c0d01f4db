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

AudioInput::AudioInput(const InputLimits& limits, int rate_hz, int fps_num, int fps_den, TableOf table_of,
                       int prepared_rate_hz)
    : limits_(limits),
      rate_hz_(rate_hz),
      fps_num_(fps_num),
      fps_den_(fps_den),
      table_of_(std::move(table_of)),
      ring_(limits.reserved, limits.most) {
  mono_.resize(kBlock);
  bytes_ = bytes_of(mono_);
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
  n_input_ = lead_frames_ = 0;
  closed_ = false;
  epoch_start_ = ring_.head();
  total_frames_.store(-1, std::memory_order_relaxed);
  pushed_frames_.store(0, std::memory_order_relaxed);
  shown_rate_hz_.store(0, std::memory_order_relaxed);
  seen_epoch_.store(wanted, std::memory_order_release);
}

// What every call of the producer begins with.
void AudioInput::begin(int64_t utterance) {
  begin_epoch();
  const auto at_hand = static_cast<int64_t>(seen_epoch_.load(std::memory_order_relaxed));
  if (utterance != kAnyUtterance && utterance < at_hand) {
    throw Error(DT_STALE, "utterance " + std::to_string(utterance) + " is over, utterance " +
                              std::to_string(at_hand) +
                              " is at hand: the audio is dropped, push no more of it");
  }
  if (utterance > at_hand) {
    throw Error(DT_INVALID_ARGUMENT, "there is no utterance " + std::to_string(utterance) +
                                         " yet: utterance " + std::to_string(at_hand) + " is at hand");
  }
  if (closed_) throw Error(DT_CLOSED, "the stream was flushed: reset or interrupt it before it takes more");
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
    bytes_.store(bytes_of(mono_) + bytes_of(resampled_) + resampler_->bytes(), std::memory_order_relaxed);
  }
  input_rate_hz_ = sample_rate_hz;
  shown_rate_hz_.store(sample_rate_hz, std::memory_order_relaxed);
}

// Room for n_samples of this epoch in all, at the model's rate.
void AudioInput::make_room(int64_t n_samples) {
  // What an older epoch left in the ring counts as free: nobody will read it.
  const int64_t first = std::max(ring_.tail(), epoch_start_);
  if (n_samples >= 0 && ring_.reserve(first, epoch_start_ + n_samples)) return;
  n_overruns_.fetch_add(1, std::memory_order_relaxed);
  const bool grows = limits_.grow_to_ms > limits_.max_buffered_ms;
  const std::string limit = grows ? std::to_string(limits_.grow_to_ms) + " ms, to which the buffer may grow,"
                                  : "max_buffered_ms = " + std::to_string(limits_.max_buffered_ms);
  throw Error(DT_BUFFER_FULL,
              "more than " + limit + " of audio would wait: pull frames and push again, in shorter chunks");
}

void AudioInput::push(const float* samples, size_t n_frames, int n_channels, int sample_rate_hz,
                      int64_t utterance) {
  const Turn turn(this);
  begin(utterance);
  check_audio_format(n_channels, sample_rate_hz);
  if (input_rate_hz_ != 0 && sample_rate_hz != input_rate_hz_) {
    throw Error(DT_INVALID_ARGUMENT, "the sample rate is " + std::to_string(sample_rate_hz) +
                                         " Hz, the stream began with " + std::to_string(input_rate_hz_) +
                                         ": reset it or create another stream");
  }
  if (n_frames == 0) return;
  // All that these samples will ever give, so that a flush finds room too; it does not depend on how the
  // audio was cut.
  constexpr uint64_t kHuge = uint64_t{1} << 40;  // keeps the sum away from overflow
  const uint64_t n_given = n_frames;
  make_room(n_given >= kHuge
                ? -1
                : samples_at(lead_frames_, rate_hz_) +
                      scale_up(n_input_ + static_cast<int64_t>(n_frames), rate_hz_, sample_rate_hz));
  check_audio_finite(samples, n_frames, n_channels);
  const int64_t start_ns = now_ns();
  if (input_rate_hz_ == 0) set_rate(sample_rate_hz);
  resample(samples, n_frames, n_channels);
  resampling_ns_.fetch_add(now_ns() - start_ns, std::memory_order_relaxed);
}

// samples: null for silence.
void AudioInput::resample(const float* samples, size_t n_frames, int n_channels) {
  const size_t block = std::clamp<size_t>(
      kBlock * static_cast<size_t>(input_rate_hz_) / static_cast<size_t>(rate_hz_), 1, kBlock);
  if (samples == nullptr) std::fill(mono_.begin(), mono_.end(), 0.0f);
  for (size_t done = 0; done < n_frames;) {
    const size_t n = std::min(block, n_frames - done);
    if (samples != nullptr)
      downmix_.mix(samples + done * static_cast<size_t>(n_channels), n, n_channels, input_rate_hz_,
                   mono_.data());
    resampled_.clear();
    resampler_->push(mono_.data(), n, resampled_);
    ring_.write(resampled_.data(), resampled_.size());
    done += n;
  }
  n_input_ += static_cast<int64_t>(n_frames);
  // A sample after idle() may lie less than one sample before its frame.
  pushed_frames_.store(lead_frames_ + scale_down(n_input_ + 1, fps_num_, int64_t{input_rate_hz_} * fps_den_),
                       std::memory_order_relaxed);
}

// Samples before the beginning of the frame, rounded down: the audio after them lasts for the frames before.
int64_t AudioInput::samples_at(int64_t frame, int rate_hz) const {
  return scale_down(frame, int64_t{rate_hz} * fps_den_, fps_num_);
}

// Frames that have audio of the input, the last one perhaps in part. The input has a rate.
int64_t AudioInput::input_frames() const {
  return scale_up(n_input_, fps_num_, int64_t{input_rate_hz_} * fps_den_);
}

void AudioInput::idle(int64_t n_frames) {
  const Turn turn(this);
  begin(kAnyUtterance);
  constexpr int64_t kHuge = int64_t{1} << 40;
  if (n_frames > kHuge) make_room(-1);
  if (input_rate_hz_ == 0) {  // as if the audio began later; any rate may come
    const int64_t at = samples_at(lead_frames_, rate_hz_),
                  end = samples_at(lead_frames_ + n_frames, rate_hz_);
    make_room(end);
    write_silence(end - at);
    lead_frames_ += n_frames;
    pushed_frames_.store(lead_frames_, std::memory_order_relaxed);
    return;
  }
  const int64_t frame = input_frames() + n_frames;
  const int64_t end = std::max(n_input_, samples_at(frame, input_rate_hz_));
  make_room(samples_at(lead_frames_, rate_hz_) + scale_up(end, rate_hz_, input_rate_hz_));
  resample(nullptr, static_cast<size_t>(end - n_input_), 1);
}

void AudioInput::flush(int64_t utterance) {
  const Turn turn(this);
  begin(utterance);
  if (input_rate_hz_ != 0) {
    resampled_.clear();
    resampler_->flush(resampled_);
    ring_.write(resampled_.data(), resampled_.size());
  }
  closed_ = true;
  const int64_t n_frames = lead_frames_ + (input_rate_hz_ == 0 ? 0 : input_frames());
  pushed_frames_.store(n_frames, std::memory_order_relaxed);
  total_frames_.store(n_frames, std::memory_order_release);
}

void AudioInput::write_silence(int64_t n_samples) {
  std::fill(mono_.begin(), mono_.end(), 0.0f);
  for (; n_samples > 0; n_samples -= static_cast<int64_t>(kBlock))
    ring_.write(mono_.data(), std::min(kBlock, static_cast<size_t>(n_samples)));
}

int64_t AudioInput::n_arrived() const {
  const int64_t head = ring_.end();
  // Read after the head: if the epoch is not there by now, all of these samples are of an older one.
  return epoch_is_seen() ? std::max<int64_t>(0, head - epoch_start_) : 0;
}

int64_t AudioInput::total_frames() const {
  return epoch_is_seen() ? total_frames_.load(std::memory_order_acquire) : -1;
}

void AudioInput::copy(int64_t first, size_t n, float* out) const { ring_.copy(epoch_start_ + first, n, out); }

void AudioInput::release(int64_t end) {
  if (epoch_is_seen()) ring_.release(epoch_start_ + end);
}

void AudioInput::restart() {
  // Samples that are pushed between these lines by a push of the old epoch stay in the ring until release().
  ring_.release(ring_.end());
  wanted_epoch_.store(++epoch_, std::memory_order_release);
}

int64_t AudioInput::pushed_frames() const {
  return epoch_is_seen() ? pushed_frames_.load(std::memory_order_relaxed) : 0;
}

int64_t AudioInput::free_samples() const {
  const int64_t waiting = std::min(n_arrived(), ring_.end() - ring_.tail());
  return ring_.limit() - waiting;
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
