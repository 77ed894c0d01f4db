#include "runtime/look_axes.h"

#include <algorithm>

namespace dt {

LookAxes::LookAxes(const MotionSpec& motion)
    : motion_(motion),
      axes_{{{axis("eyeLookOutLeft", kLookSideDegrees, "eyeLookInLeft", kLookSideDegrees),
              axis("eyeLookInRight", kLookSideDegrees, "eyeLookOutRight", kLookSideDegrees)},
             {axis("eyeLookUpLeft", kLookUpDegrees, "eyeLookDownLeft", kLookDownDegrees),
              axis("eyeLookUpRight", kLookUpDegrees, "eyeLookDownRight", kLookDownDegrees)}}} {}

LookAxes::Axis LookAxes::axis(const char* plus, double plus_deg, const char* minus, double minus_deg) const {
  const auto& names = motion_.channels;
  const auto p = std::find(names.begin(), names.end(), plus),
             m = std::find(names.begin(), names.end(), minus);
  if (p == names.end() || m == names.end()) return {};
  return {static_cast<uint32_t>(p - names.begin()), static_cast<uint32_t>(m - names.begin()),
          static_cast<float>(plus_deg), static_cast<float>(minus_deg)};
}

double LookAxes::degrees(const float* frame, Direction direction, size_t eye) const {
  const Axis& a = axes_[direction][eye];
  return a.plus_deg == 0 ? 0 : double{frame[a.plus]} * a.plus_deg - double{frame[a.minus]} * a.minus_deg;
}

void LookAxes::turn(float* frame, Direction direction, double degrees) const {
  for (size_t eye = 0; eye < axes_[direction].size(); ++eye) turn(frame, direction, eye, degrees);
}

// First by less of the channel that looks the other way, then by more of the one that looks there.
void LookAxes::turn(float* frame, Direction direction, size_t eye, double degrees) const {
  const Axis& axis = axes_[direction][eye];
  if (degrees == 0 || axis.plus_deg == 0) return;
  const bool is_plus = degrees > 0;
  const size_t less = is_plus ? axis.minus : axis.plus, more = is_plus ? axis.plus : axis.minus;
  const double less_deg = is_plus ? axis.minus_deg : axis.plus_deg;
  const double more_deg = is_plus ? axis.plus_deg : axis.minus_deg;
  double left = is_plus ? degrees : -degrees;
  const double away = std::max(0.0, double{frame[less]} - motion_.min[less]) * less_deg;
  const double taken = std::min(away, left);
  if (taken > 0) {
    frame[less] = std::max(motion_.min[less], static_cast<float>(frame[less] - taken / less_deg));
    left -= taken;
  }
  if (left > 0) frame[more] = std::min(motion_.max[more], static_cast<float>(frame[more] + left / more_deg));
}

}  // namespace dt
