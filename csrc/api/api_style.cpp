// dt/model.h: styles.
#include <algorithm>
#include <cmath>

#include "api/handles.h"
#include "api/structs.h"
#include "api/style_arguments.h"
#include "audio/downmix.h"
#include "audio/mix.h"
#include "audio/resampler.h"
#include "dt/dt.h"

namespace dt {

Vector<float> checked_style(const Model& model, const float* style, const char* name) {
  require(style, name);
  Vector<float> out(style, style + model.d_identity());
  for (const float value : out) {
    if (!std::isfinite(value)) {
      throw Error(DT_INVALID_ARGUMENT, std::string(name) + " holds a value that is not finite");
    }
  }
  return out;
}

std::vector<EmotionPart> checked_parts(const dt_emotion_part* parts, size_t n_parts) {
  if (n_parts > kMaxStyleParts) {
    throw Error(DT_INVALID_ARGUMENT, "n_parts is " + std::to_string(n_parts) + ", expected 0 to " +
                                         std::to_string(kMaxStyleParts));
  }
  if (n_parts > 0) require(parts, "parts");
  std::vector<EmotionPart> out;
  double total = 0;
  for (size_t i = 0; i < n_parts; ++i) {
    require(parts[i].emotion, "parts[].emotion");
    const std::string what = std::string("the weight of emotion \"") + parts[i].emotion + "\"";
    out.push_back({parts[i].emotion, checked(parts[i].weight, 0, 2, what.c_str())});
    total += parts[i].weight;
  }
  if (total > 2.0001) {  // weights are rounded
    throw Error(DT_INVALID_ARGUMENT,
                "the weights of the emotions are " + std::to_string(total) + " together, expected 2 at most");
  }
  return out;
}

}  // namespace dt

namespace {

void require_capacity(const dt::Model& model, const float* style, size_t capacity) {
  dt::require(style, "style");
  if (capacity < model.d_identity()) {
    throw dt::Error(DT_INVALID_ARGUMENT, "capacity is " + std::to_string(capacity) +
                                             ", a style of this model has " +
                                             std::to_string(model.d_identity()) + " numbers");
  }
}

// Mono at the model's rate.
dt::Vector<float> mono_at_model_rate(const dt::Model& model, const float* samples, size_t n_frames,
                                     int n_channels, int sample_rate_hz) {
  dt::check_audio_format(n_channels, sample_rate_hz);
  // A day of audio is not a reference; also keeps the products below from overflowing.
  if (n_frames / static_cast<size_t>(sample_rate_hz) > 86400) {
    throw dt::Error(DT_INVALID_ARGUMENT, "the reference speech is longer than a day");
  }
  if (n_frames > 0) dt::require(samples, "samples");
  dt::check_audio_finite(samples, n_frames, n_channels);
  dt::Vector<float> mono(n_frames), out;
  dt::Downmix().mix(samples, n_frames, n_channels, sample_rate_hz, mono.data());
  dt::Resampler resampler(model.resampler_table(sample_rate_hz));
  resampler.push(mono.data(), n_frames, out);
  resampler.flush(out);
  return out;
}

}  // namespace

extern "C" {

dt_status dt_model_get_style(const dt_model* model, const char* identity, const char* emotion, float* style,
                             size_t capacity) {
  return dt::guard([&] {
    const dt::UseModel use(model);
    require_capacity(*use.handle().impl, style, capacity);
    const dt::Vector<float> found = use->style(identity, emotion);
    std::copy(found.begin(), found.end(), style);
  });
}

dt_status dt_model_blend_styles(const dt_model* model, const dt_style_part* parts, size_t n_parts,
                                float* style, size_t capacity) {
  return dt::guard([&] {
    const dt::UseModel use(model);
    require_capacity(*use.handle().impl, style, capacity);
    dt::require(parts, "parts");
    if (n_parts < 1 || n_parts > dt::kMaxStyleParts) {
      throw dt::Error(DT_INVALID_ARGUMENT, "n_parts is " + std::to_string(n_parts) + ", expected 1 to " +
                                               std::to_string(dt::kMaxStyleParts));
    }
    double total = 0;
    dt::Vector<double> sum(use->d_identity());
    for (size_t i = 0; i < n_parts; ++i) {
      const float weight = parts[i].weight;
      if (!(weight >= 0 && std::isfinite(weight))) {
        throw dt::Error(DT_INVALID_ARGUMENT,
                        "the weight of part " + std::to_string(i) + " is negative or not finite");
      }
      const dt::Vector<float> part = dt::checked_style(*use.handle().impl, parts[i].style, "parts[].style");
      total += weight;
      for (size_t k = 0; k < part.size(); ++k) sum[k] += double{weight} * part[k];
    }
    if (!(total > 0))
      throw dt::Error(DT_INVALID_ARGUMENT, "the weights are all 0: give at least one part weight");
    for (size_t k = 0; k < sum.size(); ++k) style[k] = static_cast<float>(sum[k] / total);
  });
}

dt_status dt_model_mix_emotions(const dt_model* model, const char* identity, const dt_emotion_part* parts,
                                size_t n_parts, float strength, float* style, size_t capacity) {
  return dt::guard([&] {
    const dt::UseModel use(model);
    require_capacity(*use.handle().impl, style, capacity);
    const std::vector<dt::EmotionPart> mixed = dt::checked_parts(parts, n_parts);
    const dt::Vector<float> found =
        use->mixed_style(identity, mixed.data(), mixed.size(), dt::checked(strength, 0, 2, "strength"));
    std::copy(found.begin(), found.end(), style);
  });
}

dt_status dt_model_enroll(const dt_model* model, const float* samples, size_t n_frames, int32_t n_channels,
                          int32_t sample_rate_hz, const char* emotion, float* style, size_t capacity) {
  const dt_emotion_part part = {emotion, 1};
  return dt_model_enroll_emotions(model, samples, n_frames, n_channels, sample_rate_hz, &part,
                                  emotion == nullptr ? 0 : 1, 1, style, capacity);
}

dt_status dt_model_enroll_emotions(const dt_model* model, const float* samples, size_t n_frames,
                                   int32_t n_channels, int32_t sample_rate_hz, const dt_emotion_part* parts,
                                   size_t n_parts, float strength, float* style, size_t capacity) {
  return dt::guard([&] {
    const dt::UseModel use(model);
    require_capacity(*use.handle().impl, style, capacity);
    use->require_enrollment();
    const std::vector<dt::EmotionPart> mixed = dt::checked_parts(parts, n_parts);
    dt::checked(strength, 0, 2, "strength");
    const dt::Vector<float> found =
        use->enroll(mono_at_model_rate(*use.handle().impl, samples, n_frames, n_channels, sample_rate_hz),
                    mixed.data(), mixed.size(), strength);
    std::copy(found.begin(), found.end(), style);
  });
}

}  // extern "C"
