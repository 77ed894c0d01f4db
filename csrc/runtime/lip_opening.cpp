#include "runtime/lip_opening.h"

#include <algorithm>
#include <utility>

namespace dt {
namespace {

// Opening that a weight of 1 adds, measured on the built-in head with one channel at 0.5 each.
constexpr std::pair<const char*, float> kOpeningPerWeight[] = {
    {"jawOpen", 0.3351f},          {"mouthClose", -0.3420f},       {"mouthFunnel", 0.0784f},
    {"mouthPucker", -0.0316f},     {"mouthShrugLower", -0.0441f},  {"mouthShrugUpper", 0.0392f},
    {"mouthUpperUpLeft", 0.0280f}, {"mouthUpperUpRight", 0.0280f}, {"mouthLowerDownLeft", 0.0238f},
    {"mouthRollUpper", -0.0200f},  {"mouthRollLower", 0.0030f},    {"mouthLowerDownRight", 0.0238f},
    {"mouthPressLeft", -0.0056f},  {"mouthPressRight", -0.0056f},  {"mouthSmileLeft", -0.0130f},
    {"mouthSmileRight", -0.0130f}, {"mouthLeft", -0.0137f},        {"mouthRight", -0.0137f},
    {"jawForward", 0.0141f},       {"cheekPuff", -0.0096f},
};

}  // namespace

LipOpening::LipOpening(const std::vector<std::string>& channels) {
  bool has_jaw = false, has_close = false;
  opening_per_weight_.resize(channels.size());
  for (size_t c = 0; c < channels.size(); ++c) {
    for (const auto& [name, opening] : kOpeningPerWeight) {
      if (channels[c] == name) opening_per_weight_[c] = opening;
    }
    if (channels[c] == "jawOpen") jaw_ = c, has_jaw = true;
    if (channels[c] == "mouthClose") close_ = c, has_close = true;
  }
  known_ = has_jaw && has_close;
}

double LipOpening::operator()(const float* weights) const {
  double opening = kOpeningAtRest;
  for (size_t c = 0; c < opening_per_weight_.size(); ++c)
    opening += double{opening_per_weight_[c]} * weights[c];
  return opening;
}

float LipOpening::closure(const float* weights, double closed, double open) const {
  return static_cast<float>(smooth_step(std::clamp((open - (*this)(weights)) / (open - closed), 0.0, 1.0)));
}

// Moves one channel so that the lips open by so much, within its limits; returns what is left to do.
double LipOpening::move(float* weights, size_t channel, double by, const MotionSpec& motion) const {
  const double per_weight = opening_per_weight_[channel];
  const auto moved = static_cast<float>(weights[channel] + by / per_weight);
  const float held = std::clamp(moved, motion.min[channel], motion.max[channel]);
  const double done = per_weight * (double{held} - double{weights[channel]});
  weights[channel] = held;
  return by - done;
}

void LipOpening::open(float* weights, double by, const MotionSpec& motion) const {
  const double left = move(weights, jaw_, by, motion);
  move(weights, close_, left, motion);
}

}  // namespace dt
