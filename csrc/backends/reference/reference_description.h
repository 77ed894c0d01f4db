#pragma once

#include "core/backend_description.h"

namespace dt {

inline BackendDescription reference_description() {
  BackendDescription d;
  d.name = "reference";
  d.precisions = {"f32"};
  d.default_precision = "f32";
  d.auto_rank = 3;
  d.as_fallback = "the slow reference backend";
  return d;
}

}  // namespace dt
