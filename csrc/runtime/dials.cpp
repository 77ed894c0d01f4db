#include "runtime/dials.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "runtime/lip_opening.h"

namespace dt {
namespace {

constexpr float Dials::* kNumbers[] = {&Dials::strength,      &Dials::upper_strength, &Dials::lower_strength,
                                       &Dials::jaw_sharpness, &Dials::lip_sharpness,  &Dials::blink_rate,
                                       &Dials::gaze_side_deg, &Dials::gaze_up_deg,    &Dials::gaze_hold,
                                       &Dials::head_amount,   &Dials::smoothing_ms};
constexpr Vector<float> Dials::* kChannels[] = {&Dials::channel_gain, &Dials::channel_offset,
                                                &Dials::channel_min, &Dials::channel_max};

constexpr size_t kFirstChannel = std::size(kNumbers);

// Number i of those that a track moves: the plain ones, then the channels' in turn.
float& number(Dials* dials, size_t i) {
  if (i < kFirstChannel) return dials->*kNumbers[i];
  const size_t n = dials->channel_gain.size();
  return (dials->*kChannels[(i - kFirstChannel) / n])[(i - kFirstChannel) % n];
}

}  // namespace

bool Dials::is_neutral(const MotionSpec& motion) const {
  static const Dials neutral;
  for (auto number : kNumbers) {
    if (this->*number != neutral.*number) return false;
  }
  const auto all = [](const Vector<float>& values, auto&& is_default) {
    for (size_t c = 0; c < values.size(); ++c) {
      if (!is_default(values[c], c)) return false;
    }
    return true;
  };
  return all(channel_gain, [](float v, size_t) { return v == 1; }) &&
         all(channel_offset, [](float v, size_t) { return v == 0; }) &&
         all(channel_min, [&](float v, size_t c) { return v <= motion.min[c]; }) &&
         all(channel_max, [&](float v, size_t c) { return v >= motion.max[c]; });
}

int64_t Dials::bytes() const {
  int64_t bytes = 0;
  for (auto channel : kChannels) bytes += bytes_of(this->*channel);
  return bytes;
}

double blend_share(int64_t frame, int64_t begin, int64_t n_frames) {
  if (frame < begin) return 0;
  if (frame - begin >= n_frames) return 1;
  return smooth_step(static_cast<double>(frame - begin + 1) / static_cast<double>(n_frames + 1));
}

DialTrack::DialTrack(const MotionSpec& motion, Dials dials) : motion_(motion), now_(std::move(dials)) {
  if (now_.has_channels()) give_channels(&now_);
  target_ = now_;
}

// Defaults in place of what is not there, so that every number can move.
void DialTrack::give_channels(Dials* dials) const {
  const auto n = static_cast<size_t>(motion_.n_weights());
  const auto give = [n](Vector<float>* values, const std::vector<float>& from) {
    if (values->empty()) values->assign(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(n));
  };
  if (dials->channel_gain.empty()) dials->channel_gain.assign(n, 1.0f);
  if (dials->channel_offset.empty()) dials->channel_offset.assign(n, 0.0f);
  give(&dials->channel_min, motion_.min);
  give(&dials->channel_max, motion_.max);
}

size_t DialTrack::n_numbers() const {
  return kFirstChannel + std::size(kChannels) * now_.channel_gain.size();
}

void DialTrack::change(Dials dials, int64_t frame, int64_t n_frames) {
  if (dials.has_channels() || now_.has_channels()) {
    give_channels(&dials);
    give_channels(&now_);
    give_channels(&target_);
    for (Change& c : changes_) give_channels(&c.dials);
  }
  auto place = std::lower_bound(changes_.begin(), changes_.end(), frame,
                                [](const Change& c, int64_t f) { return c.frame < f; });
  if (place != changes_.end() && place->frame == frame) {
    *place = {frame, n_frames, std::move(dials)};
  } else {
    changes_.insert(place, {frame, n_frames, std::move(dials)});
  }
  ramps_.reserve(n_numbers());
}

float DialTrack::Ramp::at(int64_t frame) const {
  const double share = blend_share(frame, begin, n_frames);
  return share >= 1 ? to : static_cast<float>(from + (double{to} - from) * share);
}

// Every number that goes elsewhere now starts from where it was a frame before.
void DialTrack::begin(Change* change) {
  for (size_t i = 0; i < n_numbers(); ++i) {
    const float wanted = number(&change->dials, i);
    if (wanted == number(&target_, i)) continue;
    number(&target_, i) = wanted;
    const auto known =
        std::find_if(ramps_.begin(), ramps_.end(), [i](const Ramp& r) { return r.number == i; });
    const float from = known == ramps_.end() ? number(&now_, i) : known->at(change->frame - 1);
    const Ramp ramp{i, from, wanted, change->frame, change->n_frames};
    if (known == ramps_.end()) {
      ramps_.push_back(ramp);
    } else {
      *known = ramp;
    }
  }
}

const Dials& DialTrack::at(int64_t frame) {
  while (!changes_.empty() && frame >= changes_[0].frame) {
    begin(&changes_[0]);
    changes_.erase(changes_.begin());
  }
  for (const Ramp& r : ramps_) number(&now_, r.number) = r.at(frame);
  const auto is_there = [frame](const Ramp& r) { return frame >= r.begin && frame - r.begin >= r.n_frames; };
  ramps_.erase(std::remove_if(ramps_.begin(), ramps_.end(), is_there), ramps_.end());
  return now_;
}

void DialTrack::settle(int64_t frame) {
  for (const Change& c : changes_) {
    if (c.frame <= frame) target_ = c.dials;
  }
  changes_.clear();
  ramps_.clear();
  now_ = target_;
}

int64_t DialTrack::bytes() const {
  int64_t bytes = bytes_of(changes_) + bytes_of(ramps_) + now_.bytes() + target_.bytes();
  for (const Change& c : changes_) bytes += c.dials.bytes();
  return bytes;
}

}  // namespace dt
