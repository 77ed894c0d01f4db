// dt/dials.h.
#include <algorithm>
#include <cmath>
#include <string>

#include "api/dial_arguments.h"
#include "api/structs.h"
#include "api/style_arguments.h"

namespace dt {
namespace {

constexpr float kMaxGain = 4, kMaxOffset = 1, kMaxLimit = 4;

dt_dials default_dials() {
  dt_dials d{};
  d.strength = d.upper_strength = d.lower_strength = 1;
  d.blink_rate = 1;
  d.head_amount = d.emotion_strength = 1;
  return d;
}

// [n_weights], or empty where there are none.
Vector<float> checked_channels(const MotionSpec& motion, const float* values, float low, float high,
                               const char* name) {
  if (values == nullptr) return {};
  Vector<float> out(values, values + motion.n_weights());
  for (size_t c = 0; c < out.size(); ++c) {
    if (out[c] >= low && out[c] <= high) continue;
    throw Error(DT_INVALID_ARGUMENT, std::string(name) + " of " + motion.channels[c] + " is " +
                                         std::to_string(out[c]) + ", expected " + std::to_string(low) +
                                         " to " + std::to_string(high));
  }
  return out;
}

void check_order(const MotionSpec& motion, const Dials& dials) {
  if (dials.channel_min.empty() || dials.channel_max.empty()) return;
  for (size_t c = 0; c < dials.channel_min.size(); ++c) {
    if (dials.channel_min[c] <= dials.channel_max[c]) continue;
    throw Error(DT_INVALID_ARGUMENT, "channel_min of " + motion.channels[c] + " is " +
                                         std::to_string(dials.channel_min[c]) + ", above its channel_max " +
                                         std::to_string(dials.channel_max[c]));
  }
}

// A motion whose channels are no blendshapes has no eyes, lips or jaw to be found.
void check_space(const MotionSpec& motion, const dt_dials& d) {
  if (motion.space == "blendshapes") return;
  const dt_dials plain = default_dials();
  const std::pair<const char*, bool> turned[] = {
      {"upper_strength", d.upper_strength != plain.upper_strength},
      {"lower_strength", d.lower_strength != plain.lower_strength},
      {"jaw_sharpness", d.jaw_sharpness != 0},
      {"lip_sharpness", d.lip_sharpness != 0},
      {"blink_rate", d.blink_rate != plain.blink_rate},
      {"gaze_side_deg", d.gaze_side_deg != 0},
      {"gaze_up_deg", d.gaze_up_deg != 0},
      {"gaze_hold", d.gaze_hold != 0},
      {"channel_gain", d.channel_gain != nullptr},
      {"channel_offset", d.channel_offset != nullptr},
      {"channel_min", d.channel_min != nullptr},
      {"channel_max", d.channel_max != nullptr},
  };
  for (const auto& [name, is_turned] : turned) {
    if (!is_turned) continue;
    throw Error(DT_INVALID_ARGUMENT, std::string("the dial ") + name +
                                         " is for blendshapes, and this model " + "gives " + motion.space +
                                         ": leave it at its default");
  }
}

}  // namespace

dt_dials read_dials(const dt_dials* given) { return read_options(given, default_dials(), "dials"); }

Dials checked_dials(const MotionSpec& motion, const dt_dials& d) {
  Dials out;
  out.strength = checked(d.strength, 0, 2, "strength");
  out.upper_strength = checked(d.upper_strength, 0, 2, "upper_strength");
  out.lower_strength = checked(d.lower_strength, 0, 2, "lower_strength");
  out.jaw_sharpness = checked(d.jaw_sharpness, 0, 1, "jaw_sharpness");
  out.lip_sharpness = checked(d.lip_sharpness, 0, 1, "lip_sharpness");
  out.blink_rate = checked(d.blink_rate, 0, 4, "blink_rate");
  out.gaze_side_deg = checked(d.gaze_side_deg, -35, 35, "gaze_side_deg");
  out.gaze_up_deg = checked(d.gaze_up_deg, -25, 25, "gaze_up_deg");
  out.gaze_hold = checked(d.gaze_hold, 0, 1, "gaze_hold");
  out.head_amount = checked(d.head_amount, 0, 2, "head_amount");
  out.smoothing_ms = static_cast<float>(checked(d.smoothing_ms, 0, 1000, "smoothing_ms"));
  checked(d.offset_ms, -500, 500, "offset_ms");
  check_space(motion, d);
  out.channel_gain = checked_channels(motion, d.channel_gain, 0, kMaxGain, "channel_gain");
  out.channel_offset = checked_channels(motion, d.channel_offset, -kMaxOffset, kMaxOffset, "channel_offset");
  out.channel_min = checked_channels(motion, d.channel_min, -kMaxLimit, kMaxLimit, "channel_min");
  out.channel_max = checked_channels(motion, d.channel_max, -kMaxLimit, kMaxLimit, "channel_max");
  check_order(motion, out);
  return out;
}

DialMood checked_mood(const dt_dials& d) {
  DialMood mood;
  mood.strength = checked(d.emotion_strength, 0, 2, "emotion_strength");
  checked(d.n_emotions, 0, static_cast<int32_t>(kMaxStyleParts), "n_emotions");
  for (const EmotionPart& part : checked_parts(d.emotions, static_cast<size_t>(d.n_emotions))) {
    mood.parts.emplace_back(part.emotion, part.weight);
  }
  return mood;
}

}  // namespace dt

extern "C" dt_status dt_dials_init(dt_dials* dials, size_t struct_size) {
  return dt::init_options(dials, struct_size, dt::default_dials(), "dials");
}
