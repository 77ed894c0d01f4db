// ONNX files: reader, cost and every operator. A run must give the shapes that the estimate has promised.
#include <map>
#include <string>
#include <vector>

#include "backends/reference/onnx_graph.h"
#include "common/error.h"
#include "tiny_model.h"

using namespace dt::reference;

namespace {

// Small enough for a fuzzer's time.
constexpr NetworkCost kSmall = {uint64_t{1} << 20, uint64_t{1} << 24};

// Inputs of these dimensions where the graph leaves them open; empty where it wants large ones.
std::map<std::string, Shape> shapes_of(const OnnxGraph& graph, int64_t free) {
  std::map<std::string, Shape> shapes;
  for (const ValueInfo& info : graph.inputs()) {
    Shape& shape = shapes[info.name];
    int64_t n = 1;
    for (const int64_t d : info.shape) {
      shape.push_back(d < 0 ? free : d);
      if (shape.back() > 65536) return {};
      n *= shape.back();
      if (n > 65536) return {};
    }
  }
  return shapes;
}

Tensor filled(DType dtype, const Shape& shape) {
  Tensor t = Tensor::zeros(dtype, shape);
  for (size_t k = 0; k < t.floats.size(); ++k) t.floats[k] = static_cast<float>(k % 7) - 3;
  for (size_t k = 0; k < t.ints.size(); ++k)
    t.ints[k] = dtype == DType::kBool ? k % 2 : static_cast<int64_t>(k % 5) - 2;
  return t;
}

void run(const OnnxGraph& graph, int64_t free) {
  const std::map<std::string, Shape> shapes = shapes_of(graph, free);
  if (shapes.size() != graph.inputs().size()) return;
  const OnnxGraph::Estimate estimate = graph.estimate(shapes);
  if (estimate.cost.numbers > kSmall.numbers || estimate.cost.products > kSmall.products) return;
  std::map<std::string, Tensor> inputs;
  for (const ValueInfo& info : graph.inputs()) inputs[info.name] = filled(info.dtype, shapes.at(info.name));
  const std::vector<Tensor> results = graph.run(inputs);
  for (size_t i = 0; i < results.size(); ++i) {
    if (results[i].is_outline || results[i].shape != estimate.outputs[i])
      dt::fuzz::fault("another shape than estimated");
  }
}

template <typename Body>
void refused_at_most(Body&& body) {
  try {
    body();
  } catch (const dt::Error& e) {
    if (e.status() != DT_BAD_BUNDLE && e.status() != DT_INVALID_ARGUMENT) dt::fuzz::fault(e.what());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  refused_at_most([&] {
    const OnnxGraph graph = OnnxGraph::outline(data, size);
    for (const int64_t free : {1, 6}) refused_at_most([&] { graph.estimate(shapes_of(graph, free)); });
  });
  refused_at_most([&] {
    const OnnxGraph graph = OnnxGraph::load(data, size);
    for (const int64_t free : {1, 6}) refused_at_most([&] { run(graph, free); });
  });
  return 0;
}
