#include "backends/reference/network_graph.h"

#include <algorithm>

#include "common/error.h"

namespace dt {

OnnxGraph load_network(const std::string& onnx, const std::string& file, const NetworkForm& form,
                       reference::Weights weights) {
  try {
    const auto* const data = reinterpret_cast<const uint8_t*>(onnx.data());
    OnnxGraph graph = weights == reference::Weights::kRead ? OnnxGraph::load(data, onnx.size())
                                                           : OnnxGraph::outline(data, onnx.size());
    std::vector<std::string> missing = form.inputs;
    for (const auto& info : graph.inputs()) {
      const auto it = std::find(missing.begin(), missing.end(), info.name);
      if (it == missing.end())
        throw Error(DT_BAD_BUNDLE, "it has the unexpected input \"" + info.name + "\"");
      if (info.dtype != reference::DType::kFloat) {
        throw Error(DT_BAD_BUNDLE, "its input \"" + info.name + "\" is not float32");
      }
      missing.erase(it);
    }
    if (!missing.empty()) throw Error(DT_BAD_BUNDLE, "it has no input \"" + missing[0] + "\"");
    if (graph.outputs().size() != 1 || graph.outputs()[0].name != form.output) {
      throw Error(DT_BAD_BUNDLE, "it does not have the one output \"" + form.output + "\"");
    }
    return graph;
  } catch (const Error& e) {
    throw Error(e.status(), file + ": " + e.what());
  }
}

}  // namespace dt
