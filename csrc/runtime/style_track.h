// The style of a stream over time, and what the networks need to know of it at each window.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "runtime/model.h"

namespace dt {

// Styles change at a frame, and windows hold many. So a window within which the style changes runs once with
// each of its styles, the passes; every frame is a mixture of theirs. One thread at a time.
class StyleTrack {
 public:
  StyleTrack(const Model& model, const Vector<float>& style);

  // From `frame` on, blended over n_frames. Allocates. A change of the same frame is replaced; changes of
  // later frames stay.
  void change(const Model& model, Vector<float> style, int64_t frame, int64_t n_frames);
  // Room for the plans of windows of n_hop frames, so that they do not allocate. After change().
  void reserve(size_t n_hop);
  // Plans the window that starts with `frame` and emits n_hop frames, at or after those planned before. What
  // a plan gave stays as it is until the next one.
  void plan(int64_t frame, size_t n_hop);
  // Of the window that was planned, 1 or more, each with its condition.
  size_t n_passes() const { return passes_.size(); }
  const float* condition(size_t pass) const { return passes_[pass]->values.data(); }
  // Share of a pass in frame i of the window; 1 in all.
  float share(size_t pass, size_t i) const;
  // The last style that `frame` reaches holds from the start; what was to come is dropped.
  void settle(int64_t frame);
  bool is_settled() const { return changes_.empty(); }
  // Memory that is not shared with other streams of the same style.
  int64_t bytes() const;

 private:
  using Shared = std::shared_ptr<const Condition>;
  struct Change {
    int64_t frame, n_frames;
    Shared from, to;  // from: what was reached at `frame`
  };
  // A frame between two passes.
  struct Place {
    size_t from, to;
    float share;  // of `to`
  };
  Shared reached(const Model& model, size_t n_changes, int64_t frame) const;
  size_t pass(const Shared& condition);

  Shared base_;  // before the first change
  Vector<Change> changes_;
  Vector<Shared> passes_;
  Vector<Place> places_;  // [n_hop] of the window that was planned; empty with one pass
};

}  // namespace dt
