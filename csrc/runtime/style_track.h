// The style of a stream over time, and what the networks need to know of it at each window.
#pragma once

#include <cstdint>
#include <memory>

#include "runtime/model.h"

namespace dt {

// One thread at a time.
class StyleTrack {
 public:
  StyleTrack(const Model& model, const Vector<float>& style);

  // From the window that starts with `frame` on, blended over n_frames. Allocates. What condition() gave
  // before stays valid and as it was until the next condition().
  void change(const Model& model, Vector<float> style, int64_t frame, int64_t n_frames);
  // The condition of the window that starts with `frame` and emits n_hop frames. Does not allocate itself.
  // Throws what the conditioner throws.
  const float* condition(const Model& model, int64_t frame, int64_t n_hop);
  // Forgets how far a blend is: the last style holds from the start.
  void settle() { blend_frames_ = 0; }
  // Memory that is not shared with other streams of the same style.
  int64_t bytes() const;

 private:
  double progress(int64_t frame, int64_t n_hop) const;
  void mix(double share);

  // used_: what the last condition() may still point to, while the networks run.
  std::shared_ptr<const Condition> target_, used_;
  Vector<float> from_, now_;  // [d_identity] style before the blend; style that own_ belongs to
  Vector<float> own_;         // condition within a blend; empty without one
  int64_t blend_begin_ = 0, blend_frames_ = 0;
};

}  // namespace dt
