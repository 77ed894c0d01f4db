#include "audio/resampler.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/error.h"

namespace dt {
namespace {

// Pushes are worked through in blocks of this many samples, so that an hour pushed at once needs no more
// memory than a second; used input is dropped in blocks too, so that pushing single samples stays cheap.
constexpr size_t kInputBlock = 256;

int checked_rate(int rate_hz) {
  if (rate_hz < 1000 || rate_hz > 768000) {
    throw Error(DT_INVALID_ARGUMENT, "the sample rate is " + std::to_string(rate_hz) +
                                         " Hz, expected 1000..768000; convert the audio first");
  }
  return rate_hz;
}

}  // namespace

std::shared_ptr<const ResamplerTable> make_resampler_table(int rate_in_hz, int rate_out_hz) {
  return make_hooked<ResamplerTable>(checked_rate(rate_in_hz), checked_rate(rate_out_hz));
}

Resampler::Resampler(int rate_in_hz, int rate_out_hz)
    : Resampler(make_resampler_table(rate_in_hz, rate_out_hz)) {}

Resampler::Resampler(std::shared_ptr<const ResamplerTable> table)
    : table_(std::move(table)), copies_(table_->copies()) {
  // Two blocks, as one may wait to be dropped, and what the filter spans; so that pushes never allocate.
  if (!copies_) buffer_.reserve(2 * kInputBlock + 4 * static_cast<size_t>(table_->half_length()));
  reset();
}

void Resampler::reset() {
  position_ = 0;
  phase_ = 0;
  if (copies_) return;
  // The first output looks half_length - 1 samples back, into silence.
  buffer_.assign(static_cast<size_t>(table_->half_length() - 1), 0.0f);
  base_ = -(table_->half_length() - 1);
}

void Resampler::push(const float* in, size_t n, Vector<float>& out) {
  if (copies_) {
    out.insert(out.end(), in, in + n);
    return;
  }
  for (size_t done = 0; done < n;) {
    const size_t block = std::min(n - done, kInputBlock);
    buffer_.insert(buffer_.end(), in + done, in + done + block);
    done += block;
    emit(base_ + static_cast<int64_t>(buffer_.size()), out);
    drop_used();
  }
}

void Resampler::flush(Vector<float>& out) {
  if (!copies_) {
    const int64_t n_in = base_ + static_cast<int64_t>(buffer_.size());
    buffer_.insert(buffer_.end(), static_cast<size_t>(table_->half_length()), 0.0f);
    emit(n_in, out);
  }
  reset();
}

// Emits the outputs at input times before end_in whose samples are all in the buffer.
void Resampler::emit(int64_t end_in, Vector<float>& out) {
  const int64_t half = table_->half_length();
  const int64_t end = std::min(end_in, base_ + static_cast<int64_t>(buffer_.size()) - half);
  while (position_ < end) {
    out.push_back(table_->apply(buffer_.data() + (position_ - half + 1 - base_), phase_));
    position_ += table_->step_whole();
    phase_ += table_->step_phase();
    if (phase_ >= table_->n_phases()) {
      phase_ -= table_->n_phases();
      ++position_;
    }
  }
}

void Resampler::drop_used() {
  const int64_t first_needed = position_ - table_->half_length() + 1;
  const int64_t n_used = std::min(first_needed - base_, static_cast<int64_t>(buffer_.size()));
  if (n_used < static_cast<int64_t>(kInputBlock)) return;
  buffer_.erase(buffer_.begin(), buffer_.begin() + n_used);
  base_ += n_used;
}

}  // namespace dt
