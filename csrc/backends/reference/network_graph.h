// A network of a bundle as a graph, with the inputs and the output that the format says.
#pragma once

#include <string>
#include <vector>

#include "backends/reference/onnx_graph.h"

namespace dt {

// Inputs and the one output of each network (docs/bundle-format.md, "Networks").
struct NetworkForm {
  std::vector<std::string> inputs;
  std::string output;
};
inline const NetworkForm& audio_encoder_form() {
  static const NetworkForm form{{"mel"}, "audio"};
  return form;
}
inline const NetworkForm& conditioner_form() {
  static const NetworkForm form{{"style", "t"}, "condition"};
  return form;
}
inline const NetworkForm& denoiser_form() {
  static const NetworkForm form{{"x_t", "known", "audio", "condition"}, "x0"};
  return form;
}
inline const NetworkForm& style_encoder_form() {
  static const NetworkForm form{{"mel"}, "styles"};
  return form;
}

// weights: kOutline for OnnxGraph::outline(), which is fast. Throws DT_BAD_BUNDLE that begins with `file`.
OnnxGraph load_network(const std::string& onnx, const std::string& file, const NetworkForm& form,
                       reference::Weights weights);

}  // namespace dt
