#include <set>

#include "backends/openvino/ov_backend.h"
#include "common/error.h"

namespace dt {

ov::AnyMap ov_config(const BackendOptions& options, const std::string& precision) {
  // The precision is always given: OpenVINO's own choice is bf16 on processors that have it (error 2e-2).
  // No pinning unless asked for: a pinned thread waits for its core while others idle; with one core busy
  // elsewhere, a step of the base model took 200 ms instead of 5.
  return {ov::hint::inference_precision(precision == "bf16" ? ov::element::bf16 : ov::element::f32),
          ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY),
          ov::inference_num_threads(options.n_threads), ov::num_streams(options.n_workers),
          ov::hint::enable_cpu_pinning(options.pin_threads)};
}

std::shared_ptr<ov::Model> read_network(ov::Core& core, const std::string& onnx, const std::string& file,
                                        const std::vector<std::string>& inputs, const std::string& output) {
  std::shared_ptr<ov::Model> network;
  try {
    network = core.read_model(onnx, ov::Tensor());
  } catch (const std::exception& e) {
    throw Error(DT_BAD_BUNDLE, file + " is not an ONNX graph that OpenVINO can read: " + e.what());
  }
  std::set<std::string> missing(inputs.begin(), inputs.end());
  for (const auto& input : network->inputs()) {
    const std::string name = input.get_any_name();
    if (missing.erase(name) == 0)
      throw Error(DT_BAD_BUNDLE, file + " has the unexpected input \"" + name + "\"");
  }
  if (!missing.empty()) throw Error(DT_BAD_BUNDLE, file + " has no input \"" + *missing.begin() + "\"");
  if (network->outputs().size() != 1 || network->output().get_names().count(output) == 0) {
    throw Error(DT_BAD_BUNDLE, file + " does not have the one output \"" + output + "\"");
  }
  return network;
}

std::shared_ptr<ov::Model> with_shapes(const ov::Model& dynamic,
                                       const std::map<std::string, ov::PartialShape>& shapes,
                                       const ov::Shape& output) {
  const std::shared_ptr<ov::Model> network = dynamic.clone();
  try {
    network->reshape(shapes);
  } catch (const std::exception& e) {
    throw Error(DT_BAD_BUNDLE, std::string("a network does not take the shapes of bundle.json: ") + e.what());
  }
  const ov::PartialShape actual = network->output().get_partial_shape();
  if (actual.is_dynamic() || actual.to_shape() != output) {
    throw Error(DT_BAD_BUNDLE, "the network output \"" + network->output().get_any_name() + "\" has shape " +
                                   actual.to_string() + ", bundle.json asks for " +
                                   ov::PartialShape(output).to_string());
  }
  return network;
}

}  // namespace dt
