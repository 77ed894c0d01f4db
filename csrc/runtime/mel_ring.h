// Log-mel rows by absolute index; only those that windows still need are kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dt {

class MelRing {
 public:
  // silence: the row that stands for everything before row 0 and after the last one, [n_mels].
  explicit MelRing(std::vector<float> silence);

  // Makes room for so many rows in all, so that append does not allocate; never shrinks.
  void reserve(size_t n_rows);
  // Appends n_rows * n_mels floats.
  void append(const float* rows, size_t n_rows);
  // Forgets the rows before `row`.
  void drop_before(int64_t row);
  // Copies rows first .. first + n - 1 to out[n * n_mels]. None of them may be dropped.
  void copy(int64_t first, size_t n, float* out) const;
  // Forgets everything; the next row is row 0.
  void clear();

  // Rows appended since the start, dropped ones included.
  int64_t end() const { return end_; }
  size_t n_mels() const { return silence_.size(); }

 private:
  const float* row(int64_t index) const;

  std::vector<float> silence_;
  std::vector<float> rows_;  // capacity_ rows, row i at i % capacity_
  size_t capacity_ = 0;
  int64_t begin_ = 0, end_ = 0;
};

}  // namespace dt
