#include "audio/log_mel.h"

#include <algorithm>
#include <utility>

namespace dt {
namespace {

// Used audio is dropped, and long pushes are worked through, in blocks of about this many samples.
constexpr size_t kBlock = 256;

}  // namespace

LogMel::LogMel(std::shared_ptr<const LogMelTable> table)
    : table_(std::move(table)), scratch_(table_->scratch_size()) {
  // A block may wait to be dropped while another one comes in, so that pushes never allocate.
  buffer_.reserve(2 * kBlock + 2 * static_cast<size_t>(table_->spec().window_length));
  reset();
}

void LogMel::reset() {
  buffer_.assign(static_cast<size_t>(table_->spec().window_length / 2),
                 0.0f);  // the first window starts in silence
  begin_ = 0;
  n_samples_ = 0;
  n_rows_ = 0;
}

void LogMel::push(const float* samples, size_t n, Vector<float>& mel) {
  for (size_t done = 0; done < n;) {
    const size_t block = std::min(n - done, kBlock);
    buffer_.insert(buffer_.end(), samples + done, samples + done + block);
    done += block;
    n_samples_ += static_cast<int64_t>(block);
    emit_ready(mel);
  }
}

void LogMel::flush(Vector<float>& mel) {
  // Just enough silence for the last row whose centre lies inside the signal, and not for the one after it.
  const MelSpec& spec = table_->spec();
  const int64_t n_rows = (n_samples_ + spec.hop_length - 1) / spec.hop_length;
  if (n_rows > n_rows_) {
    const size_t needed =
        begin_ + static_cast<size_t>((n_rows - 1 - n_rows_) * spec.hop_length + spec.window_length);
    buffer_.resize(needed, 0.0f);
    emit_ready(mel);
  }
  reset();
}

void LogMel::emit_ready(Vector<float>& mel) {
  const MelSpec& spec = table_->spec();
  while (begin_ + static_cast<size_t>(spec.window_length) <= buffer_.size()) {
    mel.resize(mel.size() + static_cast<size_t>(spec.n_mels));
    table_->row(buffer_.data() + begin_, scratch_.data(), mel.data() + mel.size() - spec.n_mels);
    begin_ += static_cast<size_t>(spec.hop_length);
    ++n_rows_;
  }
  if (begin_ < kBlock) return;
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
  begin_ = 0;
}

}  // namespace dt
