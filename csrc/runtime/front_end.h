// The consumer's half of the front end: samples of the input
// become the log-mel rows of one window after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "audio/log_mel.h"
#include "runtime/audio_input.h"

namespace dt {

// Keeps the rows of one window, contiguous, and no more audio than a row needs. Rows before 0 are silence, as
// are rows that no audio reaches into. One thread at a time.
class FrontEnd {
 public:
  // table: shared by the model's streams.  silence: the row of silence, [n_mels].  n_rows: of a window.
  // offset: samples of silence put before the audio; negative: so many are cut off.  max_lead: samples of the
  // offset that may count as audio that is there.
  FrontEnd(const std::shared_ptr<const LogMelTable>& table, const Vector<float>& silence, size_t n_rows,
           int64_t offset, int64_t max_lead);

  // Empty, the window begins with row `first_row` <= 0.
  void restart(int64_t first_row);
  // Rows that can be computed from the audio that arrived, before it is flushed.
  int64_t rows_ready(const AudioInput& input) const;
  // Completes the rows up to `end` that can be computed (any, once flushed), at most the end of the window;
  // releases the input's samples.
  void advance(AudioInput* input, int64_t end);
  // Moves the window so that it begins with row `first_row`.
  void move_to(int64_t first_row);

  const float* window() const { return rows_.data(); }  // [n_rows, n_mels]
  // Level of rows begin .. end - 1 of the window that is
  // complete: mean power, 1 for a full-scale square wave.
  double power(int64_t begin, int64_t end) const;
  int64_t bytes() const;
  // For tests of the clock: as if so many rows had passed, a whole number of seconds.
  void jump(int64_t n_rows);

 private:
  int64_t samples_for(int64_t n_rows) const;
  void feed(const float* samples, size_t n);

  LogMel log_mel_;
  const Vector<float>& silence_;
  const int64_t hop_length_, window_length_, offset_, lead_;
  const double power_scale_, floor_;
  size_t n_mels_, n_rows_;
  Vector<float> rows_;                // [n_rows_, n_mels_]
  int64_t first_row_ = 0, end_ = 0;   // rows_[0] is row first_row_; rows before end_ are complete
  int64_t fed_ = 0;                   // samples given to log_mel_, of the audio after the offset
  Vector<float> block_, fresh_rows_;  // scratch
};

}  // namespace dt
