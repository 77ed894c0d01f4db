// Checks of styles that come from outside.
#pragma once

#include <vector>

#include "dt/model.h"
#include "runtime/model.h"

namespace dt {

// A copy of d_identity floats. Throws DT_INVALID_ARGUMENT for NULL and values that are not finite.
Vector<float> checked_style(const Model& model, const float* style, const char* name);

constexpr size_t kMaxStyleParts = 1024;

// Parts of a mixture, whose weights are in range; names are checked by the model. Throws DT_INVALID_ARGUMENT.
std::vector<EmotionPart> checked_parts(const dt_emotion_part* parts, size_t n_parts);

}  // namespace dt
