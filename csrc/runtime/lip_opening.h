// How open the mouth of a frame of weights is, and how it is opened or closed a little.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/allocator.h"
#include "core/manifest.h"

namespace dt {

// Openings, in outer-canthal distances (of the outer eye corners). A seal is whole below the first of a pair
// and lets go at the second. That of dt_stream_options.smoothing_ms lies about CLOSED_LIP_OPENING of the
// head, that of the dials begins there.
constexpr double kSealedLips = 0.021, kOpenLips = 0.035;
constexpr double kClosedLips = 0.03, kPartedLips = 0.045;
constexpr double kOpeningAtRest = -0.0003;

// Linear fit of python/diffusiontalker/head (lip_opening) at small openings, from the channels' names.
class LipOpening {
 public:
  explicit LipOpening(const std::vector<std::string>& channels);
  bool is_known() const { return known_; }
  double operator()(const float* weights) const;
  // 1 for lips that are closed, 0 for open ones, in between it passes smoothly.
  float closure(const float* weights, double closed = kSealedLips, double open = kOpenLips) const;
  bool is_lip(size_t channel) const { return opening_per_weight_[channel] != 0; }
  // Opens the lips by so much, or closes them when it is negative: with the jaw, and with mouthClose what the
  // jaw's limits leave over. Only where is_known().
  void open(float* weights, double by, const MotionSpec& motion) const;
  int64_t bytes() const { return bytes_of(opening_per_weight_); }

 private:
  double move(float* weights, size_t channel, double by, const MotionSpec& motion) const;

  Vector<float> opening_per_weight_;  // [C], 0 for channels that do not move the lips
  size_t jaw_ = 0, close_ = 0;        // channels, where known
  bool known_ = false;
};

// s(u) = u^2 (3 - 2 u) for u in 0..1.
inline double smooth_step(double u) { return u * u * (3.0 - 2.0 * u); }

}  // namespace dt
