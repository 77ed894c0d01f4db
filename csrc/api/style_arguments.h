// Checks of styles that come from outside.
#pragma once

#include "runtime/model.h"

namespace dt {

// A copy of d_identity floats. Throws DT_INVALID_ARGUMENT for NULL and values that are not finite.
Vector<float> checked_style(const Model& model, const float* style, const char* name);

}  // namespace dt
