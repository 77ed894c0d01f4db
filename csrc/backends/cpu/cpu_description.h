#pragma once

#include "core/backend_description.h"

namespace dt {

inline BackendDescription cpu_description() {
  BackendDescription d;
  d.name = "cpu";
  d.precisions = {"f32", "bf16"};  // bf16: on processors that compute in it
  d.default_precision = "f32";
  d.auto_rank = 1;
  d.as_fallback = "the CPU";
  return d;
}

}  // namespace dt
