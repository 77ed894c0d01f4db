#pragma once

#include "core/backend_description.h"

namespace dt {

inline BackendDescription tensorrt_description() {
  BackendDescription d;
  d.name = "tensorrt";
  d.precisions = {"f32", "f16"};
  d.default_precision = "f16";
  d.auto_rank = 0;
  d.as_fallback = "the GPU";
  d.remedy = "it needs an NVIDIA GPU and a build with TensorRT, see docs/tensorrt.md";
  return d;
}

}  // namespace dt
