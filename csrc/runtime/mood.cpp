#include "runtime/mood.h"

#include <algorithm>

#include "common/error.h"

namespace dt {

Vector<float> style_of(const Model& model, const Mood& mood, const DialMood& dials) {
  if (mood.is_own) {
    throw Error(
        DT_INVALID_ARGUMENT,
        "the dials change the emotion, but the stream has a style of your own, which holds its emotion: "
        "change the style, and leave emotion_strength and emotions of the dials at their defaults");
  }
  const char* const identity = mood.has_identity ? mood.identity.c_str() : nullptr;
  const char* const emotion = mood.has_emotion ? mood.emotion.c_str() : nullptr;
  const double strength = std::min(2.0, mood.strength * dials.strength);
  if (dials.parts.empty() && strength == 1) return model.style(identity, emotion);
  std::vector<EmotionPart> parts;
  for (const auto& [name, weight] : dials.parts) parts.push_back({name.c_str(), weight});
  if (parts.empty() && emotion != nullptr) parts.push_back({emotion, 1});
  return model.mixed_style(identity, parts.data(), parts.size(), strength);
}

}  // namespace dt
