#include "runtime/mel_ring.h"

#include <algorithm>
#include <utility>

namespace dt {

MelRing::MelRing(std::vector<float> silence) : silence_(std::move(silence)) {}

const float* MelRing::row(int64_t index) const {
  return rows_.data() + static_cast<size_t>(index) % capacity_ * n_mels();
}

void MelRing::reserve(size_t n_rows) {
  if (n_rows <= capacity_) return;
  const size_t wanted = std::max(n_rows, 2 * capacity_);
  std::vector<float> grown(wanted * n_mels());
  for (int64_t i = begin_; i < end_; ++i) {
    std::copy_n(row(i), n_mels(), grown.data() + static_cast<size_t>(i) % wanted * n_mels());
  }
  rows_ = std::move(grown);
  capacity_ = wanted;
}

void MelRing::append(const float* rows, size_t n_rows) {
  reserve(static_cast<size_t>(end_ - begin_) + n_rows);
  for (size_t i = 0; i < n_rows; ++i, ++end_) {
    std::copy_n(rows + i * n_mels(), n_mels(),
                rows_.data() + static_cast<size_t>(end_) % capacity_ * n_mels());
  }
}

void MelRing::drop_before(int64_t row) { begin_ = std::max(begin_, std::min(row, end_)); }

void MelRing::copy(int64_t first, size_t n, float* out) const {
  for (int64_t i = first; i < first + static_cast<int64_t>(n); ++i, out += n_mels()) {
    std::copy_n(i < begin_ || i >= end_ ? silence_.data() : row(i), n_mels(), out);
  }
}

void MelRing::clear() { begin_ = end_ = 0; }

}  // namespace dt
