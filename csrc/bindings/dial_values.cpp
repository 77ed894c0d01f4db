#include "bindings/dial_values.h"

#include <pybind11/stl.h>

#include <utility>

namespace py = pybind11;

namespace {

using Number = std::pair<const char*, float dt_dials::*>;
constexpr std::array kNumbers = {
    Number{"strength", &dt_dials::strength},
    Number{"upper_strength", &dt_dials::upper_strength},
    Number{"lower_strength", &dt_dials::lower_strength},
    Number{"jaw_sharpness", &dt_dials::jaw_sharpness},
    Number{"lip_sharpness", &dt_dials::lip_sharpness},
    Number{"blink_rate", &dt_dials::blink_rate},
    Number{"gaze_side_deg", &dt_dials::gaze_side_deg},
    Number{"gaze_up_deg", &dt_dials::gaze_up_deg},
    Number{"gaze_hold", &dt_dials::gaze_hold},
    Number{"head_amount", &dt_dials::head_amount},
    Number{"emotion_strength", &dt_dials::emotion_strength},
};
using Whole = std::pair<const char*, int32_t dt_dials::*>;
constexpr std::array kWholes = {Whole{"smoothing_ms", &dt_dials::smoothing_ms},
                                Whole{"offset_ms", &dt_dials::offset_ms}};
using Channels = std::pair<const char*, const float* dt_dials::*>;
constexpr std::array kChannels = {
    Channels{"channel_gain", &dt_dials::channel_gain}, Channels{"channel_offset", &dt_dials::channel_offset},
    Channels{"channel_min", &dt_dials::channel_min}, Channels{"channel_max", &dt_dials::channel_max}};

}  // namespace

DialValues::DialValues(const py::dict& values, int n_channels) {
  dt_dials_default(&dials_);
  for (const auto& [key, value] : values) {
    const auto name = key.cast<std::string>();
    if (value.is_none()) continue;
    if (name == "emotions") {
      set_emotions(value);
    } else if (!set_number(name, value) && !set_channels(name, value, n_channels)) {
      throw py::type_error("there is no dial " + name);
    }
  }
}

bool DialValues::set_number(const std::string& name, const py::handle& value) {
  for (const auto& [known, member] : kNumbers) {
    if (name == known) dials_.*member = value.cast<float>();
    if (name == known) return true;
  }
  for (const auto& [known, member] : kWholes) {
    if (name == known) dials_.*member = value.cast<int32_t>();
    if (name == known) return true;
  }
  return false;
}

bool DialValues::set_channels(const std::string& name, const py::handle& value, int n_channels) {
  for (size_t i = 0; i < kChannels.size(); ++i) {
    if (name != kChannels[i].first) continue;
    channels_[i] = value.cast<FloatArray>();
    if (channels_[i].ndim() != 1 || channels_[i].size() != n_channels) {
      throw py::value_error(name + " must be an array [" + std::to_string(n_channels) + "]");
    }
    dials_.*kChannels[i].second = channels_[i].data();
    return true;
  }
  return false;
}

void DialValues::set_emotions(const py::handle& value) {
  const auto pairs = value.cast<std::vector<std::pair<std::string, float>>>();
  names_.reserve(pairs.size());
  for (const auto& [name, weight] : pairs) {
    names_.push_back(name);
    parts_.push_back({names_.back().c_str(), weight});
  }
  dials_.emotions = parts_.data();
  dials_.n_emotions = static_cast<int32_t>(parts_.size());
}
