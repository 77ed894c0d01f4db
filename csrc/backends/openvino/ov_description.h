#pragma once

#include "core/backend_description.h"

namespace dt {

inline BackendDescription openvino_description() {
  BackendDescription d;
  d.name = "openvino";
  d.precisions = {"f32", "bf16"};
  d.default_precision = "f32";
  d.auto_rank = 2;
  d.as_fallback = "OpenVINO";
  d.remedy = "pip install \"openvino==" DT_OPENVINO_VERSION "\"";
  d.build_remedy =
      "in the source folder, DT_WITH_OPENVINO=ON pip install \".[openvino]\" builds and installs it";
  return d;
}

}  // namespace dt
