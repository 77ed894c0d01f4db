#include "runtime/front_end.h"

#include <algorithm>
#include <cmath>

namespace dt {
namespace {

constexpr size_t kRowBlock = 256;  // samples of one piece of work

// Mean power per mel energy: with the Hann window w, sum_b P[b] = n_fft / 2 * sum_i (x[i] w[i])^2 for b up to
// n_fft / 2, sum_i w[i]^2 = 3/8 window_length, and the triangular filters add up to 1 between their centres.
double power_scale(const MelSpec& s) { return 1.0 / (0.5 * s.n_fft * 0.375 * s.window_length); }

}  // namespace

FrontEnd::FrontEnd(const std::shared_ptr<const LogMelTable>& table, const Vector<float>& silence,
                   size_t n_rows, int64_t offset, int64_t max_lead)
    : log_mel_(table),
      silence_(silence),
      hop_length_(table->spec().hop_length),
      window_length_(table->spec().window_length),
      offset_(offset),
      lead_(std::min(offset, max_lead)),
      power_scale_(power_scale(table->spec())),
      floor_(table->spec().log_floor),
      n_mels_(static_cast<size_t>(table->spec().n_mels)),
      n_rows_(n_rows),
      rows_(n_rows * n_mels_),
      block_(kRowBlock) {
  fresh_rows_.reserve((kRowBlock / static_cast<size_t>(table->spec().hop_length) + 2) * n_mels_);
}

void FrontEnd::restart(int64_t first_row) {
  log_mel_.reset();
  first_row_ = first_row;
  end_ = fed_ = 0;
  for (size_t i = 0; i < n_rows_; ++i) std::copy_n(silence_.data(), n_mels_, rows_.data() + i * n_mels_);
}

// The last of n rows is centred on sample (n - 1) * hop_length and reaches half a window further.
int64_t FrontEnd::samples_for(int64_t n_rows) const {
  return n_rows <= 0 ? 0 : (n_rows - 1) * hop_length_ + window_length_ - window_length_ / 2;
}

int64_t FrontEnd::rows_ready(const AudioInput& input) const {
  const int64_t arrived = input.n_arrived();
  const int64_t first = samples_for(1), n = arrived + lead_;
  return arrived == 0 || n < first ? 0 : (n - first) / hop_length_ + 1;
}

void FrontEnd::feed(const float* samples, size_t n) {
  fresh_rows_.clear();
  log_mel_.push(samples, n, fresh_rows_);
  const size_t n_fresh = fresh_rows_.size() / n_mels_;
  for (size_t i = 0; i < n_fresh; ++i, ++end_) {
    const int64_t at = end_ - first_row_;
    if (at < 0) continue;
    std::copy_n(fresh_rows_.data() + i * n_mels_, n_mels_, rows_.data() + static_cast<size_t>(at) * n_mels_);
  }
  fed_ += static_cast<int64_t>(n);
}

void FrontEnd::advance(AudioInput* input, int64_t end) {
  const bool is_whole = input->total_frames() >= 0;
  const int64_t audio_end = input->n_arrived() + offset_;
  int64_t needed = samples_for(std::min(end, first_row_ + static_cast<int64_t>(n_rows_)));
  if (fed_ == 0 && offset_ < 0) input->release(std::min(input->n_arrived(), -offset_));
  // One window of silence completes the last rows that audio reaches into; after them every row is silence.
  if (is_whole) needed = std::min(needed, audio_end + window_length_);
  while (fed_ < needed) {
    auto n = std::min<int64_t>(needed - fed_, kRowBlock);
    if (fed_ >= offset_ && fed_ < audio_end) {
      n = std::min(n, audio_end - fed_);
      input->copy(fed_ - offset_, static_cast<size_t>(n), block_.data());
    } else {
      if (fed_ < offset_) n = std::min(n, offset_ - fed_);
      std::fill_n(block_.data(), n, 0.0f);
    }
    feed(block_.data(), static_cast<size_t>(n));
    input->release(std::max<int64_t>(0, std::min(fed_, audio_end) - offset_));
  }
}

void FrontEnd::move_to(int64_t first_row) {
  const auto shift = static_cast<size_t>(std::max<int64_t>(0, first_row - first_row_));
  const size_t kept = shift < n_rows_ ? n_rows_ - shift : 0;
  std::copy(rows_.end() - static_cast<std::ptrdiff_t>(kept * n_mels_), rows_.end(), rows_.begin());
  for (size_t i = kept; i < n_rows_; ++i) std::copy_n(silence_.data(), n_mels_, rows_.data() + i * n_mels_);
  first_row_ = first_row;
}

double FrontEnd::power(int64_t begin, int64_t end) const {
  begin = std::max(begin, first_row_);
  end = std::min(end, first_row_ + static_cast<int64_t>(n_rows_));
  double loudest = 0;
  for (int64_t row = begin; row < end; ++row) {
    const float* mel = rows_.data() + static_cast<size_t>(row - first_row_) * n_mels_;
    double sum = 0;
    for (size_t i = 0; i < n_mels_; ++i) sum += std::max(0.0, std::exp(double{mel[i]}) - floor_);
    loudest = std::max(loudest, sum * power_scale_);
  }
  return loudest;
}

int64_t FrontEnd::bytes() const {
  return log_mel_.bytes() + bytes_of(rows_) + bytes_of(block_) + bytes_of(fresh_rows_);
}

void FrontEnd::jump(int64_t n_rows) {
  first_row_ += n_rows;
  end_ += n_rows;
  fed_ += n_rows * hop_length_;
}

}  // namespace dt
