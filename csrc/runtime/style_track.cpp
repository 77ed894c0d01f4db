#include "runtime/style_track.h"

#include <algorithm>
#include <utility>

#include "runtime/dials.h"

namespace dt {

StyleTrack::StyleTrack(const Model& model, const Vector<float>& style) : base_(model.condition(style)) {
  passes_.push_back(base_);
}

// What the first n_changes have led to at `frame`.
StyleTrack::Shared StyleTrack::reached(const Model& model, size_t n_changes, int64_t frame) const {
  if (n_changes == 0) return base_;
  const Change& last = changes_[n_changes - 1];
  const double share = blend_share(frame, last.frame, last.n_frames);
  if (share >= 1) return last.to;
  Vector<float> style = last.from->style;
  for (size_t i = 0; i < style.size(); ++i) {
    style[i] = static_cast<float>(style[i] + (double{last.to->style[i]} - style[i]) * share);
  }
  return model.condition(style);
}

void StyleTrack::change(const Model& model, Vector<float> style, int64_t frame, int64_t n_frames) {
  const Shared to = model.condition(style);
  Vector<Change> changed = changes_;  // whole or not at all: the conditioner may fail
  const auto before = [](const Change& c, int64_t f) { return c.frame < f; };
  const auto place = std::lower_bound(changed.begin(), changed.end(), frame, before);
  const auto i = static_cast<size_t>(place - changed.begin());
  if (place != changed.end() && place->frame == frame) {
    *place = {frame, n_frames, place->from, to};
  } else {
    changed.insert(place, {frame, n_frames, reached(model, i, frame - 1), to});
  }
  changes_.swap(changed);
  for (size_t k = i + 1; k < changes_.size(); ++k) {
    changes_[k].from = reached(model, k, changes_[k].frame - 1);
  }
}

void StyleTrack::reserve(size_t n_hop) {
  passes_.reserve(2 * changes_.size() + 1);
  places_.reserve(n_hop);
}

// The number of the pass with this condition.
size_t StyleTrack::pass(const Shared& condition) {
  const auto known = std::find(passes_.begin(), passes_.end(), condition);
  if (known != passes_.end()) return static_cast<size_t>(known - passes_.begin());
  passes_.push_back(condition);
  return passes_.size() - 1;
}

void StyleTrack::plan(int64_t frame, size_t n_hop) {
  passes_.clear();
  while (!changes_.empty()) {
    const Change& c = changes_[0];
    const bool is_followed = changes_.size() > 1 && changes_[1].frame <= frame;
    if (!is_followed && blend_share(frame, c.frame, c.n_frames) < 1) break;
    base_ = c.to;
    changes_.erase(changes_.begin());
  }
  const int64_t end = frame + static_cast<int64_t>(n_hop);
  if (changes_.empty() || changes_[0].frame >= end) {
    if (changes_.empty()) places_ = Vector<Place>();
    places_.clear();
    passes_.push_back(base_);
    return;
  }
  places_.clear();
  size_t n_begun = 0;  // changes
  for (int64_t f = frame; f < end; ++f) {
    while (n_begun < changes_.size() && changes_[n_begun].frame <= f) ++n_begun;
    if (n_begun == 0) {
      const size_t only = pass(base_);
      places_.push_back({only, only, 0});
      continue;
    }
    const Change& c = changes_[n_begun - 1];
    const auto share = static_cast<float>(blend_share(f, c.frame, c.n_frames));
    const size_t to = pass(c.to);
    places_.push_back({share < 1 ? pass(c.from) : to, to, share});
  }
  if (passes_.size() == 1) places_.clear();
}

float StyleTrack::share(size_t pass, size_t i) const {
  if (places_.empty()) return 1;
  const Place& p = places_[i];
  if (p.from == p.to) return pass == p.to ? 1.0f : 0.0f;
  return pass == p.to ? p.share : (pass == p.from ? 1 - p.share : 0.0f);
}

void StyleTrack::settle(int64_t frame) {
  for (const Change& c : changes_) {
    if (c.frame <= frame) base_ = c.to;
  }
  changes_.clear();
}

int64_t StyleTrack::bytes() const {
  const long own = base_.use_count() - std::count(passes_.begin(), passes_.end(), base_);
  const bool shared = own > 1;
  return bytes_of(changes_) + bytes_of(passes_) + bytes_of(places_) +
         (shared ? 0 : bytes_of(base_->values) + bytes_of(base_->style));
}

}  // namespace dt
